"""What the user asks of a run while it works: stop, steer, pause, answer now."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from rlm_cli.engine.stops import Stop
from rlm_cli.events.commands import AnswerNow, Ask, Command, Decide, Interrupt, Pause, Steer

_ANSWER_NOW = (
    "The user asks for the answer now. Set answer from what you have and answer['ready'] = True in this cell."
)


@dataclass(frozen=True)
class Said:
    """What the root model is to be told; and what people are told of it, empty where they know already."""

    to_model: str
    to_people: str = ""


class Control:
    """The inbox of a run.

    Shape:   `stop` is why the run is to end, None while it goes on; `on_stop(force)` is called each time
             that somebody presses: 1 cancels calls, 2 interrupts the kernel, 3 kills it.
    """

    def __init__(self) -> None:
        self.stop: Stop | None = None
        self.force = 0
        self.on_stop: Callable[[int], None] = lambda force: None
        self._notes: list[Said] = []
        self._may_go_on = asyncio.Event()
        self._may_go_on.set()

    def submit(self, command: Command) -> None:
        """Take a command from a face."""
        match command:
            case Interrupt(force=force):
                self.request_stop(Stop.INTERRUPTED, force)
            case AnswerNow():
                self._notes.append(Said(_ANSWER_NOW, "you have asked for the answer now"))
                self._may_go_on.set()
            case Steer(note=note):
                self._notes.append(Said(f"The user says: {note}", f"your note to the model: {note}"))
            case Pause(is_paused=True):
                self._may_go_on.clear()
            case Pause(is_paused=False):
                self._may_go_on.set()
            case Decide() | Ask():
                pass

    def request_stop(self, stop: Stop, force: int) -> None:
        """End the run as soon as the step allows; more force ends the step as well."""
        self.stop = self.stop or stop
        self.force = max(self.force, force)
        self._may_go_on.set()
        self.on_stop(force)

    def note(self, text: str) -> None:
        """Tell the root model something in its next turn."""
        self._notes.append(Said(text))

    @property
    def is_paused(self) -> bool:
        """Whether the next turn waits for the user."""
        return not self._may_go_on.is_set()

    def take_notes(self) -> list[Said]:
        """What the root model is to be told in its next turn."""
        notes, self._notes = self._notes, []
        return notes

    async def wait_while_paused(self) -> None:
        """Return at once, or when the user goes on."""
        await self._may_go_on.wait()
