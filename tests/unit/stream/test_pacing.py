"""The speed of a replay."""

from __future__ import annotations

import pytest

from rlm_cli.events import Event
from rlm_cli.events.bodies import TurnStarted
from rlm_cli.stream.clock import MonotonicClock
from rlm_cli.stream.pacing import paced
from rlm_cli.stream.replaying import as_stream
from tests.fakes.clock import QuickClock

EVENTS = [
    Event(seq=n, t=t, span="root", body=TurnStarted(turn=n)) for n, t in enumerate((0.5, 2.5, 2.5, 6.5), 1)
]


@pytest.mark.parametrize(("speed", "times"), [(1.0, [0, 2, 2, 6]), (2.0, [0, 1, 1, 3]), (None, [0, 0, 0, 0])])
async def test_events_come_at_their_times(speed: float | None, times: list[float]) -> None:
    clock = QuickClock()
    assert [clock.seconds async for _ in paced(as_stream(EVENTS), clock, speed)] == times


async def test_time_that_a_face_takes_is_not_waited_for_again() -> None:
    clock = QuickClock()
    times = []
    async for _ in paced(as_stream(EVENTS), clock, 1.0):
        times.append(clock.seconds)
        clock.seconds += 1
    assert times == [0, 2, 3, 6]


async def test_the_real_clock_goes_on() -> None:
    clock = MonotonicClock()
    before = clock.now()
    await clock.sleep(-1)
    await clock.sleep(0.001)
    assert clock.now() > before
