"""The real clock. Owns the only reading of time in a run; knows nothing of events."""

from __future__ import annotations

import asyncio
import time


class MonotonicClock:
    """Implements `ports.Clock` with the system's monotonic clock. It can be held while nothing happens."""

    def __init__(self) -> None:
        self._held_seconds = 0.0
        self._held_since: float | None = None

    def now(self) -> float:
        """Seconds on a clock that never goes back, without those for which it was held."""
        return (time.monotonic() if self._held_since is None else self._held_since) - self._held_seconds

    def hold(self) -> None:
        """Let no time pass until `go_on`; a second time does nothing."""
        if self._held_since is None:
            self._held_since = time.monotonic()

    def go_on(self) -> None:
        """Let time pass again."""
        if self._held_since is not None:
            self._held_seconds += time.monotonic() - self._held_since
            self._held_since = None

    async def sleep(self, seconds: float) -> None:
        """Wait; zero or less lets other tasks go on."""
        await asyncio.sleep(max(0.0, seconds))
