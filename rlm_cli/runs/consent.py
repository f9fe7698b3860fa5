"""Whether the user lets cells run without protection: asked once a run, on a terminal, answered by a person.

The question goes out as an event, so that every face shows it; the answer is a line typed on the terminal,
or a command of the face. Without a terminal nobody can answer, and nothing is taken for a yes.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable

from rlm_cli.events import Body
from rlm_cli.events.bodies import DecisionAsked, DecisionMade
from rlm_cli.events.commands import Decide

SANDBOX = "sandbox"
_YES = ("y", "yes")
_LOOK_SECONDS = 0.1


class Consent:
    """Asks, and remembers the answer for the rest of the run.

    Shape:   `can_ask` says that a person sees the question and can type; `is_over` that the run is to end;
             `typed` is the descriptor of the terminal.
    """

    def __init__(
        self, emit: Callable[[Body], None], can_ask: bool, is_over: Callable[[], bool], typed: int = 0
    ) -> None:
        self._emit = emit
        self._can_ask = can_ask
        self._is_over = is_over
        self._typed_at = typed
        self._chosen: asyncio.Future[str] | None = None
        self._asking = asyncio.Lock()
        self._answer: bool | None = None

    async def given(self, question: str) -> bool:
        """Whether the user has said yes; the second kernel of a run asks nothing again."""
        async with self._asking:
            if self._answer is None:
                self._answer = self._can_ask and await self._ask(question)
        return self._answer

    def decide(self, command: Decide) -> None:
        """A face has answered."""
        if command.id == SANDBOX and self._chosen is not None and not self._chosen.done():
            self._chosen.set_result(command.choice)

    async def _ask(self, question: str) -> bool:
        loop = asyncio.get_running_loop()
        chosen = self._chosen = loop.create_future()
        self._emit(DecisionAsked(id=SANDBOX, question=question, options=["yes", "no"], default="no"))
        loop.add_reader(self._typed_at, self._typed)
        try:
            while not chosen.done() and not self._is_over():
                await asyncio.wait({chosen}, timeout=_LOOK_SECONDS)
        finally:
            loop.remove_reader(self._typed_at)
        said = chosen.result() if chosen.done() else "no"
        is_yes = said.strip().lower() in _YES
        self._emit(DecisionMade(id=SANDBOX, choice="yes" if is_yes else "no", by="user"))
        return is_yes

    def _typed(self) -> None:
        line = os.read(self._typed_at, 1024).decode("utf-8", "replace")
        if self._chosen is not None and not self._chosen.done():
            self._chosen.set_result(line)
