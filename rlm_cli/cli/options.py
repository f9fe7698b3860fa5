"""The options that commands share, each declared once. Those of settings come from the table of settings."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any

import typer

from rlm_cli.base.errors import UsageError
from rlm_cli.settings.checking import from_text, option
from rlm_cli.settings.showing import plain_text
from rlm_cli.settings.spec import Kind, Spec
from rlm_cli.settings.table import BY_NAME
from rlm_cli.settings.tree import Setting

Given = Mapping[str, Setting]
"""The settings that flags have given, by name, with the flag as origin."""

CORPUS_SETTINGS = (
    "corpus.include",
    "corpus.exclude",
    "corpus.hidden",
    "corpus.ignore_files",
    "corpus.follow_symlinks",
    "corpus.ocr",
    "corpus.max_file_bytes",
)
MODEL_SETTINGS = (
    "models.root",
    "models.sub",
    "models.options",
    "models.temperature",
    "models.seed",
    "answer.mode",
)
LIMIT_SETTINGS = (
    "limits.usd",
    "limits.turns",
    "limits.calls",
    "limits.tokens",
    "limits.depth",
    "limits.seconds",
    "limits.cell_seconds",
    "limits.concurrency",
)
SAFETY_SETTINGS = ("sandbox.mode", "sandbox.memory_bytes")
OUTPUT_SETTINGS = ("output.format", "output.ui", "output.color")

Profile = Annotated[
    str | None,
    typer.Option(
        "--profile",
        metavar="NAME",
        help="Use a named profile of your configuration.",
        rich_help_panel="Session",
    ),
]
Quiet = Annotated[
    bool, typer.Option("--quiet", help="Say only what is wrong, on stderr.", rich_help_panel="Output")
]
Verbose = Annotated[
    bool,
    typer.Option(
        "-v", "--verbose", help="Say more on stderr: code, outputs, calls.", rich_help_panel="Output"
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def takes_settings(*names: str) -> Callable[[Callable[..., int]], Callable[..., int]]:
    """Give a command the flags of these settings; it receives what was given as `given`."""
    specs = [BY_NAME[name] for name in names]

    def decorate(function: Callable[..., int]) -> Callable[..., int]:
        signature = inspect.signature(function, eval_str=True)
        own = [parameter for parameter in signature.parameters.values() if parameter.name != "given"]

        @functools.wraps(function)
        def command(**words: Any) -> int:
            raw = {spec: words.pop(_word(spec)) for spec in specs}
            return function(given=given_by(raw), **words)

        command.__signature__ = signature.replace(  # type: ignore[attr-defined]
            parameters=[*own, *(_parameter(spec) for spec in specs)]
        )
        return command

    return decorate


def verbosity(quiet: bool, verbose: bool) -> dict[str, Setting]:
    """The setting that `--quiet` and `--verbose` give; none when neither was given.

    Errors:  UsageError when both were.
    """
    if quiet and verbose:
        raise UsageError("--quiet and --verbose cannot be used together")
    if quiet:
        return {"output.verbosity": Setting("quiet", "--quiet")}
    return {"output.verbosity": Setting("verbose", "--verbose")} if verbose else {}


def given_by(raw: Mapping[Spec, Any]) -> dict[str, Setting]:
    """The settings that flags have given; a flag that was not given says nothing.

    Errors:  UsageError that names the flag and the value.
    """
    given: dict[str, Setting] = {}
    for spec, value in raw.items():
        flag = spec.long_flag
        if value is None or value == []:
            continue
        if spec.kind is Kind.SWITCH:
            given[spec.name] = Setting(value, flag if value else _negative(spec))
        elif spec.kind is Kind.OPTIONS:
            for text in value:
                key, entry = option(text, flag)
                given[f"{spec.name}.{key}"] = Setting(entry, flag)
        elif spec.kind is Kind.TEXTS:
            given[spec.name] = Setting(tuple(value), flag)
        else:
            given[spec.name] = Setting(from_text(spec, value, flag), flag)
    return given


def _word(spec: Spec) -> str:
    return spec.name.replace(".", "_")


def _negative(spec: Spec) -> str:
    return spec.flag.partition("/")[2]


def _parameter(spec: Spec) -> inspect.Parameter:
    declarations: Sequence[str] = [spec.flag] if spec.kind is Kind.SWITCH else spec.flag.split()
    information = typer.Option(
        *declarations,
        metavar=spec.metavar or None,
        help=_help(spec),
        show_default=False,
        rich_help_panel=spec.panel or None,
    )
    kind: Any = str | None
    if spec.kind is Kind.SWITCH:
        kind = bool | None
    elif spec.kind in (Kind.TEXTS, Kind.OPTIONS):
        kind = list[str] | None
    return inspect.Parameter(
        _word(spec), inspect.Parameter.KEYWORD_ONLY, default=None, annotation=Annotated[kind, information]
    )


def _help(spec: Spec) -> str:
    extra = ["|".join(spec.choices)] if spec.choices else []
    if spec.default not in (None, (), {}) and spec.kind is not Kind.SWITCH:
        extra.append(f"default: {plain_text(spec, spec.default)}")
    return f"{spec.help} [{', '.join(extra)}]" if extra else spec.help
