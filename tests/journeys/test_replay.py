"""Replay as a user has it: parts, turns, a running session, and the cells run again over today's files."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.journeys.program import Program, cell, roots_and_subs
from tests.servers.openai_server import Server

READ_A = cell("first = corpus['a.txt'].text\nprint(first)")
READ_B = cell(
    "second = corpus['b.txt'].text\n"
    "replies = llm_batch(['What colour?', ('Which animal?', second)])\n"
    "print(second, replies)\n"
    "typed = llm_query('As JSON', schema={'type': 'object'})"
)
FINISH = cell(
    "print({'x', 'y', 'z'})\n"
    "answer.update(content='It is brown ' + cite(corpus['a.txt'], 'The quick brown fox'), ready=True)"
)


@pytest.fixture
def notes(program: Program) -> Path:
    """A folder with two documents, and a session about them."""
    folder = program.home / "notes"
    folder.mkdir()
    (folder / "a.txt").write_text("The quick brown fox jumps.\n")
    (folder / "b.txt").write_text("A lazy dog sleeps.\n")
    with Server(roots_and_subs([READ_A, READ_B, FINISH], '{"colour": "brown"}')) as server:
        ended = program.at(server).rlm("ask", folder, "which colour?", "--mode", "rlm")
        assert ended.code == 0, ended.err
    return folder


def verified(program: Program) -> tuple[int, dict[str, object]]:
    ended = program.rlm("replay", "last", "--verify", "-f", "json")
    return ended.code, json.loads(ended.out)


def test_an_unchanged_corpus_gives_no_difference_and_no_request(program: Program, notes: Path) -> None:
    with Server(roots_and_subs(["never asked"])) as server:
        code, report = verified(program.at(server))
        assert server.chats == []
    assert report["differences"] == []
    assert (code, report["cells"], report["calls"], report["is_same"]) == (0, 3, 3, True)


def test_one_changed_file_is_named_with_exactly_the_cells_that_read_it(program: Program, notes: Path) -> None:
    (notes / "b.txt").write_text("A lazy cat sleeps.\n")
    with Server(roots_and_subs(["never asked"])) as server:
        code, report = verified(program.at(server))
        assert server.chats == []
    found = report["differences"]
    assert code == 9 and isinstance(found, list)
    assert [each["where"] for each in found if each["kind"] == "document"] == ["b.txt"]
    assert {each["where"] for each in found if each["kind"] in ("output", "call", "status")} == {"root/t2/c2"}
    assert not {"answer", "draft", "citation"} & {each["kind"] for each in found}
    told = program.rlm("replay", "last", "--verify")
    assert "document  b.txt: changed" in told.out
    assert "A lazy dog sleeps." in told.out and "A lazy cat sleeps." in told.out


def test_a_quotation_that_is_gone_is_a_difference_of_the_answer(program: Program, notes: Path) -> None:
    (notes / "a.txt").write_text("The slow red fox jumps.\n")
    code, report = verified(program)
    kinds = {each["kind"] for each in report["differences"]}  # type: ignore[attr-defined]
    assert code == 9
    assert {"document", "output", "status", "answer", "citation"} <= kinds


def test_a_part_is_printed_whole_and_alone(program: Program, notes: Path) -> None:
    cells = program.rlm("replay", "last", "--only", "cells")
    assert (cells.code, cells.err) == (0, "")
    assert "second = corpus['b.txt'].text" in cells.out and "A lazy dog" in cells.out
    assert "It is brown" not in cells.out.replace("content='It is brown", "")
    assert "Which animal?" in program.rlm("replay", "last", "--only", "calls").out
    assert "It is brown [1]" in program.rlm("replay", "last", "--only", "drafts").out.replace(
        "[[cite:1]]", "[1]"
    )
    answer = program.rlm("replay", "last", "--only", "answer")
    assert answer.out.startswith("It is brown [1]")
    kinds = [
        json.loads(line)["body"]["kind"]
        for line in program.rlm("replay", "last", "--only", "calls", "-f", "jsonl").out.splitlines()
    ]
    assert set(kinds) == {"sub.queued", "sub.started", "sub.finished"}


def test_turns_begin_and_end_where_they_are_asked_to(program: Program, notes: Path) -> None:
    ended = program.rlm("replay", "last", "--from", "2", "--to", "2")
    assert ended.code == 0
    assert "turn 2" in ended.err and "turn 1/" not in ended.err and "turn 3/" not in ended.err
    assert "shown up to turn 2" in ended.err
    spans = {
        json.loads(line)["span"].split("/")[1]
        for line in program.rlm("replay", "last", "--from", "2", "--to", "2", "-f", "jsonl").out.splitlines()
    }
    assert spans == {"t2"}


@pytest.mark.parametrize(
    "words",
    [
        ["--from", "9"],
        ["--to", "0"],
        ["--from", "3", "--to", "2"],
        ["--only", "weather"],
        ["--follow", "--step"],
        ["--verify", "--only", "cells"],
        ["--step"],
    ],
)
def test_what_cannot_be_shown_ends_with_2(program: Program, notes: Path, words: list[str]) -> None:
    ended = program.rlm("replay", "last", *words)
    assert (ended.code, ended.out) == (2, "")


def test_a_running_session_is_followed_to_its_end(program: Program, notes: Path) -> None:
    from tests.servers.openai_server import Answer

    held = Answer(FINISH, hold="end")
    with Server(roots_and_subs([READ_A, held])) as server:
        asking = program.at(server).start("ask", notes, "again?", "--mode", "rlm")
        server.wait_until(lambda each: len(each.chats) == 2, 60)
        following = program.start("replay", "last", "--follow", "-f", "jsonl")
        assert following.stdout is not None
        first = json.loads(following.stdout.readline())
        assert first["body"]["kind"] == "run.started"
        server.release("end")
        asking.communicate(timeout=60)
        rest, _ = following.communicate(timeout=60)
    assert json.loads(rest.splitlines()[-1])["body"]["kind"] == "run.finished"
    assert following.returncode == 0
