"""The manual as man pages, one a command, from the command tree.

    python -m rlm_cli.cli.man_pages man

writes them into a folder; those in `man/` are committed, and a test fails when they are stale.
"""

from __future__ import annotations

import sys
from pathlib import Path

from rlm_cli import __version__
from rlm_cli.base.errors import ExitCode
from rlm_cli.cli.command_tree import Node, Option, Value, command_tree

_EXITS = {
    ExitCode.COMPLETE: "a complete answer",
    ExitCode.INTERNAL: "an internal error",
    ExitCode.USAGE: "the command line cannot be understood",
    ExitCode.PARTIAL: "a partial answer: a limit was reached, or the run was interrupted",
    ExitCode.CORPUS: "the documents or the session cannot be read",
    ExitCode.SETTINGS: "configuration or credentials",
    ExitCode.PROVIDER: "the provider failed, after retries",
    ExitCode.LIMIT: "a limit was reached without an answer, or the cost was declined",
    ExitCode.KERNEL: "the kernel or its sandbox",
    ExitCode.VERIFICATION: "a verification found a difference",
    ExitCode.INTERRUPTED: "interrupted without an answer",
    ExitCode.BROKEN_PIPE: "the reader of the output has gone",
    ExitCode.TERMINATED: "terminated",
}
_FILES = (
    (
        "$XDG_CONFIG_HOME/rlm/config.toml",
        "settings of the user; rlm.toml in a folder holds those of a project",
    ),
    ("$XDG_DATA_HOME/rlm/sessions/", "recorded sessions"),
    ("$XDG_CACHE_HOME/rlm/", "what was read of documents; may be removed at any time"),
)


def pages() -> dict[str, str]:
    """Every page by the name of its file, such as `rlm-ask.1`."""
    root = command_tree()
    return {f"{_name(node)}.1": _page(node, root) for node in root.walk()}


def write(folder: Path) -> None:
    """Write all pages into a folder, and remove those of commands that there are no more."""
    folder.mkdir(exist_ok=True)
    made = pages()
    for old in folder.glob("*.1"):
        if old.name not in made:
            old.unlink()
    for name, text in made.items():
        (folder / name).write_text(text, "utf-8")


def _page(node: Node, root: Node) -> str:
    parts = [
        f'.TH "{_name(node).upper()}" 1 "" "rlm {__version__}" "User Commands"',
        ".SH NAME",
        f"{_escaped(_name(node))} \\- {_escaped(node.help.rstrip('.'))}",
        ".SH SYNOPSIS",
        f".B {_escaped(' '.join(node.path))}",
        _synopsis(node),
    ]
    if node.children:
        parts.append(".SH COMMANDS")
        parts += [
            line
            for child in node.children
            for line in (".TP", f".BR {_name(child)} (1)", _escaped(child.help))
        ]
    if node.options:
        parts.append(".SH OPTIONS")
        parts += [line for option in node.options for line in _option(option)]
    parts.append(".SH EXIT STATUS")
    parts += [line for code, what in _EXITS.items() for line in (".TP", f".B {int(code)}", _escaped(what))]
    parts.append(".SH FILES")
    parts += [line for file, what in _FILES for line in (".TP", f".I {_escaped(file)}", _escaped(what))]
    parts += [".SH SEE ALSO", _see_also(node, root)]
    return "\n".join(part for part in parts if part) + "\n"


def _synopsis(node: Node) -> str:
    words = ["[OPTIONS]"] if node.options else []
    words += ["COMMAND"] if node.children else [_argument(each) for each in node.arguments]
    return _escaped(" ".join(words))


def _argument(value: Value) -> str:
    return f"<{value.name}>"


def _option(option: Option) -> list[str]:
    names = ", ".join(f"\\fB{_escaped(name)}\\fR" for name in option.names)
    value = f" \\fI{_escaped(option.value.name)}\\fR" if option.value.kind else ""
    repeated = " May be given several times." if option.is_repeated else ""
    words = f" One of {', '.join(option.value.words)}." if option.value.words else ""
    return [".TP", f"{names}{value}", _escaped((option.help + words + repeated).strip() or "-")]


def _see_also(node: Node, root: Node) -> str:
    parents = [each for each in root.walk() if node.path[:-1] == each.path]
    siblings = [each for parent in parents for each in parent.children if each.path != node.path]
    named = [*parents, *siblings, *node.children]
    return ",\n".join(f".BR {_escaped(_name(each))} (1)" for each in named).replace(",\n", "\n")


def _name(node: Node) -> str:
    return "-".join(node.path)


def _escaped(text: str) -> str:
    """A text that troff prints as it is."""
    escaped = text.replace("\\", "\\e").replace("-", "\\-")
    return "\n".join(f"\\&{line}" if line[:1] in (".", "'") else line for line in escaped.split("\n"))


if __name__ == "__main__":
    write(Path(sys.argv[1]))
