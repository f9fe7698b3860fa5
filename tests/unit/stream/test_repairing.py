"""A damaged session is made whole from what can be read; nothing of it is thrown away, and the mark stays."""

from __future__ import annotations

import errno
import json
from pathlib import Path

import pytest

from rlm_cli.base.errors import SessionError
from rlm_cli.events import Event
from rlm_cli.events.bodies import DraftUpdated, RunFinished, TurnStarted
from rlm_cli.stream.header import Header
from rlm_cli.stream.journal import Journal
from rlm_cli.stream.reading import read
from rlm_cli.stream.repairing import repair
from rlm_cli.stream.verifying import verify
from tests.fakes.failing_files import FailingFiles

BODIES = [
    TurnStarted(turn=1),
    DraftUpdated(draft=1, content="x" * 100_000),
    TurnStarted(turn=2),
    RunFinished(status="complete", stop="ready", exit_code=0, answer="a"),
]


def session(folder: Path) -> Path:
    journal = Journal.create(folder, Header(run="run"))
    for seq, body in enumerate(BODIES, 1):
        journal.append(Event(seq=seq, t=0.0, span="root", body=body))
    journal.close()
    return journal.path


def spoiled(path: Path, line: int, text: bytes) -> bytes:
    """The file with one of its lines replaced."""
    lines = path.read_bytes().split(b"\n")
    lines[line - 1] = text
    path.write_bytes(b"\n".join(lines))
    return path.read_bytes()


def test_a_whole_session_is_left_alone(tmp_path: Path) -> None:
    path = session(tmp_path / "run")
    before = path.read_bytes()
    assert repair(path).before is None
    assert path.read_bytes() == before
    assert verify(path).is_intact and verify(path).is_sealed


def test_a_line_that_cannot_be_read_is_left_out_and_what_was_there_is_kept(tmp_path: Path) -> None:
    path = session(tmp_path / "run")
    raw = spoiled(path, 2, b"\xff garbage")
    done = repair(path)
    assert [flaw.code for flaw in done.flaws][:1] == ["session_line"]
    assert done.before is not None and done.before.read_bytes() == raw
    recording = read(path)
    assert [event.body for event in recording.events] == BODIES[1:]
    assert [event.seq for event in recording.events] == [1, 2, 3]
    assert (recording.flaws, verify(path).is_intact) == ((), True)
    assert "repaired_from" in json.loads(path.read_bytes().split(b"\n")[0])
    again, _ = Journal.reopen(path)
    again.close()
    assert repair(path).before is None


@pytest.mark.parametrize("line", [1, 3])
def test_a_lost_header_or_payload_costs_only_itself(tmp_path: Path, line: int) -> None:
    path = session(tmp_path / "run")
    if line == 1:
        spoiled(path, 1, b"no header")
    else:
        next((path.parent / "blobs").iterdir()).unlink()
    done = repair(path)
    recording = read(path)
    assert done.events == len(recording.events) == 4 and not recording.flaws
    assert recording.header.run == "run"
    assert verify(path).is_intact


def test_a_session_in_use_and_a_file_that_is_none_are_refused(tmp_path: Path) -> None:
    journal = Journal.create(tmp_path / "run", Header(run="run"))
    with pytest.raises(SessionError, match="in use"):
        repair(journal.path)
    journal.close()
    (tmp_path / "note").write_bytes(b"dear diary\n")
    with pytest.raises(SessionError):
        repair(tmp_path / "note")
    assert (tmp_path / "note").read_bytes() == b"dear diary\n"


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO, errno.EMFILE])
def test_a_repair_that_fails_leaves_the_file_as_it_was(tmp_path: Path, code: int) -> None:
    for number in range(1, 100):
        path = session(tmp_path / str(number))
        raw = spoiled(path, 2, b"garbage")
        files = FailingFiles(number, code, lasts=True)
        try:
            repair(path, files)
        except SessionError:
            assert files.has_failed
            assert path.read_bytes() == raw
            continue
        assert verify(path).first_altered is None
        if not files.has_failed:
            return
    raise AssertionError("no repair was left untouched")
