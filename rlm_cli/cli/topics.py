"""The pages of `rlm help`. Tables come from the code that they describe; the prose is here."""

from __future__ import annotations

from rlm_cli.base.errors import ExitCode
from rlm_cli.cli.screen import rows
from rlm_cli.settings.showing import toml_text
from rlm_cli.settings.spec import TABLES, ByProject, Kind, Spec
from rlm_cli.settings.table import OTHER_VARIABLES, SETTINGS

_COLUMNS = 79

EXIT_MEANINGS: dict[ExitCode, str] = {
    ExitCode.COMPLETE: "complete answer",
    ExitCode.INTERNAL: "internal error: something of ours is wrong",
    ExitCode.USAGE: "usage: the command line cannot be understood",
    ExitCode.PARTIAL: "partial answer: a limit or an interrupt; the answer so far was printed",
    ExitCode.CORPUS: "corpus or input: it cannot be found or read",
    ExitCode.SETTINGS: "configuration or credentials",
    ExitCode.PROVIDER: "provider, after retries",
    ExitCode.LIMIT: "limit reached without an answer, or the cost was declined",
    ExitCode.KERNEL: "kernel or sandbox",
    ExitCode.VERIFICATION: "verification or evaluation failed",
    ExitCode.INTERRUPTED: "interrupted (SIGINT) without an answer",
    ExitCode.BROKEN_PIPE: "the reader of stdout has gone (SIGPIPE)",
    ExitCode.TERMINATED: "terminated (SIGTERM)",
}

OTHER_PROGRAMS_VARIABLES = {
    "NO_COLOR, FORCE_COLOR": "Colour off, colour on; --color wins over both, FORCE_COLOR over NO_COLOR.",
    "ACCESSIBLE": "Set to 1 for plain lines instead of a moving display.",
    "XDG_CONFIG_HOME": "Where the configuration lives, in rlm/; also on macOS when set.",
    "XDG_DATA_HOME": "Where sessions live, in rlm/sessions/.",
    "XDG_CACHE_HOME": "Where extracted text is kept, in rlm/corpora/.",
    "VISUAL, EDITOR": "The editor of `rlm config edit`.",
}


def exit_codes() -> str:
    """Every exit code with its meaning."""
    return "Exit codes\n\n" + "\n".join(
        rows([(f"{code.value:>4}", text) for code, text in EXIT_MEANINGS.items()])
    )


def env() -> str:
    """Every environment variable that is read."""
    own = [(spec.variable, f"{spec.name}: {spec.help}") for spec in SETTINGS if spec.variable]
    return "\n".join(
        [
            "Environment variables",
            "",
            "Every setting but tables can be set by a variable: RLM_ and its name in",
            "capitals, with _ for the dot. models.root and models.sub have short ones:",
            "RLM_MODEL and RLM_SUB_MODEL. A variable wins over profiles and files; a flag",
            "wins over a variable. An empty one says nothing. Lists are written with commas.",
            "",
            *_indented([*own, *OTHER_VARIABLES.items()]),
            "",
            "Variables of other programs",
            "",
            *_indented(list(OTHER_PROGRAMS_VARIABLES.items())),
            "",
            "Keys of providers are read from the providers' own variables. See: rlm help keys",
        ]
    )


def config() -> str:
    """Every setting, and how sources are merged."""
    import textwrap

    lines = [
        "Configuration",
        "",
        "flag > environment > profile > project rlm.toml > your config.toml > default",
        "",
        "Files are TOML and merge setting by setting; a list replaces the list below it,",
        "an entry of a table the same entry below it. `rlm config show --origin` says",
        "where each value came from. A profile is a table [profiles.NAME] of such",
        "settings, chosen by --profile or RLM_PROFILE. rlm.toml is searched from the",
        "current folder up to the root of its repository. Such a file may come with the",
        "documents, so it may not set everything: in the list below, ! marks what it may",
        "not set, and < what it may only tighten. What it may not do is ignored with a",
        "warning. Folders named in trust.projects are trusted with everything but keys.",
        "Durations are written 90s, 10m, 2h; sizes 20MB, 1GiB; dollars 2.50; and no",
        'limit is "none".',
        "",
    ]
    for spec in SETTINGS:
        mark = {ByProject.NEVER: "!", ByProject.TIGHTEN: "<", ByProject.ANY: " "}[spec.by_project]
        names = ", ".join(name for name in (spec.flag.replace(" ", ", "), spec.variable) if name)
        lines += [
            f"{mark} {spec.name} = {toml_text(spec, spec.default)}  ({kind_text(spec)})",
            *textwrap.wrap(spec.help, _COLUMNS, initial_indent="    ", subsequent_indent="    "),
            *([f"    {names}"] if names else []),
        ]
    return "\n".join(lines)


def formats() -> str:
    """What --format means, and the files that are written."""
    return _FORMATS


def keys() -> str:
    """Where keys of providers are looked for."""
    from rlm_cli.runs.from_settings import key_names

    lines = [(provider, ", ".join(names)) for provider, names in sorted(key_names().items())]
    return _KEYS + "\n".join(_indented(lines))


def privacy() -> str:
    """What leaves the machine, and what does not."""
    return _PRIVACY


def kind_text(spec: Spec) -> str:
    """What may be written for a setting, in a few words."""
    if spec.kind is Kind.CHOICE:
        return " | ".join(spec.choices)
    text: str = spec.kind.value
    if spec.kind not in TABLES and spec.minimum is not None and spec.kind is not Kind.BYTES:
        text += (
            f", {spec.minimum:g} or more"
            if spec.maximum is None
            else f", {spec.minimum:g} to {spec.maximum:g}"
        )
    return text + (', or "none"' if spec.is_optional else "")


def _indented(lines: list[tuple[str, str]]) -> list[str]:
    import textwrap

    width = max(len(name) for name, _ in lines) + 4
    return [
        line
        for name, text in lines
        for line in textwrap.wrap(
            text, _COLUMNS, initial_indent=f"  {name:<{width - 2}}", subsequent_indent=" " * width
        )
    ]


_FORMATS = """Formats

--format text       the answer, then the places that it quotes
--format markdown   the same as Markdown
--format json       one object when the run has ended:
  schema        "rlm.result/1"
  status        complete, partial or failed
  stop          why it ended: ready, max_cost, timeout, interrupted …
  exit_code     see: rlm help exit-codes
  session       the id of the session, and session_file its path
  answer        the answer, with [1], [2] … where it quotes
  data          the value, when --schema was given
  citations     id, path, page, line_start, line_end, start, end, quote,
                checked: start and end are characters of the document's text,
                path is relative to the input folder
  coverage      documents, searched_by_code, read_by_model, characters,
                characters_read_by_model (absent where not counted)
  usage         root and sub: calls, tokens_in, tokens_out, tokens_cached
  cost          usd, and whether it is known: null is unknown, never zero
  limits, sandbox, warnings, problem (null, or kind and message), seconds
--format jsonl      the events of the session file as they happen, one a line

Session files are JSON Lines: a header, then one event a line; each line holds
a hash of the line before, which `rlm sessions verify` checks. `rlm replay`
shows a session again.
"""

_KEYS = """Keys

A key is looked for in the environment first, in the provider's own variables,
and then in keys.toml beside your configuration, which only you may read. Keys
never stand on a command line, in config.toml, in a project's rlm.toml or in a
session file, and the kernel never has one.

  rlm config keys set openai             asks without echo, or reads stdin
  rlm config keys set openai --keyring   the system's keyring keeps it
  rlm config keys set openai --command "pass show openai"
                                         a command prints it when it is needed
  rlm config keys list                   which keys there are and where
  rlm config keys rm openai

Servers on this machine (ollama, lm_studio, hosted_vllm) need no key. bedrock,
sagemaker and vertex_ai use the login of their own tools. Providers that are
not listed here: PROVIDER_API_KEY in capitals.

"""

_PRIVACY = """Privacy

What leaves this machine: the question, facts about the corpus (names, sizes,
first lines), and the passages that a call needs, to the provider of the model
that you have chosen. With a model on this machine, or without any model
(offline), nothing leaves it.

What never leaves: files that no call needs, your environment, your keys except
to their own provider. There is no telemetry and no check for updates.

What is written: the session under the XDG data directory, with questions,
code, outputs, requests and replies in full; extracted text under the XDG cache
directory. --no-save keeps no session. Nothing is ever written into the folders
that are read.

`rlm ask --estimate` says what would be read, and what it would cost; it sends
nothing.
`rlm config path --all` says where everything is.
"""
