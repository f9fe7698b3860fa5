"""Events for a face, given out bit by bit by whoever knows when. Knows nothing of what they say."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence

from rlm_cli.events import Event


class Feed:
    """Hands events to a face, and knows when it has shown them."""

    def __init__(self) -> None:
        self._waiting: asyncio.Queue[Event | None] = asyncio.Queue()
        self._is_idle = asyncio.Event()
        self.reader: asyncio.Task[int] | None = None

    async def give(self, events: Sequence[Event]) -> None:
        """Give events to the face, and wait until it asks for more."""
        self._is_idle.clear()
        for event in events:
            self._waiting.put_nowait(event)
        idle = asyncio.ensure_future(self._is_idle.wait())
        reader = [self.reader] if self.reader is not None else []
        await asyncio.wait([idle, *reader], return_when=asyncio.FIRST_COMPLETED)
        idle.cancel()

    def end(self) -> None:
        """There are no more."""
        self._waiting.put_nowait(None)

    async def events(self) -> AsyncIterator[Event]:
        """What the face reads."""
        while True:
            if self._waiting.empty():
                self._is_idle.set()
            event = await self._waiting.get()
            if event is None:
                return
            yield event
