"""The real clock. Owns the only reading of time in a run; knows nothing of events."""

from __future__ import annotations

import asyncio
import time


class MonotonicClock:
    """Implements `ports.Clock` with the system's monotonic clock."""

    def now(self) -> float:
        """Seconds on a clock that never goes back."""
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        """Wait; zero or less lets other tasks go on."""
        await asyncio.sleep(max(0.0, seconds))
