"""The life of sessions as a user has it: found, compared, named, out of date, removed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.journeys.program import Program, cell, roots_and_subs
from tests.servers.openai_server import Server

FINISH = cell("answer.update(content='It is brown ' + cite(corpus['a.txt'], 'quick brown fox'), ready=True)")
AGAIN = cell("corpus.grep('fox'); answer.update(content='It is quick.', ready=True)")


@pytest.fixture
def runs(program: Program) -> list[str]:
    """Two sessions about one folder, the older first."""
    folder = program.home / "notes"
    folder.mkdir()
    (folder / "a.txt").write_text("The quick brown fox jumps.\n")
    with Server(roots_and_subs([FINISH])) as server:
        program.at(server).rlm("ask", folder, "which colour?", "--mode", "rlm")
    with Server(roots_and_subs([AGAIN])) as server:
        program.at(server).rlm("ask", folder, "which pace?", "--mode", "rlm")
    listed = json.loads(program.rlm("sessions", "list", "--json").out)
    return [each["session"] for each in reversed(listed)]


def test_sessions_are_found_compared_named_and_removed(program: Program, runs: list[str]) -> None:
    first, second = runs
    listed = program.rlm("sessions", "list").out.splitlines()
    assert "test-root" in listed[0] and "notes" in listed[0] and "which pace?" in listed[0]
    assert "complete" in listed[0] and "now" in listed[0]

    found = program.rlm("sessions", "search", "brown", "colour")
    assert found.code == 0 and found.out == ""
    found = program.rlm("sessions", "search", "colour")
    assert first in found.out and second not in found.out and "question" in found.out
    hits = json.loads(program.rlm("sessions", "search", "brown", "--json").out)
    assert [hit["session"] for hit in hits] == [first]

    compared = program.rlm("sessions", "diff", first, second).out
    assert "  - which colour?" in compared and "  + which pace?" in compared
    assert "brown" in compared and "citations:" in compared
    assert program.rlm("sessions", "diff", first, first).out == "no difference\n"

    assert program.rlm("sessions", "rename", first, "the fox").code == 0
    assert "the fox" in program.rlm("sessions", "list").out
    assert program.rlm("sessions", "verify", first).code == 0

    assert program.rlm("sessions", "rm", first, "nothing").code == 4
    assert program.rlm("sessions", "rm", first).code == 0
    assert program.rlm("sessions", "search", "colour").out == ""
    assert [line.split()[0] for line in program.rlm("sessions", "list").out.splitlines()] == [second]


def test_an_answer_whose_file_has_changed_is_stale(program: Program, runs: list[str]) -> None:
    document = program.home / "notes" / "a.txt"
    fresh = program.rlm("sessions", "stale")
    assert (fresh.code, fresh.out) == (0, "") and "as it was" in fresh.err
    document.touch()
    assert program.rlm("sessions", "stale").out == ""
    document.write_text("The quick red fox jumps.\n")
    assert program.rlm("sessions", "stale").out.split() == [runs[0], "a.txt", "changed"]
    document.unlink()
    (stale,) = json.loads(program.rlm("sessions", "stale", "--json").out)
    assert (stale["session"], stale["path"], stale["why"]) == (runs[0], "a.txt", "gone")


def test_old_sessions_are_pruned_and_a_dry_run_only_says_so(program: Program, runs: list[str]) -> None:
    assert program.rlm("sessions", "prune", "--older-than", "30d").out == ""
    dry = program.rlm("sessions", "prune", "--older-than", "0d", "--dry-run")
    assert {line.split()[0] for line in dry.out.splitlines()} == set(runs)
    assert len(json.loads(program.rlm("sessions", "list", "--json").out)) == 2
    assert "2 sessions removed" in program.rlm("sessions", "prune", "--older-than", "0d").err
    assert json.loads(program.rlm("sessions", "list", "--json").out) == []


@pytest.mark.parametrize(
    "words", [["prune"], ["prune", "--older-than", "soon"], ["search"], ["search", "x", "-n", "0"]]
)
def test_what_cannot_be_understood_ends_with_2(program: Program, words: list[str]) -> None:
    assert program.rlm("sessions", *words).code == 2


def test_a_file_that_lies_elsewhere_is_not_removed(program: Program, runs: list[str], tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere" / "session.jsonl"
    elsewhere.parent.mkdir()
    elsewhere.write_bytes(program.session_file().read_bytes())
    assert program.rlm("sessions", "rm", elsewhere).code == 2
    assert elsewhere.exists()
