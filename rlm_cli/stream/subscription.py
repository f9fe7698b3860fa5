"""One face's place at the stream: a queue that merges what can be merged while the face is busy."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable

from msgspec.structs import replace

from rlm_cli.events import Event
from rlm_cli.events.bodies import CellOutput, ReplyDelta


class Subscription(AsyncIterator[Event]):
    """The events from now on, until the bus is closed.

    Shape:   with `merges`, pieces of one reply, or of one output, that wait side by side become one event,
             which has the number and the time of the last of them. No other kind is ever merged or dropped.
    """

    def __init__(self, merges: bool, on_close: Callable[[Subscription], None]) -> None:
        self._merges = merges
        self._on_close = on_close
        self._waiting: deque[Event] = deque()
        self._wake: asyncio.Future[None] | None = None
        self._is_ended = False

    def offer(self, event: Event) -> None:
        """Put an event into the queue; never waits."""
        merged = _merged(self._waiting[-1], event) if self._merges and self._waiting else None
        if merged is not None:
            self._waiting[-1] = merged
            return
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
        return self._waiting.popleft()

    async def aclose(self) -> None:
        """Leave: the bus forgets this face."""
        self._on_close(self)
        self._waiting.clear()
        self.end()

    def _ring(self) -> None:
        if self._wake is not None and not self._wake.done():
            self._wake.set_result(None)


def _merged(last: Event, event: Event) -> Event | None:
    if last.span != event.span:
        return None
    match last.body, event.body:
        case ReplyDelta(text=before, attempt=one), ReplyDelta(text=text, attempt=other) if one == other:
            return replace(event, body=ReplyDelta(before + text, other))
        case CellOutput() as before, CellOutput() as after if (
            before.cell == after.cell and before.stream == after.stream
        ):
            return replace(event, body=replace(after, text=before.text + after.text))
    return None
