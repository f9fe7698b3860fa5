"""The bus: numbers without gaps, the journal first, faces that never slow the run."""

from __future__ import annotations

import asyncio
import errno
from pathlib import Path

import pytest

from rlm_cli.base.errors import SessionError
from rlm_cli.events import Body, Event
from rlm_cli.events.bodies import CellOutput, Notice, ReplyDelta, ReplyFinished, RunFinished, TurnStarted
from rlm_cli.events.values import Usage
from rlm_cli.stream.bus import Bus
from rlm_cli.stream.header import Header
from rlm_cli.stream.journal import Journal
from rlm_cli.stream.reading import read
from rlm_cli.stream.subscription import Subscription
from tests.fakes.clock import QuickClock
from tests.fakes.failing_disk import FailingDisk, failing_disk
from tests.fakes.story import STORY, play

END = RunFinished(status="complete", stop="ready", exit_code=0, answer="x")


async def everything(face: Subscription) -> list[Event]:
    return [event async for event in face]


def turn(number: int) -> TurnStarted:
    return TurnStarted(turn=number)


def failing(tmp_path: Path) -> tuple[FailingDisk, Journal]:
    disk = failing_disk(tmp_path / "run")
    return disk, Journal.begin(disk, Header(run="run"))


async def test_events_are_numbered_without_gaps_and_timed_from_the_beginning() -> None:
    clock = QuickClock()
    clock.seconds = 100.0
    bus = Bus(clock)
    face = bus.subscribe()
    for number in range(1, 4):
        clock.seconds += 0.5
        bus.emit("root", turn(number))
    bus.close()
    assert [(event.seq, event.t) for event in await everything(face)] == [(1, 0.5), (2, 1.0), (3, 1.5)]


async def test_a_face_sees_what_happens_from_now_on_until_the_end() -> None:
    bus = Bus(QuickClock())
    bus.emit("root", turn(1))
    face = bus.subscribe()
    bus.emit("root", turn(2))
    bus.close()
    assert [event.seq for event in await everything(face)] == [2]
    assert await everything(bus.subscribe()) == []


async def test_a_waiting_face_wakes_up_for_an_event_and_for_the_end() -> None:
    bus = Bus(QuickClock())
    reading = asyncio.create_task(everything(bus.subscribe()))
    await asyncio.sleep(0)
    bus.emit("root", turn(1))
    await asyncio.sleep(0)
    bus.close()
    assert [event.seq for event in await reading] == [1]


async def test_a_slow_face_gets_pieces_as_one_and_every_other_kind() -> None:
    clock = QuickClock()
    bus = Bus(clock)
    slow, exact = bus.subscribe(), bus.subscribe(merges=False)
    bodies: list[tuple[str, Body]] = [
        ("root/t1", ReplyDelta("a")),
        ("root/t1", ReplyDelta("b")),
        ("root/t1", ReplyDelta("c", 2)),
        ("root/t1/c1", CellOutput(cell=1, stream="stdout", text="x")),
        ("root/t1/c1", CellOutput(cell=1, stream="stdout", text="y")),
        ("root/t1/c1", CellOutput(cell=1, stream="stderr", text="z")),
        ("root/t2/c2", CellOutput(cell=2, stream="stderr", text="w")),
        ("root", turn(1)),
        ("root", turn(1)),
    ]
    for span, body in bodies:
        clock.seconds += 1
        bus.emit(span, body)
    bus.close()
    assert [event.body for event in await everything(exact)] == [body for _, body in bodies]
    merged = await everything(slow)
    assert [(event.seq, event.body) for event in merged] == [
        (2, ReplyDelta("ab")),
        (3, ReplyDelta("c", 2)),
        (5, CellOutput(cell=1, stream="stdout", text="xy")),
        (6, CellOutput(cell=1, stream="stderr", text="z")),
        (7, CellOutput(cell=2, stream="stderr", text="w")),
        (8, turn(1)),
        (9, turn(1)),
    ]


async def test_a_face_that_leaves_is_forgotten() -> None:
    bus = Bus(QuickClock())
    face = bus.subscribe()
    await face.aclose()
    bus.emit("root", turn(1))
    assert await everything(face) == []


async def test_tokens_become_at_most_twenty_events_a_second_and_none_is_lost() -> None:
    clock = QuickClock()
    bus = Bus(clock)
    face = bus.subscribe(merges=False)
    for number in range(1000):
        clock.seconds = number / 1000
        bus.emit("root/t1", ReplyDelta(f"{number} "))
    bus.emit("root/t1", ReplyFinished(text="", model="m", usage=Usage()))
    bus.close()
    *deltas, last = await everything(face)
    assert isinstance(last.body, ReplyFinished)
    assert len(deltas) <= 21
    assert "".join(event.body.text for event in deltas) == "".join(f"{n} " for n in range(1000))  # type: ignore[union-attr]


async def test_a_reply_that_pauses_is_shown_without_waiting_for_its_next_piece() -> None:
    bus = Bus(QuickClock())
    face = bus.subscribe()
    bus.emit("root/t1", ReplyDelta("first "))
    bus.emit("root/t1", ReplyDelta("second"))
    seen = [await anext(face)]
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    seen.append(await anext(face))
    bus.close()
    assert [event.body for event in seen] == [ReplyDelta("first "), ReplyDelta("second")]


async def test_pieces_of_two_replies_are_not_mixed() -> None:
    bus = Bus(QuickClock())
    face = bus.subscribe()
    bus.emit("root/t0", ReplyDelta("now"))
    for piece in ("a", "b"):
        bus.emit("root/t1", ReplyDelta(piece))
        bus.emit("root/t1/c1/s1/t1", ReplyDelta(piece.upper()))
    bus.close()
    told = [(event.span, event.body.text) for event in await everything(face)]  # type: ignore[union-attr]
    assert told == [("root/t0", "now"), ("root/t1", "ab"), ("root/t1/c1/s1/t1", "AB")]


async def test_what_a_face_saw_is_what_the_file_holds(tmp_path: Path) -> None:
    clock = QuickClock()
    bus = Bus(clock, Journal.create(tmp_path / "run", Header(run="run")))
    face = bus.subscribe(merges=False)
    play(bus, clock)
    bus.close()
    assert await everything(face) == read(tmp_path / "run" / "session.jsonl").events


async def test_an_event_that_cannot_be_recorded_did_not_happen(tmp_path: Path) -> None:
    disk, journal = failing(tmp_path)
    bus = Bus(QuickClock(), journal)
    face = bus.subscribe()
    bus.emit("root", turn(1))
    disk.fail_write = 1
    with pytest.raises(SessionError, match="cannot write the session"):
        bus.emit("root", turn(2))
    bus.close()
    assert [event.body for event in await everything(face)] == [turn(1)]


async def test_after_a_full_disk_the_end_is_recorded_and_says_what_is_missing(tmp_path: Path) -> None:
    disk, journal = failing(tmp_path)
    bus = Bus(QuickClock(), journal)
    face = bus.subscribe()
    bus.emit("root", turn(1))
    disk.room_bytes = disk.path.stat().st_size
    with pytest.raises(SessionError):
        bus.emit("root", turn(2))
    bus.emit("root", turn(3))
    bus.emit("root", END)
    bus.close()
    seen = await everything(face)
    assert [type(event.body) for event in seen] == [TurnStarted, Notice, RunFinished]
    assert "2 events lost" in seen[1].body.text  # type: ignore[union-attr]
    recording = read(disk.path)
    assert recording.events == seen
    assert recording.flaws == ()


async def test_a_failure_between_two_events_is_told_by_the_next_one(tmp_path: Path) -> None:
    disk, journal = failing(tmp_path)
    bus = Bus(QuickClock(), journal)
    bus.emit("root/t1", ReplyDelta("a"))
    bus.emit("root/t1", ReplyDelta("b"))
    disk.fail_write = 1
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    with pytest.raises(SessionError):
        bus.emit("root/t1", turn(1))
    bus.emit("root/t1", turn(1))


async def test_the_end_reaches_the_faces_even_if_the_disk_takes_nothing(tmp_path: Path) -> None:
    disk, journal = failing(tmp_path)
    bus = Bus(QuickClock(), journal)
    face = bus.subscribe()
    disk.code = errno.ENOSPC
    disk.room_bytes = -10_000_000
    bus.emit("root", END)
    bus.close()
    notice, end = await everything(face)
    assert isinstance(notice.body, Notice) and notice.body.code == "session_incomplete"
    assert end.body == END
    assert end.seq == notice.seq + 1


@pytest.mark.parametrize("operation", ["fail_write", "fail_sync"])
async def test_whichever_operation_fails_the_session_is_valid_and_the_faces_see_the_end(
    tmp_path: Path, operation: str
) -> None:
    for number in range(1, 100):
        disk, journal = failing(tmp_path / str(number))
        setattr(disk, operation, number)
        clock = QuickClock()
        bus = Bus(clock, journal)
        face = bus.subscribe(merges=False)
        try:
            play(bus, clock, [*STORY[:25], *STORY[-40:]])
        except SessionError:
            bus.emit("root", END)
        bus.close()
        seen = await everything(face)
        assert isinstance(seen[-1].body, RunFinished)
        recording = read(disk.path)
        assert recording.flaws == ()
        assert recording.events == seen
        if getattr(disk, operation) > 0:
            return
    raise AssertionError("every run had a failure")


async def test_a_closed_bus_takes_no_event() -> None:
    bus = Bus(QuickClock())
    bus.close()
    bus.close()
    with pytest.raises(SessionError, match="closed"):
        bus.emit("root", turn(1))


async def test_a_session_that_goes_on_counts_on(tmp_path: Path) -> None:
    journal = Journal.create(tmp_path / "run", Header(run="run"))
    first = Bus(QuickClock(), journal)
    first.emit("root", turn(1))
    first.close()
    again, recording = Journal.reopen(journal.path)
    second = Bus(QuickClock(), again, seconds_before=recording.events[-1].t + 10)
    second.emit("root", turn(2))
    second.close()
    assert [(event.seq, event.t) for event in read(journal.path).events] == [(1, 0.0), (2, 10.0)]
