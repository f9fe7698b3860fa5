"""Completion in the shell: commands, then what each takes; paths behind `@`; nothing in a plain question."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from prompt_toolkit.completion import CompleteEvent, Completer, Completion, PathCompleter
from prompt_toolkit.document import Document

_COMMAND = re.compile(r"/([a-z]*)\Z")
_ARGUMENT = re.compile(r"/([a-z]+)\s+(\S*)\Z")
_AT = re.compile(r"(?<!\S)@(\S*)\Z")
_MOST = 60

Words = Callable[[str], Iterable[str]]


@dataclass(frozen=True)
class Known:
    """What can be completed.

    Shape:   commands maps a name to its help; arguments maps a command to the words that it takes, given
             what is typed of one, when they are needed; paths are commands that take a path.
    """

    commands: Mapping[str, str]
    arguments: Mapping[str, Words]
    paths: Sequence[str] = ()


class ShellCompleter(Completer):
    """Completes what stands before the cursor."""

    def __init__(self, known: Known) -> None:
        self._known = known
        self._paths = PathCompleter(expanduser=True)

    def get_completions(self, document: Document, complete_event: CompleteEvent) -> Iterable[Completion]:
        """What may stand here, best first."""
        text = document.text_before_cursor
        if (at := _AT.search(text)) is not None:
            yield from self._path(at[1], complete_event)
        elif (command := _COMMAND.match(text)) is not None:
            for name, help_text in self._known.commands.items():
                if name.startswith(command[1]):
                    yield Completion(f"/{name}", -len(command[0]), display_meta=help_text)
        elif (argument := _ARGUMENT.match(text)) is not None:
            yield from self._argument(argument[1], argument[2], complete_event)

    def _argument(self, command: str, typed: str, event: CompleteEvent) -> Iterable[Completion]:
        if command in self._known.paths:
            yield from self._path(typed, event)
            return
        words = self._known.arguments.get(command)
        found = [word for word in words(typed) if word.startswith(typed)] if words is not None else []
        for word in found[:_MOST]:
            yield Completion(word, -len(typed))

    def _path(self, typed: str, event: CompleteEvent) -> Iterable[Completion]:
        yield from self._paths.get_completions(Document(typed), event)
