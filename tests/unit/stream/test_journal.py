"""The session file as it is written: one line a write, chained, private, locked, durable where it counts."""

from __future__ import annotations

import itertools
import json
import os
import resource
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from rlm_cli.base.errors import SessionError
from rlm_cli.base.ids import content_hash
from rlm_cli.events import Body, Event
from rlm_cli.events.bodies import (
    CellFinished,
    DraftUpdated,
    ReplyDelta,
    ReplyFinished,
    RunFinished,
    SubFinished,
    SubQueued,
    TurnStarted,
)
from rlm_cli.events.values import Usage
from rlm_cli.stream.durability import Durability
from rlm_cli.stream.header import Header
from rlm_cli.stream.journal import Journal
from rlm_cli.stream.reading import read
from tests.fakes.failing_disk import failing_disk


def event(seq: int, body: Body | None = None, span: str = "root", t: float = 0.0) -> Event:
    return Event(seq=seq, t=t, span=span, body=body or TurnStarted(turn=seq))


def begun(tmp_path: Path) -> Journal:
    return Journal.create(tmp_path / "run", Header(run="run", argv=["rlm", "ask"]))


def test_the_first_line_is_the_header_and_each_line_has_the_hash_of_the_line_before(tmp_path: Path) -> None:
    journal = begun(tmp_path)
    for seq in (1, 2, 3):
        journal.append(event(seq))
    journal.close()
    lines = journal.path.read_bytes().splitlines()
    header = json.loads(lines[0])
    assert (header["format"], header["schema"], header["run"]) == ("rlm-session", 1, "run")
    for before, line in itertools.pairwise(lines):
        assert json.loads(line)["prev"] == content_hash(before)[:32]
    assert lines[1] == (
        b'{"seq":1,"t":0.0,"span":"root","prev":"'
        + content_hash(lines[0])[:32].encode()
        + b'","body":{"kind":"turn.started","turn":1,"limit":null}}'
    )


def test_everything_is_for_the_user_alone(tmp_path: Path) -> None:
    journal = begun(tmp_path)
    journal.append(event(1, DraftUpdated(draft=1, content="x" * 100_000)))
    journal.close()
    for path in [journal.path.parent, *journal.path.parent.rglob("*")]:
        assert path.stat().st_mode & 0o077 == 0, path


def test_a_session_that_is_being_written_is_in_use(tmp_path: Path) -> None:
    journal = begun(tmp_path)
    with pytest.raises(SessionError, match="session is in use"):
        Journal.reopen(journal.path)
    journal.close()
    again, _ = Journal.reopen(journal.path)
    again.close()


def test_a_run_never_writes_into_the_session_of_another(tmp_path: Path) -> None:
    begun(tmp_path).close()
    with pytest.raises(SessionError, match="cannot open"):
        begun(tmp_path)


def test_a_session_file_that_is_a_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "session.jsonl").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(SessionError):
        begun(tmp_path)
    assert not (tmp_path / "elsewhere").exists()


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(SessionError, match="file/run"):
        Journal.create(tmp_path / "file" / "run", Header())


def test_no_line_is_longer_than_64_kib_and_what_is_longer_comes_back(tmp_path: Path) -> None:
    journal = begun(tmp_path)
    bodies = [
        DraftUpdated(draft=1, content="ß" * 40_000),
        SubFinished(status="ok", text="\x1b" * 65_000),
        RunFinished(
            status="complete", stop="ready", exit_code=0, answer="a" * 70_000, warnings=["w" * 66_000]
        ),
        DraftUpdated(draft=2, content="", value={"rows": [{"n": str(number)} for number in range(9000)]}),
        DraftUpdated(draft=3, content="", value={"$blob": "../../secret", "bytes": 1, "head": ""}),
        DraftUpdated(draft=4, content="", value=[{"$blob": "0" * 64, "bytes": 1, "head": ""}]),
        DraftUpdated(draft=5, content='"$blob"', value="$blob"),
        DraftUpdated(draft=6, content="\ud800" * 70_000),
    ]
    for seq, body in enumerate(bodies, 1):
        journal.append(event(seq, body))
    journal.close()
    lines = journal.path.read_bytes().splitlines()
    assert all(len(line) <= 64 * 1024 for line in lines)
    recording = read(journal.path)
    assert [each.body for each in recording.events] == bodies
    assert [flaw.code for flaw in recording.flaws] == ["session_unfinished"]


def test_a_payload_is_named_by_its_hash_and_kept_once(tmp_path: Path) -> None:
    journal = begun(tmp_path)
    text = "clause " * 20_000
    journal.append(event(1, DraftUpdated(draft=1, content=text)))
    journal.append(event(2, DraftUpdated(draft=2, content=text)))
    journal.close()
    kept = list((journal.path.parent / "blobs").iterdir())
    assert [path.name for path in kept] == [content_hash(text)]
    body = json.loads(journal.path.read_bytes().splitlines()[1])["body"]
    assert body["content"] == {"$blob": content_hash(text), "bytes": len(text), "head": text[:200]}


def test_a_short_write_is_taken_back(tmp_path: Path) -> None:
    journal = begun(tmp_path)
    journal.append(event(1))
    before = journal.path.read_bytes()
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(before) + 10, hard))
    try:
        with pytest.raises(SessionError, match="cannot write the session"):
            journal.append(event(2))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert journal.path.read_bytes() == before
    journal.append(event(2))
    journal.close()
    assert [each.seq for each in read(journal.path).events] == [1, 2]


def test_the_last_event_has_a_reserve_on_a_full_disk(tmp_path: Path) -> None:
    disk = failing_disk(tmp_path / "run")
    journal = Journal.begin(disk, Header(run="run"))
    assert (tmp_path / "run" / ".reserve").stat().st_size == 128 * 1024
    disk.room_bytes = disk.path.stat().st_size
    child_end = RunFinished(status="complete", stop="ready", exit_code=0, answer="")
    with pytest.raises(SessionError):
        journal.append(event(1, child_end, "root/t1/c1/s1"))
    journal.append(event(1, RunFinished(status="partial", stop="x", exit_code=3, answer="draft " * 5000)))
    journal.close()
    assert [type(each.body) for each in read(disk.path).events] == [RunFinished]
    assert not (tmp_path / "run" / ".reserve").exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="mounting a small file system needs root")
def test_a_real_full_disk_keeps_the_end_of_the_run(tmp_path: Path) -> None:
    mount = tmp_path / "small"
    mount.mkdir()
    done = subprocess.run(
        ["unshare", "-m", sys.executable, "-c", _FULL_DISK, str(mount), str(tmp_path / "copy.jsonl")],
        capture_output=True,
        text=True,
        check=False,
    )
    if "cannot mount" in done.stderr or "unshare failed" in done.stderr:
        pytest.skip(f"no small file system here: {done.stderr.strip()}")
    assert done.returncode == 0, done.stderr
    recording = read(tmp_path / "copy.jsonl")
    assert recording.flaws == ()
    assert isinstance(recording.events[-1].body, RunFinished)
    assert [each.seq for each in recording.events] == list(range(1, len(recording.events) + 1))


_FULL_DISK = """
import shutil, subprocess, sys
from pathlib import Path
from rlm_cli.base.errors import SessionError
from rlm_cli.events.bodies import DraftUpdated, RunFinished
from rlm_cli.stream.bus import Bus
from rlm_cli.stream.clock import MonotonicClock
from rlm_cli.stream.header import Header
from rlm_cli.stream.journal import Journal
mount, copy = sys.argv[1:]
made = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=400k", "tmpfs", mount])
if made.returncode:
    sys.exit("cannot mount")
journal = Journal.create(Path(mount) / "run", Header(run="run"))
bus = Bus(MonotonicClock(), journal)
try:
    for number in range(100_000):
        bus.emit("root", DraftUpdated(draft=number, content="x" * 5000))
except SessionError:
    bus.emit("root", RunFinished(status="partial", stop="disk", exit_code=3, answer="y" * 20_000))
else:
    sys.exit("the disk was never full")
bus.close()
shutil.copy(journal.path, copy)
"""


def test_nothing_that_was_acknowledged_is_lost_when_the_program_is_killed(tmp_path: Path) -> None:
    for number in range(5):
        folder = tmp_path / str(number)
        writer = subprocess.Popen([sys.executable, "-c", _WRITER, str(folder)], stdout=subprocess.PIPE)
        assert writer.stdout is not None
        acknowledged = [writer.stdout.readline() for _ in range(20 + 30 * number)]
        writer.send_signal(signal.SIGKILL)
        acknowledged += writer.stdout.readlines()
        writer.wait()
        recording = read(folder / "session.jsonl")
        assert len(recording.events) >= sum(line.endswith(b"\n") for line in acknowledged)
        assert {flaw.code for flaw in recording.flaws} <= {"session_unfinished", "session_torn"}


_WRITER = """
import os, sys
from pathlib import Path
from rlm_cli.events.bodies import TurnStarted
from rlm_cli.stream.bus import Bus
from rlm_cli.stream.clock import MonotonicClock
from rlm_cli.stream.header import Header
from rlm_cli.stream.journal import Journal
bus = Bus(MonotonicClock(), Journal.create(Path(sys.argv[1]), Header(run="run")))
number = 0
while True:
    number += 1
    bus.emit("root", TurnStarted(turn=number))
    os.write(1, b"%d\\n" % number)
"""


def test_the_disk_is_waited_for_at_results_and_not_at_tokens() -> None:
    usage = Usage()
    queued = [
        (
            f"root/t1/c1/s{number}",
            SubQueued(cell=1, op="llm", prompt="", model="m", batch=1, index=number, of=3),
        )
        for number in range(3)
    ]
    steps: list[tuple[str, Body, bool]] = [
        ("root/t1", ReplyDelta("x"), False),
        ("root/t1", ReplyFinished(text="", model="m", usage=usage), True),
        *[(span, body, False) for span, body in queued],
        ("root/t1/c1/s0", SubFinished(status="ok"), False),
        ("root/t1/c1/s2", SubFinished(status="failed"), False),
        ("root/t1/c1/s1", SubFinished(status="ok"), True),
        ("root/t1/c1/s9", SubFinished(status="ok"), False),
        ("root/t1/c1", CellFinished(cell=1, status="ok"), True),
        ("root", TurnStarted(turn=1), False),
        ("root", RunFinished(status="complete", stop="ready", exit_code=0, answer=""), True),
    ]
    durability = Durability()
    for seq, (span, body, is_due) in enumerate(steps, 1):
        assert durability.is_due(event(seq, body, span, t=float(seq))) is is_due, body


def test_a_draft_that_grows_in_a_loop_shares_its_waits() -> None:
    durability = Durability()
    waits = [
        durability.is_due(event(number, DraftUpdated(draft=number, content=""), t=number / 1000))
        for number in range(1000)
    ]
    assert 9 <= sum(waits) <= 11
    assert waits[0]
