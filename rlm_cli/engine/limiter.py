"""How many requests are in flight at once, over the whole tree: as many as allowed, fewer after a 429.

Additive increase, multiplicative decrease: a rate limit halves the width (once for each wave that was in
flight) and pauses everyone for as long as the provider asked; each full width of successes adds one.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from rlm_cli.ports import Clock


class Limiter:
    """One for the whole tree of runs.

    Units:   ceiling and width count requests in flight.
    Source:  AIMD, as in TCP congestion control (RFC 5681).
    """

    def __init__(self, ceiling: int, clock: Clock) -> None:
        self.ceiling = max(1, ceiling)
        self.width = self.ceiling
        self.in_flight = 0
        self._clock = clock
        self._paused_until = 0.0
        self._successes = 0
        self._to_forgive = 0
        self._waiting: deque[asyncio.Future[None]] = deque()

    @asynccontextmanager
    async def slot(self) -> AsyncIterator[None]:
        """Room for one request, first come, first served."""
        await self._acquire()
        try:
            yield
        finally:
            self._release()

    def slowed(self, retry_after_seconds: float | None) -> None:
        """A request was rejected for its rate."""
        if retry_after_seconds:
            self._paused_until = max(self._paused_until, self._clock.now() + retry_after_seconds)
        if self._to_forgive > 0:
            self._to_forgive -= 1
            return
        self.width = max(1, self.width // 2)
        self._to_forgive = max(0, self.in_flight - 1)
        self._successes = 0

    def succeeded(self) -> None:
        """A request was answered."""
        self._to_forgive = max(0, self._to_forgive - 1)
        if self.width == self.ceiling:
            return
        self._successes += 1
        if self._successes >= self.width:
            self._successes = 0
            self.width += 1
            self._wake()

    async def _acquire(self) -> None:
        if self.in_flight < self.width and not self._waiting:
            self.in_flight += 1
        else:
            ticket: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._waiting.append(ticket)
            try:
                await ticket
            except asyncio.CancelledError:
                if ticket.done() and not ticket.cancelled():
                    self._release()
                raise
        pause = self._paused_until - self._clock.now()
        if pause > 0:
            try:
                await self._clock.sleep(pause)
            except asyncio.CancelledError:
                self._release()
                raise

    def _release(self) -> None:
        self.in_flight -= 1
        self._wake()

    def _wake(self) -> None:
        while self._waiting and self.in_flight < self.width:
            ticket = self._waiting.popleft()
            if not ticket.done():
                self.in_flight += 1
                ticket.set_result(None)
