"""The command tree as plain values: what completions (and man pages) are written from. Knows no shell."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from rlm_cli.settings.table import BY_NAME, SETTINGS

FILE = "file"
TEXT = "text"
SESSION = "session"
MODEL = "model"
WORDS = "words"


@dataclass(frozen=True)
class Value:
    """What may follow: nothing (empty kind), a file, free text, a session, a model, some words."""

    kind: str = ""
    name: str = ""
    words: tuple[str, ...] = ()


@dataclass(frozen=True)
class Option:
    """One option under all of its names, longest last; `value` is what it takes."""

    names: tuple[str, ...]
    help: str
    value: Value
    is_repeated: bool = False


@dataclass(frozen=True)
class Node:
    """One command, with the words that lead to it, the program's name first."""

    path: tuple[str, ...]
    help: str
    options: tuple[Option, ...]
    arguments: tuple[Value, ...]
    children: tuple[Node, ...]

    def walk(self) -> Iterator[Node]:
        """This command and all below it."""
        yield self
        for child in self.children:
            yield from child.walk()


def command_tree() -> Node:
    """The whole tree, every command imported."""
    import typer

    from rlm_cli.cli.app import root_command
    from rlm_cli.cli.commands import HELP_NAMES

    root = root_command()
    context = typer.Context(root, info_name="rlm", help_option_names=HELP_NAMES)
    return _node(root, ("rlm",), context)


def _node(command: Any, path: tuple[str, ...], context: Any) -> Node:
    parameters = command.get_params(context)
    children = getattr(command, "commands", {})
    return Node(
        path=path,
        help=command.get_short_help_str(80),
        options=tuple(
            option
            for one in parameters
            if one.param_type_name == "option" and not one.hidden
            for option in _options(one)
        ),
        arguments=tuple(_argument(path, one) for one in parameters if one.param_type_name == "argument"),
        children=tuple(_node(child, (*path, name), context) for name, child in children.items()),
    )


def _options(parameter: Any) -> Iterator[Option]:
    text = (parameter.help or "").split("[")[0].strip()
    value = Value() if parameter.is_flag else _value(parameter)
    yield Option(tuple(sorted(parameter.opts, key=len)), text, value, bool(parameter.multiple))
    if parameter.secondary_opts:
        yield Option(tuple(parameter.secondary_opts), f"Not: {text}", Value())


def _value(parameter: Any) -> Value:
    name = parameter.metavar or "VALUE"
    for spec in SETTINGS:
        if spec.name in ("models.root", "models.sub") and spec.long_flag in parameter.opts:
            return Value(MODEL, name)
        if spec.choices and spec.long_flag in parameter.opts:
            return Value(WORDS, name, spec.choices)
    if name.startswith("ID"):
        return Value(SESSION, "session", ("last",))
    return Value(FILE if name == "FILE" else TEXT, name)


def _argument(path: tuple[str, ...], parameter: Any) -> Value:
    name = (parameter.metavar or parameter.name).strip("[]")
    if name.startswith(("PATH", "FILE")):
        return Value(FILE, "path")
    if name.startswith("ID"):
        return Value(SESSION, "session", ("last",))
    if path[1:] == ("models", "show"):
        return Value(MODEL, "model")
    words: tuple[str, ...] = ()
    if name == "NAME" and path[1] == "config":
        words = tuple(BY_NAME)
    elif name == "SHELL":
        from rlm_cli.cli.completions import SHELLS

        words = tuple(SHELLS)
    elif name == "TOPIC":
        from rlm_cli.cli.commands import COMMANDS
        from rlm_cli.cli.help import TOPICS

        words = (*TOPICS, *(entry.name for entry in COMMANDS))
    elif name == "PROVIDER":
        from rlm_cli.runs.from_settings import key_names

        words = tuple(sorted(key_names()))
    return Value(WORDS if words else TEXT, name.lower(), words)
