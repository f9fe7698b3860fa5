"""The prompt: one line or many, with history and completion; the only owner of the terminal while it waits.

Enter hands over (open Python goes on in the next line), Alt-Enter and Ctrl-J begin a new line, Ctrl-X Ctrl-E
opens the editor, Ctrl-R looks through the history, Ctrl-C clears the line, Ctrl-D leaves.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from prompt_toolkit import PromptSession
from prompt_toolkit.completion import Completer
from prompt_toolkit.formatted_text import HTML
from prompt_toolkit.history import FileHistory, History, InMemoryHistory
from prompt_toolkit.input import Input
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
from prompt_toolkit.output import Output

from rlm_cli.base.text import visible
from rlm_cli.faces.shell.entry import is_whole

_CONTINUED = "… "


@dataclass(frozen=True)
class PromptOptions:
    """How lines are read; history is the file in which they are kept, None keeps them for this time only."""

    history: Path | None = None
    is_vi: bool = False
    has_colour: bool = True


class Prompt:
    """Reads what a person types."""

    def __init__(
        self,
        completer: Completer,
        options: PromptOptions,
        source: Input | None = None,
        target: Output | None = None,
    ) -> None:
        self._session: PromptSession[str] = PromptSession(
            history=_history(options.history),
            completer=completer,
            complete_while_typing=False,
            multiline=True,
            key_bindings=_bindings(),
            vi_mode=options.is_vi,
            enable_open_in_editor=True,
            tempfile_suffix=".md",
            prompt_continuation=_CONTINUED,
            mouse_support=False,
            input=source,
            output=target,
        )
        self._has_colour = options.has_colour

    async def read(self, status: str = "") -> str | None:
        """What was typed; None when the person leaves. Ctrl-C clears the line, and is an empty one.

        Shape:   status stands before the prompt, for people.
        """
        lead = f"{visible(status)} " if status else ""
        try:
            return await self._session.prompt_async(HTML("<b>{}rlm&gt;</b> ").format(lead))
        except KeyboardInterrupt:
            return ""
        except EOFError:
            return None


def _bindings() -> KeyBindings:
    bindings = KeyBindings()

    @bindings.add("enter")
    def _enter(event: KeyPressEvent) -> None:
        buffer = event.current_buffer
        if buffer.complete_state is not None and buffer.complete_state.current_completion is not None:
            buffer.complete_state = None
        elif is_whole(buffer.text):
            buffer.validate_and_handle()
        else:
            buffer.insert_text("\n")

    def _newline(event: KeyPressEvent) -> None:
        event.current_buffer.insert_text("\n")

    bindings.add("escape", "enter")(_newline)
    bindings.add("c-j")(_newline)
    return bindings


def _history(path: Path | None) -> History:
    """The history in a file that only the user can read; in memory where it cannot be written."""
    if path is None:
        return InMemoryHistory()
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600))
    except OSError:
        return InMemoryHistory()
    history: Any = FileHistory(str(path))
    return history  # type: ignore[no-any-return]
