"""A session file as it is read: whatever happened to it, what can be read is, and the rest is named."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from rlm_cli.base.errors import SessionError
from rlm_cli.events import Event, Unknown
from rlm_cli.events.bodies import DraftUpdated, Notice, RunFinished, TurnStarted
from rlm_cli.events.wire import event_fields, to_json
from rlm_cli.stream.bus import Bus
from rlm_cli.stream.header import Header
from rlm_cli.stream.journal import Journal
from rlm_cli.stream.migrations import steps_from
from rlm_cli.stream.reading import Recording, read
from rlm_cli.stream.replaying import open_replay
from tests.fakes.clock import QuickClock

BIG = "long clause " * 10_000


@pytest.fixture
def session(tmp_path: Path) -> Path:
    journal = Journal.create(tmp_path / "run", Header(run="run"))
    bus = Bus(QuickClock(), journal)
    for number in (1, 2, 3):
        bus.emit("root", TurnStarted(turn=number))
    bus.emit("root", DraftUpdated(draft=1, content=BIG))
    bus.emit("root", RunFinished(status="complete", stop="ready", exit_code=0, answer="x"))
    bus.close()
    return journal.path


def edited(path: Path, change: Callable[[list[bytes]], None]) -> Recording:
    lines = path.read_bytes().split(b"\n")
    change(lines)
    path.write_bytes(b"\n".join(lines))
    return read(path)


def codes(recording: Recording) -> list[str]:
    return [flaw.code for flaw in recording.flaws]


def test_a_whole_session_has_no_flaw(session: Path) -> None:
    recording = read(session)
    assert [event.seq for event in recording.events] == [1, 2, 3, 4, 5]
    assert (recording.header.run, recording.last_seq, recording.flaws) == ("run", 5, ())
    assert recording.notices() == []


def test_a_torn_last_line_is_left_out_and_told_and_reading_changes_nothing(session: Path) -> None:
    torn = session.read_bytes() + b'{"seq":6,"t":1.0,"sp'
    session.write_bytes(torn)
    recording = read(session)
    assert [event.seq for event in recording.events] == [1, 2, 3, 4, 5]
    assert codes(recording) == ["session_torn"]
    assert "20 bytes are left out" in recording.flaws[0].text
    assert session.read_bytes() == torn
    assert list(session.parent.glob("*.torn")) == []


def test_who_goes_on_writing_cuts_a_torn_last_line_off_and_keeps_it(session: Path) -> None:
    whole = session.read_bytes()
    session.write_bytes(whole + b'{"seq":6,"t":1.0,"sp')
    journal, recording = Journal.reopen(session)
    journal.close()
    assert "20 bytes are kept in session.jsonl.torn" in recording.flaws[0].text
    assert session.read_bytes() == whole
    assert (session.parent / "session.jsonl.torn").read_bytes() == b'{"seq":6,"t":1.0,"sp'
    assert read(session).flaws == ()


def test_an_earlier_torn_line_is_not_overwritten(session: Path) -> None:
    for torn in (b"{one", b"{two"):
        session.write_bytes(session.read_bytes() + torn)
        Journal.reopen(session)[0].close()
    kept = sorted(path.read_bytes() for path in session.parent.glob("*.torn"))
    assert kept == [b"{one", b"{two"]


def test_a_session_that_is_being_written_is_read_and_left_alone(tmp_path: Path) -> None:
    journal = Journal.create(tmp_path / "run", Header(run="run"))
    journal.append(Event(seq=1, t=0.0, span="root", body=TurnStarted(turn=1)))
    with journal.path.open("ab") as file:
        file.write(b'{"seq":2,')
    recording = read(journal.path)
    assert [event.seq for event in recording.events] == [1]
    assert codes(recording) == ["session_torn", "session_unfinished"]
    assert "is being written" in recording.flaws[0].text
    assert journal.path.read_bytes().endswith(b'{"seq":2,')
    journal.close()


def test_a_last_line_without_its_newline_is_an_event(session: Path) -> None:
    session.write_bytes(session.read_bytes().removesuffix(b"\n"))
    assert len(read(session).events) == 5
    journal, recording = Journal.reopen(session)
    journal.append(Event(seq=recording.last_seq + 1, t=9.0, span="root", body=TurnStarted(turn=4)))
    journal.close()
    assert [event.seq for event in read(session).events] == [1, 2, 3, 4, 5, 6]


def test_a_bad_line_in_the_middle_costs_itself_alone(session: Path) -> None:
    recording = edited(session, lambda lines: lines.__setitem__(2, b"\x00\x00 no JSON"))
    assert [event.seq for event in recording.events] == [1, 3, 4, 5]
    assert codes(recording) == ["session_line", "session_gap"]
    assert recording.flaws[0].line == 3


def test_a_missing_payload_leaves_its_head_and_is_named(session: Path) -> None:
    next((session.parent / "blobs").iterdir()).unlink()
    recording = read(session)
    body = recording.events[3].body
    assert isinstance(body, DraftUpdated)
    assert body.content.startswith(BIG[:200] + "\n[the rest of 120000 bytes is missing]")
    assert codes(recording) == ["session_blob"]
    assert "line 5: the payload blobs/" in recording.flaws[0].text


def test_an_altered_payload_is_not_used(session: Path) -> None:
    next((session.parent / "blobs").iterdir()).write_text("something else")
    recording = read(session)
    assert "was altered" in recording.flaws[0].text
    assert "something else" not in str(recording.events[3].body)


def test_a_reference_never_leads_out_of_the_session(session: Path) -> None:
    (session.parent.parent / "secret").write_text("secret")

    def forge(lines: list[bytes]) -> None:
        fields = json.loads(lines[4])
        fields["body"]["content"] = {"$blob": "../../secret", "bytes": 6, "head": ""}
        lines[4] = json.dumps(fields, separators=(",", ":")).encode()

    recording = edited(session, forge)
    assert isinstance(recording.events[3].body, Unknown)
    assert "secret" not in str(recording.events[3].body.fields.get("content", {}).get("text", ""))


def test_unknown_kinds_and_fields_are_written_again_as_they_were(session: Path, tmp_path: Path) -> None:
    def extend(lines: list[bytes]) -> None:
        fields = json.loads(lines[1])
        fields["body"]["mood"] = {"of": "the model"}
        lines[1] = to_json(fields)
        lines[2] = to_json({**json.loads(lines[2]), "body": {"kind": "weather.changed", "wind": [3]}})

    before = edited(session, extend)
    copy = Journal.create(tmp_path / "copy", before.header)
    for event in before.events:
        copy.append(event)
    copy.close()
    after = read(copy.path)
    assert after.events == before.events
    assert [event_fields(event)["body"] for event in after.events[:2]] == [
        {"kind": "turn.started", "turn": 1, "limit": None, "mood": {"of": "the model"}},
        {"kind": "weather.changed", "wind": [3]},
    ]


def test_unknown_fields_of_the_header_are_kept(tmp_path: Path) -> None:
    header = Header(run="run", extra={"host": "later"})
    journal = Journal.create(tmp_path / "run", header)
    journal.close()
    assert read(journal.path).header == header


def test_a_run_without_an_end_is_told_to_be_so(session: Path) -> None:
    recording = edited(session, lambda lines: lines.__delitem__(5))
    assert codes(recording) == ["session_unfinished"]


def test_a_session_that_ended_before_its_header_can_be_opened(tmp_path: Path) -> None:
    (tmp_path / "run-1").mkdir()
    empty = tmp_path / "run-1" / "session.jsonl"
    empty.touch()
    recording = read(empty)
    assert (recording.header.run, recording.events, codes(recording)) == ("run-1", [], ["session_header"])


def test_events_without_a_header_can_be_read(session: Path) -> None:
    recording = edited(session, lambda lines: lines.__delitem__(0))
    assert len(recording.events) == 5
    assert codes(recording)[0] == "session_header"


@pytest.mark.parametrize("content", [b"hello\n", b"\x89PNG\r\n\x1a\n\x00\n", b'{"a":1}\n'])
def test_another_kind_of_file_is_no_session(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "notes.txt"
    path.write_bytes(content)
    with pytest.raises(SessionError, match="is no session file"):
        read(path)
    assert path.read_bytes() == content


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(SessionError, match=r"nothing\.jsonl"):
        read(tmp_path / "nothing.jsonl")


def test_a_session_of_a_newer_program_asks_for_an_update(session: Path) -> None:
    with pytest.raises(SessionError, match="Update rlm"):
        edited(session, lambda lines: lines.__setitem__(0, lines[0].replace(b'"schema":1', b'"schema":2')))


def test_older_schemas_are_brought_up_step_by_step() -> None:
    migrations = {1: lambda line: {**line, "one": True}, 2: lambda line: {**line, "two": line["one"]}}
    line: dict[str, object] = {"seq": 1}
    for step in steps_from(1, migrations, present=3):
        line = step(line)
    assert line == {"seq": 1, "one": True, "two": True}
    assert steps_from(3, migrations, present=3) == []
    with pytest.raises(SessionError, match="no longer"):
        steps_from(0, migrations, present=3)


@pytest.fixture
def torn(session: Path) -> Path:
    session.write_bytes(session.read_bytes() + b"{torn")
    return session


async def test_a_replay_tells_first_what_is_wrong_with_the_file(torn: Path) -> None:
    header, events = open_replay(torn)
    seen = [event async for event in events]
    assert header.run == "run"
    assert [event.seq for event in seen] == [0, 1, 2, 3, 4, 5]
    assert isinstance(seen[0].body, Notice) and seen[0].body.level == "warning"


def test_a_file_with_many_flaws_is_told_in_few_notices(session: Path) -> None:
    recording = edited(session, lambda lines: lines.__setitem__(slice(2, 3), [b"bad"] * 500))
    assert len(recording.notices()) == 21
