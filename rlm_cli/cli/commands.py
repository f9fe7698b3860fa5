"""The table of commands, and a group that imports a command only when it is asked for.

`rlm --help` reads this table alone. Owns how help pages look: plain text, options under headings.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator, MutableMapping
from dataclasses import dataclass
from typing import Any, TypeVar

import typer
from typer.core import TyperCommand, TyperGroup

HELP_NAMES = ["-h", "--help"]
CONTEXT_SETTINGS = {"help_option_names": HELP_NAMES, "max_content_width": 100}


Command = TypeVar("Command", bound=Callable[..., int])


@dataclass(frozen=True)
class Entry:
    """A command: its name, the module below `rlm_cli.cli` that holds its `app`, one line of help."""

    name: str
    module: str
    summary: str


COMMANDS = (
    Entry("ask", "ask", "Ask a question about files and folders."),
    Entry("shell", "shell", "Ask questions in a row over one kernel."),
    Entry("replay", "replay", "Show a recorded session again."),
    Entry("export", "export", "Write a session as a page, a document, a notebook."),
    Entry("sessions", "sessions", "List, show and verify recorded sessions."),
    Entry("corpus", "corpus", "See what would be read, and what it would cost."),
    Entry("models", "models", "List models, show one, name one."),
    Entry("config", "config", "Show and change settings and keys."),
    Entry("doctor", "doctor", "Check that everything works here."),
    Entry("completions", "completions", "Print or install completions of the shell."),
    Entry("help", "help", "Explain exit codes, variables, settings, formats, keys, privacy."),
)


class _AsTyped:
    """Takes the words of a command line as they are, in place of Typer's conversion.

    Typer 0.29 converts with pydantic, whose import takes longer than the rest of a command's start.
    Every parameter here is a text, a list of texts or a flag, and is checked by the table of settings or by
    its command.
    """

    def coerce(self, value: Any, param: Any, ctx: Any) -> Any:
        """The value itself; nothing given is an empty tuple where several could be."""
        is_many = param.multiple or param.nargs == -1
        return () if value is None and is_many else value


_AS_TYPED = _AsTyped()


def _as_typed(parameters: list[Any]) -> list[Any]:
    for parameter in parameters:
        if hasattr(parameter, "_runtime_param"):
            parameter._runtime_param = _AS_TYPED
    return parameters


PANELS = ("Arguments", "Input", "Models", "Limits", "Output", "Session", "Safety", "Options")


class PlainCommand(TyperCommand):
    """A command whose options stand under the headings of their panels."""

    def get_params(self, ctx: Any) -> list[Any]:
        """Its parameters, which take words as they are typed."""
        return _as_typed(super().get_params(ctx))

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Write arguments first, then one section a panel."""
        sections: dict[str, list[tuple[str, str]]] = {panel: [] for panel in PANELS}
        for parameter in self.get_params(ctx):
            record = parameter.get_help_record(ctx)
            if record is None:
                continue
            if parameter.param_type_name == "argument":
                sections["Arguments"].append((parameter.metavar or record[0], record[1]))
            else:
                panel = getattr(parameter, "rich_help_panel", None) or "Options"
                sections.setdefault(panel, []).append(record)
        for panel, records in sections.items():
            if records:
                with formatter.section(panel):
                    formatter.write_dl(records)


class PlainGroup(TyperGroup):
    """A group of commands."""

    def get_params(self, ctx: Any) -> list[Any]:
        """Its parameters, which take words as they are typed."""
        return _as_typed(super().get_params(ctx))


class App(typer.Typer):
    """A Typer app whose commands are plain ones."""

    def command(self, name: str | None = None, **settings: Any) -> Callable[[Command], Command]:
        """Register a command."""
        return super().command(name, **{"cls": PlainCommand, **settings})


def new_app(summary: str = "", *, is_group: bool = False) -> App:
    """An empty app in the house style: plain help, -h, no tracebacks of its own.

    Shape:   summary is the help of a group, whose commands are added to it; a single command has its own.
    """
    app = App(
        add_completion=False,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings=dict(CONTEXT_SETTINGS),
    )
    if is_group:
        app.callback(cls=PlainGroup, help=summary, no_args_is_help=True)(_nothing)
    return app


class _Commands(MutableMapping[str, Any]):
    """Commands by name, each imported and built when it is first looked up."""

    def __init__(self) -> None:
        self._modules = {entry.name: entry for entry in COMMANDS}
        self._built: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        if name not in self._built:
            self._built[name] = _build(self._modules[name])
        return self._built[name]

    def __setitem__(self, name: str, command: Any) -> None:
        self._built[name] = command

    def __delitem__(self, name: str) -> None:
        del self._modules[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._modules)

    def __len__(self) -> int:
        return len(self._modules)


class LazyGroup(PlainGroup):
    """The root of the command tree."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.commands = _Commands()

    def list_commands(self, ctx: Any) -> list[str]:
        """The names in the order of the table, which imports nothing."""
        return list(self.commands)

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Write the table, which imports nothing."""
        with formatter.section("Commands"):
            formatter.write_dl([(entry.name, entry.summary) for entry in COMMANDS])


def _build(entry: Entry) -> Any:
    module = importlib.import_module(f"rlm_cli.cli.{entry.module}")
    command = typer.main.get_command(module.app)
    command.name = entry.name
    return command


def _nothing() -> None:
    return None
