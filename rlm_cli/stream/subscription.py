"""One face's place at the stream: a queue, out of which a busy face takes pieces of one text together."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable

from msgspec.structs import replace

from rlm_cli.events import Event
from rlm_cli.events.bodies import CellOutput, ReplyDelta


class Subscription(AsyncIterator[Event]):
    """The events from now on, until the bus is closed.

    Shape:   pieces of one reply, or of one output, that wait side by side are taken as one event, which has
             the number and the time of the last of them. No other kind is ever merged or dropped.
    """

    def __init__(self, merges: bool, on_close: Callable[[Subscription], None]) -> None:
        self._merges = merges
        self._on_close = on_close
        self._waiting: deque[Event] = deque()
        self._wake: asyncio.Future[None] | None = None
        self._is_ended = False

    def unmerged(self) -> Subscription:
        """The same events, each as it was recorded: for a face that prints the record."""
        self._merges = False
        return self

    def offer(self, event: Event) -> None:
        """Put an event into the queue; never waits."""
        self._waiting.append(event)
        self._ring()

    def end(self) -> None:
        """Nothing more will come."""
        self._is_ended = True
        self._ring()

    def __aiter__(self) -> Subscription:
        return self

    async def __anext__(self) -> Event:
        while not self._waiting:
            if self._is_ended:
                raise StopAsyncIteration
            self._wake = asyncio.get_running_loop().create_future()
            await self._wake
        return self._taken()

    async def aclose(self) -> None:
        """Leave: the bus forgets this face."""
        self._on_close(self)
        self._waiting.clear()
        self.end()

    def _taken(self) -> Event:
        pieces = [self._waiting.popleft()]
        while self._merges and self._waiting and _are_of_one_text(pieces[-1], self._waiting[0]):
            pieces.append(self._waiting.popleft())
        if len(pieces) == 1:
            return pieces[0]
        text = "".join(piece.body.text for piece in pieces if isinstance(piece.body, ReplyDelta | CellOutput))
        return replace(pieces[-1], body=replace(pieces[-1].body, text=text))

    def _ring(self) -> None:
        if self._wake is not None and not self._wake.done():
            self._wake.set_result(None)


def _are_of_one_text(one: Event, other: Event) -> bool:
    if one.span != other.span:
        return False
    match one.body, other.body:
        case ReplyDelta(), ReplyDelta():
            return one.body.attempt == other.body.attempt
        case CellOutput(), CellOutput():
            return (one.body.cell, one.body.stream) == (other.body.cell, other.body.stream)
    return False
