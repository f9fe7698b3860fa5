"""The index of all sessions: what is found, what is forgotten, and how it comes back when it is lost."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from rlm_cli.events.bodies import CellStarted, RunFinished, RunStarted
from rlm_cli.events.values import Limits
from rlm_cli.stream.bus import Bus
from rlm_cli.stream.header import Header
from rlm_cli.stream.index import INDEX_NAME, SessionIndex
from rlm_cli.stream.keeping import remove, rename
from rlm_cli.stream.sessions import Sessions, summary_of
from tests.fakes.clock import QuickClock
from tests.fakes.story import play

RUNS = ("20261119-080000-aaaaaa", "20261120-080000-bbbbbb")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Two sessions: a short one about leases, and the story with every kind of event."""
    sessions = Sessions(tmp_path / "sessions")
    short = Bus(QuickClock(), sessions.create(Header(run=RUNS[0])))
    started = RunStarted(
        question="When may a lease end?",
        root_model="m",
        sub_model="m",
        mode="rlm",
        limits=Limits(),
        prompt_hash="",
    )
    short.emit("root", started)
    short.emit("root/t1/c1", CellStarted(cell=1, code="hits = corpus.grep('Kündigung')"))
    short.emit("root", RunFinished(status="complete", stop="ready", exit_code=0, answer="After two years."))
    short.close()
    clock = QuickClock()
    story = Bus(clock, sessions.create(Header(run=RUNS[1])))
    play(story, clock)
    story.close()
    return sessions.root


def found(root: Path, words: str) -> list[tuple[str, str]]:
    return [(hit.run, hit.kind) for hit in SessionIndex(root).search(words, 10)]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("lease", (RUNS[0], "question")),
        ("kundigung", (RUNS[0], "code")),
        ("two YEARS", (RUNS[0], "answer")),
        ("llm_batch", (RUNS[1], "code")),
        ("documents characters", (RUNS[1], "output")),
        ("no cap passage 33", (RUNS[1], "sub-reply")),
    ],
)
def test_questions_code_outputs_replies_and_answers_are_found(
    root: Path, words: str, expected: tuple[str, str]
) -> None:
    assert expected in found(root, words) or expected[0] in dict(found(root, words))
    assert dict(found(root, words)).keys() == {expected[0]}


@pytest.mark.parametrize(
    "words", ["", "   ", "no such words anywhere", '"', "AND OR NOT", "a* OR (b)", "\x00"]
)
def test_words_are_no_query_language(root: Path, words: str) -> None:
    assert found(root, words) == []


def test_an_index_that_is_lost_or_damaged_is_made_anew(root: Path) -> None:
    before = found(root, "lease")
    assert (root / INDEX_NAME).stat().st_mode & 0o077 == 0
    (root / INDEX_NAME).unlink()
    assert found(root, "lease") == before
    (root / INDEX_NAME).write_bytes(b"this is no database" * 1000)
    assert found(root, "lease") == before


def test_what_changes_is_read_again_and_what_is_gone_is_forgotten(root: Path) -> None:
    assert found(root, "lease")
    journal, _ = Sessions(root).reopen(RUNS[0])
    bus = Bus(QuickClock(), journal)
    bus.emit("root/t2/c2", CellStarted(cell=2, code="zebra = 1"))
    bus.close()
    assert found(root, "zebra") == [(RUNS[0], "code")]
    shutil.rmtree(root / RUNS[0])
    assert found(root, "lease") == []


def test_an_unreadable_session_hides_no_other(root: Path) -> None:
    (root / "20261121-080000-cccccc").mkdir()
    (root / "20261121-080000-cccccc" / "session.jsonl").write_bytes(os.urandom(400))
    assert found(root, "lease") == [(RUNS[0], "question")]


def test_a_title_is_kept_beside_the_record(root: Path) -> None:
    path = root / RUNS[0] / "session.jsonl"
    before = path.read_bytes()
    rename(path, "Leases \x1b[2J")
    summary = summary_of(path)
    assert summary is not None and summary.title == "Leases \x1b[2J"
    rename(path, "")
    summary = summary_of(path)
    assert summary is not None and summary.title == ""
    assert path.read_bytes() == before


def test_a_session_that_is_removed_is_gone_whole(root: Path) -> None:
    assert remove(root / RUNS[1] / "session.jsonl") > 10_000
    assert not (root / RUNS[1]).exists()
