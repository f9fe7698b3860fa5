"""Whether a session is as it was written: the first line that is not is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from rlm_cli.base.errors import SessionError
from rlm_cli.events.bodies import DraftUpdated, RunFinished, TurnStarted
from rlm_cli.stream.bus import Bus
from rlm_cli.stream.header import Header
from rlm_cli.stream.journal import Journal
from rlm_cli.stream.verifying import verify
from tests.fakes.clock import QuickClock


@pytest.fixture
def session(tmp_path: Path) -> Path:
    journal = Journal.create(tmp_path / "run", Header(run="run"))
    bus = Bus(QuickClock(), journal)
    for number in (1, 2, 3):
        bus.emit("root", TurnStarted(turn=number))
    bus.emit("root", DraftUpdated(draft=1, content="long clause " * 10_000))
    bus.emit("root", RunFinished(status="complete", stop="ready", exit_code=0, answer="x"))
    bus.close()
    return journal.path


def test_an_untouched_session_is_intact(session: Path) -> None:
    found = verify(session)
    assert (found.lines, found.is_sealed, found.first_altered, found.flaws) == (6, True, None, ())
    assert found.is_intact


def test_any_changed_byte_is_found_in_its_line(session: Path) -> None:
    whole = session.read_bytes()
    for offset in range(0, len(whole), 7):
        if whole[offset : offset + 1] == b"\n":
            continue
        session.write_bytes(whole[:offset] + bytes([whole[offset] ^ 1]) + whole[offset + 1 :])
        if session.read_bytes().count(b"\n") != whole.count(b"\n"):
            continue
        found = verify(session)
        assert found.first_altered == whole[:offset].count(b"\n") + 1, offset
        assert not found.is_intact


@pytest.mark.parametrize("line", range(1, 5))
def test_a_removed_line_is_missed(session: Path, line: int) -> None:
    lines = session.read_bytes().split(b"\n")
    del lines[line]
    session.write_bytes(b"\n".join(lines))
    found = verify(session)
    assert found.first_altered == line
    assert "line" in found.flaws[0].text


def test_a_removed_end_is_missed(session: Path) -> None:
    lines = session.read_bytes().split(b"\n")
    session.write_bytes(b"\n".join(lines[:-2]) + b"\n")
    assert "sealed with 6 lines, and has 5" in verify(session).flaws[0].text


def test_a_session_that_was_killed_is_intact_and_not_sealed(session: Path) -> None:
    (session.parent / "seal").unlink()
    found = verify(session)
    assert found.is_intact and not found.is_sealed


def test_a_session_that_goes_on_is_sealed_again(session: Path) -> None:
    journal, _ = Journal.reopen(session)
    assert not verify(session).is_sealed
    bus = Bus(QuickClock(), journal)
    bus.emit("root", TurnStarted(turn=4))
    bus.close()
    assert verify(session).is_intact and verify(session).is_sealed


def test_a_missing_and_an_altered_payload_are_found(session: Path) -> None:
    payload = next((session.parent / "blobs").iterdir())
    payload.write_text("something else")
    assert "was altered" in verify(session).flaws[0].text
    payload.unlink()
    assert "is missing" in verify(session).flaws[0].text


def test_a_torn_line_is_found(session: Path) -> None:
    session.write_bytes(session.read_bytes() + b"{torn")
    assert [flaw.code for flaw in verify(session).flaws] == ["session_torn"]


def test_a_file_that_cannot_be_read_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(SessionError):
        verify(tmp_path / "nothing")
