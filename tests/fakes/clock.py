"""Clocks for tests: one whose sleeps pass at once, and add up."""

from __future__ import annotations

import asyncio


class QuickClock:
    """Time passes only in `sleep`, and at once. `slept` lists the sleeps in seconds."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.slept: list[float] = []

    def now(self) -> float:
        return self.seconds

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.seconds += seconds
        await asyncio.sleep(0)
