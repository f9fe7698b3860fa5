"""Every call to the system fails, once or for good: no traceback, a valid session, nothing lost unsaid."""

from __future__ import annotations

import asyncio
import errno
from pathlib import Path

import pytest

from rlm_cli.base.errors import SessionError
from rlm_cli.events import Body, Event
from rlm_cli.events.bodies import (
    CellFinished,
    CellStarted,
    DraftUpdated,
    Notice,
    ReplyFinished,
    RunFinished,
    TurnStarted,
)
from rlm_cli.events.values import Usage
from rlm_cli.stream.bus import Bus
from rlm_cli.stream.header import Header
from rlm_cli.stream.journal import Journal
from rlm_cli.stream.reading import read
from rlm_cli.stream.verifying import verify
from tests.fakes.clock import QuickClock
from tests.fakes.failing_files import FailingFiles

WAYS = [
    pytest.param(code, lasts, is_short, id=f"{errno.errorcode[code]}-{name}")
    for code in (errno.ENOSPC, errno.EIO, errno.EMFILE)
    for name, lasts, is_short in (
        ("once", False, False),
        ("from-then-on", True, False),
        ("short", True, True),
    )
    if code != errno.EMFILE or not is_short
]
END = RunFinished(status="complete", stop="ready", exit_code=0, answer="a" * 70_000)
BODIES: list[Body] = [
    TurnStarted(turn=1),
    ReplyFinished(text="r" * 70_000, model="m", usage=Usage()),
    CellStarted(cell=1, code="x"),
    DraftUpdated(draft=1, content="d"),
    CellFinished(cell=1, status="ok"),
    DraftUpdated(draft=2, content="e" * 70_000),
]


def story(folder: Path, files: FailingFiles) -> list[Event]:
    """A whole run over a disk that may fail, as the engine tells it; the events that were shown."""
    bus = Bus(QuickClock(), Journal.create(folder, Header(run="run"), files))
    face = bus.subscribe()
    try:
        for body in BODIES:
            bus.emit("root", body)
    except SessionError:
        bus.emit("root", TurnStarted(turn=2))
    bus.emit("root", END)
    bus.close()

    async def shown() -> list[Event]:
        return [event async for event in face]

    return asyncio.run(shown())


@pytest.mark.parametrize(("code", "lasts", "is_short"), WAYS)
def test_whichever_call_fails_the_session_is_valid_and_what_is_lost_is_said(
    tmp_path: Path, code: int, lasts: bool, is_short: bool
) -> None:
    for number in range(1, 500):
        folder = tmp_path / str(number)
        files = FailingFiles(number, code, lasts=lasts, is_short=is_short)
        try:
            shown = story(folder, files)
        except SessionError as error:
            assert files.has_failed and "cannot" in error.what
            assert not (folder / "session.jsonl").exists() or read(folder / "session.jsonl").events == []
            continue
        kept = {event.seq: event for event in read(folder / "session.jsonl").events}
        says = [each.body for each in shown if isinstance(each.body, Notice)]
        lost = [event for event in shown if kept.get(event.seq) != event]
        assert isinstance(shown[-1].body, RunFinished)
        assert not lost or [each.code for each in says] == ["session_incomplete"]
        assert {type(event.body) for event in lost} <= {Notice, RunFinished}
        assert verify(folder / "session.jsonl").first_altered is None
        if not files.has_failed:
            assert len(kept) == len(BODIES) + 1 and not says
            return
    raise AssertionError("no run was left untouched")


@pytest.mark.parametrize(("code", "lasts", "is_short"), WAYS)
def test_whichever_call_fails_a_torn_session_is_mended_or_left_as_it_is(
    tmp_path: Path, code: int, lasts: bool, is_short: bool
) -> None:
    for number in range(1, 100):
        folder = tmp_path / str(number)
        journal = Journal.create(folder, Header(run="run"))
        for seq in (1, 2):
            journal.append(Event(seq=seq, t=0.0, span="root", body=TurnStarted(turn=seq)))
        journal.close()
        with journal.path.open("ab") as file:
            file.write(b'{"seq":3,"t":0.0,"sp')
        files = FailingFiles(number, code, lasts=lasts, is_short=is_short)
        try:
            again, _ = Journal.reopen(journal.path, files)
            again.append(Event(seq=3, t=0.0, span="root", body=END))
            again.close()
        except SessionError:
            assert files.has_failed
        events = read(journal.path).events
        assert [event.seq for event in events[:2]] == [1, 2]
        assert events[2:] == [] or events[2].body == END
        if not files.has_failed:
            assert len(events) == 3
            return
    raise AssertionError("no run was left untouched")
