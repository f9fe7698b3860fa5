"""The one table of all settings: name, kind, default, flag, variable, help, and what a project may do.

Defaults, validation, `rlm config show`, `rlm help config`, `rlm help env`, the flags of the commands, the
completions and docs/configuration.md all come from here. Knows nothing of files or environments.
"""

from __future__ import annotations

from rlm_cli.settings.spec import TABLES, ByProject, Kind, Spec

_ANY, _TIGHTEN = ByProject.ANY, ByProject.TIGHTEN

_MODELS = (
    Spec(
        name="models.root",
        kind=Kind.TEXT,
        default=None,
        is_optional=True,
        env="RLM_MODEL",
        flag="-m --model",
        metavar="MODEL",
        panel="Models",
        help="The root model, as provider/model or an alias. Without it: the first provider that has a key.",
    ),
    Spec(
        name="models.sub",
        kind=Kind.TEXT,
        default=None,
        is_optional=True,
        env="RLM_SUB_MODEL",
        flag="-s --sub-model",
        metavar="MODEL",
        panel="Models",
        help="The model of sub-calls. Without it: a sensible partner of the root model.",
    ),
    Spec(
        name="models.transport",
        kind=Kind.CHOICE,
        default="auto",
        choices=("auto", "litellm", "slim"),
        help="How requests travel: through litellm, which knows every provider; slim, straight to those that "
        "speak OpenAI's protocol; or auto, slim where it can be.",
    ),
    Spec(
        name="models.temperature",
        kind=Kind.NUMBER,
        default=None,
        is_optional=True,
        minimum=0,
        maximum=2,
        flag="--temperature",
        metavar="NUMBER",
        panel="Models",
        by_project=_ANY,
        help="Sampling temperature, 0 to 2. Without it: the provider's own.",
    ),
    Spec(
        name="models.seed",
        kind=Kind.WHOLE,
        default=None,
        is_optional=True,
        flag="--seed",
        metavar="NUMBER",
        panel="Models",
        by_project=_ANY,
        help="Sampling seed, for providers that take one.",
    ),
    Spec(
        name="models.max_tokens_out",
        kind=Kind.WHOLE,
        default=None,
        is_optional=True,
        minimum=1,
        by_project=_TIGHTEN,
        help="At most so many tokens in one response. Without it: the model's own limit.",
    ),
    Spec(
        name="models.options",
        kind=Kind.OPTIONS,
        default={},
        flag="-o --option",
        metavar="KEY=VALUE",
        panel="Models",
        help="Further request parameters of the provider, such as top_p or reasoning_effort.",
    ),
    Spec(
        name="models.aliases",
        kind=Kind.ALIASES,
        default={},
        help='Short names for models: fast = "provider/model".',
    ),
    Spec(
        name="models.prices",
        kind=Kind.PRICES,
        default={},
        help="Prices that the price list does not know, in dollars a million tokens: "
        '"provider/model" = { in = 0.5, out = 1.5 }; cached, context_tokens and max_tokens_out may follow.',
    ),
    Spec(
        name="models.idle_seconds",
        kind=Kind.SECONDS,
        default=60.0,
        minimum=1,
        help="A stream that says nothing for so long is cut, and the call is tried again.",
    ),
)

_LIMITS = (
    Spec(
        name="limits.usd",
        kind=Kind.MONEY,
        default=2.0,
        is_optional=True,
        minimum=0,
        flag="--max-cost",
        metavar="USD",
        panel="Limits",
        by_project=_TIGHTEN,
        help="Never spend more than this, child runs included; reserved before each call.",
    ),
    Spec(
        name="limits.turns",
        kind=Kind.WHOLE,
        default=20,
        minimum=1,
        flag="--max-turns",
        metavar="N",
        panel="Limits",
        by_project=_TIGHTEN,
        help="At most so many turns of the root model.",
    ),
    Spec(
        name="limits.calls",
        kind=Kind.WHOLE,
        default=1000,
        is_optional=True,
        minimum=0,
        flag="--max-calls",
        metavar="N",
        panel="Limits",
        by_project=_TIGHTEN,
        help="At most so many sub-calls, child runs included.",
    ),
    Spec(
        name="limits.tokens",
        kind=Kind.WHOLE,
        default=None,
        is_optional=True,
        minimum=1,
        flag="--max-tokens",
        metavar="N",
        panel="Limits",
        by_project=_TIGHTEN,
        help="At most so many tokens, in and out together.",
    ),
    Spec(
        name="limits.depth",
        kind=Kind.WHOLE,
        default=1,
        minimum=1,
        maximum=8,
        flag="--max-depth",
        metavar="N",
        panel="Limits",
        by_project=_TIGHTEN,
        help="How deep runs may nest: 1 allows sub-calls only, 2 child runs, 3 runs of theirs.",
    ),
    Spec(
        name="limits.seconds",
        kind=Kind.SECONDS,
        default=None,
        is_optional=True,
        minimum=1,
        flag="--timeout",
        metavar="TIME",
        panel="Limits",
        by_project=_TIGHTEN,
        help="Stop after so long with the answer so far, such as 90s, 10m or 2h.",
    ),
    Spec(
        name="limits.cell_seconds",
        kind=Kind.SECONDS,
        default=120.0,
        is_optional=True,
        minimum=1,
        flag="--cell-timeout",
        metavar="TIME",
        panel="Limits",
        by_project=_TIGHTEN,
        help="Stop a cell that computes for so long; waiting for sub-calls does not count.",
    ),
    Spec(
        name="limits.concurrency",
        kind=Kind.WHOLE,
        default=64,
        minimum=1,
        maximum=1024,
        flag="-j --concurrency",
        metavar="N",
        panel="Limits",
        by_project=_TIGHTEN,
        help="At most so many calls in flight; fewer when the provider asks for it.",
    ),
)

_CORPUS = (
    Spec(
        name="corpus.include",
        kind=Kind.TEXTS,
        default=(),
        flag="--include",
        metavar="GLOB",
        panel="Input",
        by_project=_ANY,
        help="Read only files that match, such as '*.pdf'; may be given several times.",
    ),
    Spec(
        name="corpus.exclude",
        kind=Kind.TEXTS,
        default=(),
        flag="--exclude",
        metavar="GLOB",
        panel="Input",
        by_project=_ANY,
        help="Do not read files that match; may be given several times.",
    ),
    Spec(
        name="corpus.hidden",
        kind=Kind.SWITCH,
        default=False,
        safer=False,
        flag="--hidden/--no-hidden",
        panel="Input",
        by_project=_TIGHTEN,
        help="Read files and folders whose names begin with a dot.",
    ),
    Spec(
        name="corpus.ignore_files",
        kind=Kind.SWITCH,
        default=True,
        safer=True,
        flag="--ignore/--no-ignore",
        panel="Input",
        by_project=_TIGHTEN,
        help="Leave out what .gitignore, .ignore and .rlmignore name.",
    ),
    Spec(
        name="corpus.follow_symlinks",
        kind=Kind.SWITCH,
        default=False,
        safer=False,
        flag="--follow-symlinks/--no-follow-symlinks",
        panel="Input",
        by_project=_TIGHTEN,
        help="Follow symbolic links.",
    ),
    Spec(
        name="corpus.ocr",
        kind=Kind.SWITCH,
        default=False,
        safer=False,
        flag="--ocr/--no-ocr",
        panel="Input",
        by_project=_TIGHTEN,
        help="Read pages of PDFs that are images; needs rlm-terminal[ocr].",
    ),
    Spec(
        name="corpus.max_file_bytes",
        kind=Kind.BYTES,
        default=2 * 1024**3,
        minimum=1,
        flag="--max-file-size",
        metavar="SIZE",
        panel="Input",
        by_project=_TIGHTEN,
        help="Skip larger files, such as 20MB.",
    ),
)

_REST = (
    Spec(
        name="output.format",
        kind=Kind.CHOICE,
        default="text",
        choices=("text", "markdown", "json", "jsonl"),
        flag="-f --format",
        metavar="FORMAT",
        panel="Output",
        by_project=_ANY,
        help="What is written to stdout.",
    ),
    Spec(
        name="output.ui",
        kind=Kind.CHOICE,
        default="auto",
        choices=("auto", "live", "plain", "none"),
        flag="--ui",
        metavar="UI",
        panel="Output",
        by_project=_ANY,
        help="What is shown on stderr while it works.",
    ),
    Spec(
        name="output.color",
        kind=Kind.CHOICE,
        default="auto",
        choices=("auto", "always", "never"),
        flag="--color",
        metavar="WHEN",
        panel="Output",
        by_project=_ANY,
        help="Whether to use colour.",
    ),
    Spec(
        name="output.theme",
        kind=Kind.CHOICE,
        default="terminal",
        choices=("terminal", "dark", "light", "mono"),
        by_project=_ANY,
        help="Which of the terminal's colours are used; /theme in the shell shows them.",
    ),
    Spec(
        name="output.verbosity",
        kind=Kind.CHOICE,
        default="normal",
        choices=("quiet", "normal", "verbose"),
        by_project=_ANY,
        help="How much is said on stderr; --quiet and -v set it.",
    ),
    Spec(
        name="answer.mode",
        kind=Kind.CHOICE,
        default="auto",
        choices=("auto", "direct", "rlm"),
        flag="--mode",
        metavar="MODE",
        panel="Models",
        by_project=_ANY,
        help="Put the whole corpus to the model (direct), work through code (rlm), or decide by size (auto).",
    ),
    Spec(
        name="sandbox.mode",
        kind=Kind.CHOICE,
        default="auto",
        choices=("auto", "strict", "off"),
        flag="--sandbox",
        metavar="MODE",
        panel="Safety",
        help="How the kernel is confined: as well as this machine can, asking before it is not (auto); well, "
        "or not at all (strict); or not (off).",
    ),
    Spec(
        name="sandbox.memory_bytes",
        kind=Kind.BYTES,
        default=4 * 10**9,
        minimum=256 * 10**6,
        flag="--memory",
        metavar="SIZE",
        panel="Safety",
        by_project=_TIGHTEN,
        help="At most so much memory for the kernel and all that it starts, such as 8GB.",
    ),
    Spec(
        name="trust.projects",
        kind=Kind.TEXTS,
        default=(),
        help="Folders whose rlm.toml may set everything except credentials.",
    ),
)

SETTINGS: tuple[Spec, ...] = _MODELS + _LIMITS + _CORPUS + _REST
"""Every setting, in the order in which people are shown them."""

BY_NAME: dict[str, Spec] = {spec.name: spec for spec in SETTINGS}

OTHER_VARIABLES: dict[str, str] = {
    "RLM_PROFILE": "The named profile of config.toml to use; --profile wins over it.",
    "RLM_DEBUG": "Set to 1 to see tracebacks, as with --debug.",
}
"""Variables of ours that are not settings."""


def plain_name(name: str) -> str:
    """The name of a leaf as it is kept, for one that is written as TOML does: `models.prices."a/b.1"`."""
    for spec in SETTINGS:
        entry = name.removeprefix(spec.name + ".")
        if (
            spec.kind in TABLES
            and entry != name
            and len(entry) > 2
            and entry[0] == entry[-1]
            and entry[0] in "\"'"
        ):
            return f"{spec.name}.{entry[1:-1]}"
    return name


def spec_of(name: str) -> Spec | None:
    """The setting that a dotted name belongs to: itself, or the table that holds it as an entry."""
    if name in BY_NAME:
        return BY_NAME[name]
    return next(
        (spec for spec in SETTINGS if spec.kind in TABLES and name.startswith(spec.name + ".")),
        None,
    )
