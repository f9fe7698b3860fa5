"""The speed of a replay: recorded events, given out as slowly as they once happened, or faster."""

from __future__ import annotations

from collections.abc import AsyncIterator

from rlm_cli.events import Event
from rlm_cli.ports import Clock


async def paced(events: AsyncIterator[Event], clock: Clock, speed: float | None) -> AsyncIterator[Event]:
    """The same events, each not before its time.

    Units:   speed 2.0 is twice as fast as it was; None does not wait at all.
    Shape:   times are measured from the first event, so that waits do not add up to a drift.
    """
    began: float | None = None
    first = 0.0
    async for event in events:
        if speed is not None and event.seq > 0:
            if began is None:
                began, first = clock.now(), event.t
            wait_seconds = began + (event.t - first) / speed - clock.now()
            if wait_seconds > 0:
                await clock.sleep(wait_seconds)
        yield event
