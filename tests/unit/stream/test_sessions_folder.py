"""The folder of sessions: begun, found by what people write, listed without reading them whole."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from rlm_cli.base.errors import SessionError
from rlm_cli.events.bodies import RunFinished, RunStarted
from rlm_cli.events.values import Limits
from rlm_cli.stream.bus import Bus
from rlm_cli.stream.header import Header, new_header
from rlm_cli.stream.sessions import Sessions
from tests.fakes.clock import QuickClock

RUNS = ("20261119-080000-aaaaaa", "20261120-080000-bbbbbb", "20261121-080000-bbbccc")


def told(sessions: Sessions, run: str, question: str = "who?", is_ended: bool = True) -> Path:
    journal = sessions.create(Header(run=run, started="2026-11-21T08:00:00.000Z"))
    clock = QuickClock()
    bus = Bus(clock, journal)
    bus.emit(
        "root",
        RunStarted(
            question=question,
            root_model="offline",
            sub_model="offline",
            mode="rlm",
            limits=Limits(),
            prompt_hash="",
        ),
    )
    clock.seconds = 12.5
    if is_ended:
        bus.emit("root", RunFinished(status="complete", stop="ready", exit_code=0, answer="x"))
    bus.close()
    return journal.path


@pytest.fixture
def sessions(tmp_path: Path) -> Sessions:
    made = Sessions(tmp_path / "data" / "rlm" / "sessions")
    for run in RUNS:
        told(made, run)
    return made


@pytest.mark.parametrize(
    ("reference", "run"),
    [
        ("last", RUNS[2]),
        ("20261119", RUNS[0]),
        (RUNS[1], RUNS[1]),
        ("bbbb", RUNS[1]),
        ("20261120-0", RUNS[1]),
    ],
)
def test_a_session_is_found_by_what_people_write(sessions: Sessions, reference: str, run: str) -> None:
    assert sessions.find(reference) == sessions.root / run / "session.jsonl"


def test_a_session_is_found_by_its_path(sessions: Sessions) -> None:
    file = sessions.root / RUNS[0] / "session.jsonl"
    assert sessions.find(str(file)) == file
    assert sessions.find(str(file.parent)) == file


@pytest.mark.parametrize(
    ("reference", "why"),
    [
        ("2026", "fits 3 sessions"),
        ("nothing", "no session"),
        ("./nothing.jsonl", "no session at"),
        ("", "no session"),
    ],
)
def test_what_fits_none_or_many_is_an_error_that_says_so(
    sessions: Sessions, reference: str, why: str
) -> None:
    with pytest.raises(SessionError, match=why):
        sessions.find(reference)


def test_without_sessions_there_is_no_last_one(tmp_path: Path) -> None:
    with pytest.raises(SessionError, match="no session yet"):
        Sessions(tmp_path / "none").find("last")


def test_sessions_are_listed_newest_first_with_their_question_and_end(sessions: Sessions) -> None:
    told(sessions, "20261122-080000-dddddd", question="q" * 100_000, is_ended=False)
    (sessions.root / "20261123-080000-eeeeee").mkdir()
    (sessions.root / "notes.txt").write_text("x")
    listed = list(sessions.newest_first())
    assert [each.header.run for each in listed] == ["20261122-080000-dddddd", *reversed(RUNS)]
    assert listed[0].finished is None
    assert listed[0].started is not None and len(listed[0].started.question) == 100_000
    assert listed[1].finished is not None and listed[1].finished.stop == "ready"
    assert listed[1].seconds == 12.5


def test_a_killed_session_is_listed_by_its_last_whole_line(sessions: Sessions) -> None:
    file = sessions.find("last")
    file.write_bytes(file.read_bytes() + b'{"seq":3,"torn')
    assert next(sessions.newest_first()).finished is not None


def test_a_header_says_when_in_utc_and_with_what() -> None:
    header = new_header(
        datetime(2026, 11, 21, 11, 30, 12, 45_000, timezone(timedelta(hours=2))), ["rlm", "ask"]
    )
    assert header.started == "2026-11-21T09:30:12.045Z"
    assert header.run.startswith("20261121-093012-")
    assert datetime.fromisoformat(header.started).tzinfo == UTC
    assert header.program and header.python and header.argv == ["rlm", "ask"]
