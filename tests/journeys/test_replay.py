"""Replay as a user has it: parts, turns, a running session, and the cells run again over today's files."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.journeys.program import Program, cell, roots_and_subs
from tests.servers.openai_server import Answer, Server

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


SECOND = cell("third = corpus['c.txt'].text\nprint(third)\nreply = llm_query('Which colour?', third)")
ANSWERED = cell(
    "mark = cite(corpus['c.txt'], 'a grey cat')\nanswer.update(content=f'{reply} {mark}', ready=True)"
)
CHILD = cell(
    "parts = rlm_batch(['Which bird?', 'Which fish?'], [corpus['d.txt'], corpus['e.txt']])\nprint(parts)"
)
TOLD = cell("answer.update(content=' and '.join(map(str, parts)), ready=True)")
IN_CHILD = cell("one = corpus[0].text\nanswer.update(content=llm_query('Name it', one) + one, ready=True)")
BEASTS = {
    "a.txt": "The quick brown fox jumps.\n",
    "b.txt": "A lazy dog sleeps.\n",
    "c.txt": "Here sits a grey cat.\n",
    "d.txt": "A heron.\n",
    "e.txt": "A carp.\n",
}


def of_beasts(body: dict[str, Any], before: int) -> Answer:
    """A provider that plays three questions in a row, and two child runs."""
    if body["model"] == "test-sub":
        return Answer('{"colour": "brown"}' if "JSON" in str(body["messages"]) else "brown")
    turns = [READ_A, READ_B, FINISH, SECOND, ANSWERED, CHILD, TOLD]
    if re.search(r"Which (bird|fish)\?", body["messages"][1]["content"]):
        turns = [IN_CHILD]
    turn = sum(message["role"] == "assistant" for message in body["messages"])
    return Answer(turns[min(turn, len(turns) - 1)])


@pytest.fixture
def three_questions(program: Program) -> Path:
    """A session of three questions: of code, of a sub-call and a citation, of two child runs."""
    folder = program.home / "beasts"
    folder.mkdir()
    for name, text in BEASTS.items():
        (folder / name).write_text(text)
    with Server(of_beasts) as server:
        asked = program.at(server).rlm("ask", folder, "colour?", "--mode", "rlm", "--max-depth", "2")
        second = program.rlm("ask", "-c", "And the cat?")
        third = program.rlm("ask", "-c", "And the others?")
        assert (asked.code, second.code, third.code) == (0, 0, 0), (asked.err, second.err, third.err)
    return folder


def test_every_question_of_a_session_is_compared(program: Program, three_questions: Path) -> None:
    with Server(roots_and_subs(["never asked"])) as server:
        code, report = verified(program.at(server))
        assert server.chats == []
    assert report["differences"] == []
    assert (code, report["questions"], report["cells"]) == (0, 3, 9)


@pytest.mark.parametrize(
    ("name", "text", "cells", "others"),
    [
        ("b.txt", "A lazy cow sleeps.\n", {"root/t2/c2"}, set()),
        ("c.txt", "Here sits a white cat.\n", {"root/t4/c4", "root/t5/c5"}, {"answer", "citation"}),
        ("d.txt", "A stork.\n", {"root/t6/c6/s1/t1/c1"}, {"draft"}),
    ],
)
def test_the_cells_of_whatever_question_that_read_a_changed_file_are_named(
    program: Program, three_questions: Path, name: str, text: str, cells: set[str], others: set[str]
) -> None:
    (three_questions / name).write_text(text)
    with Server(roots_and_subs(["never asked"])) as server:
        code, report = verified(program.at(server))
        assert server.chats == []
    found = report["differences"]
    assert code == 9 and isinstance(found, list)
    assert [each["where"] for each in found if each["kind"] == "document"] == [name]
    of_cells = {"output", "call", "status", "draft", "variable"}
    assert {each["where"] for each in found if each["kind"] in of_cells} == cells
    assert others <= {each["kind"] for each in found} <= others | of_cells | {"document"}
    assert all("question 2" in each["what"] for each in found if each["kind"] == "answer")
