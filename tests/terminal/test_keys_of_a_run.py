"""Keys while `rlm ask` works: what they ask for reaches the model, and stands in the record."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from rlm_cli.events.bodies import Notice, RunStarted
from tests.journeys.program import Program, cell, roots_and_subs
from tests.servers.openai_server import Answer, Server
from tests.terminal.emulator import Tty
from tests.terminal.process import ask

QUESTION = "Is the liability capped?"
READY = cell("answer.update(content='It is.', ready=True)")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """One contract."""
    folder = tmp_path / "contracts"
    folder.mkdir()
    (folder / "cap.md").write_text("The Supplier's liability is capped at ten dollars a year.\n")
    return folder


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    """A pipe for stdout: its two ends."""
    ends = os.pipe()
    yield ends
    for end in ends:
        try:
            os.close(end)
        except OSError:
            continue


def test_tab_puts_a_question_behind_the_one_at_hand(
    program: Program, folder: Path, tty: Tty, pipe: tuple[int, int]
) -> None:
    reader, writer = pipe
    with Server([Answer("First.", hold="first"), Answer("Second.")]) as server:
        process = ask(program.at(server), tty, folder, QUESTION, stdout=writer)
        os.close(writer)
        server.wait_until(lambda each: len(each.chats) == 1)
        tty.wait_until(lambda each: each.shows("? keys"))
        tty.type("?")
        tty.wait_until(lambda each: each.shows("Tab queue"))
        tty.type("\tand for how long?\r")
        tty.wait_until(lambda each: each.shows("1 queued · next: and for how long?"))
        server.release("first")
        assert process.wait(30) == 0
        assert "and for how long?" in server.chats[1].last
    with os.fdopen(reader, "rb") as out:
        assert out.read() == b"First.\n\nSecond.\n"
    tty.settle()
    assert tty.is_sane
    questions = [each.body.question for each in program.events() if isinstance(each.body, RunStarted)]
    assert questions == [QUESTION, "and for how long?"]


def test_a_question_that_waits_is_named_and_not_asked_when_the_run_is_stopped(
    program: Program, folder: Path, tty: Tty
) -> None:
    with Server([Answer("First.", hold="first")]) as server:
        process = ask(program.at(server), tty, folder, QUESTION)
        server.wait_until(lambda each: len(each.chats) == 1)
        tty.wait_until(lambda each: each.shows("? keys"))
        tty.type("\tand for how long?\r")
        tty.wait_until(lambda each: each.shows("1 queued"))
        tty.type("\x03")
        assert process.wait(30) == 130
        assert len(server.chats) == 1
    tty.settle()
    assert tty.shows("not asked: and for how long?") and tty.is_sane


def test_into_a_file_no_second_answer_can_go_and_tab_says_so(
    program: Program, folder: Path, tty: Tty, tmp_path: Path
) -> None:
    with Server([Answer("First.", hold="first")]) as server:
        process = ask(program.at(server), tty, folder, QUESTION, "--out", tmp_path / "answer.md")
        server.wait_until(lambda each: len(each.chats) == 1)
        tty.wait_until(lambda each: each.shows("? keys"))
        tty.type("\t")
        tty.wait_until(lambda each: each.shows("no question can wait here"))
        tty.type("?")
        tty.wait_until(lambda each: each.shows("c fold"))
        assert not tty.shows("Tab queue")
        server.release("first")
        assert process.wait(30) == 0


def test_pause_note_and_answer_now_reach_the_model_and_stand_in_the_record(
    program: Program, folder: Path, tty: Tty
) -> None:
    look = Answer(cell("print(corpus.grep('capped'))"), hold="first")
    with Server(roots_and_subs([look, READY])) as server:
        process = ask(program.at(server), tty, folder, QUESTION, "--mode", "rlm")
        server.wait_until(lambda each: len(each.chats) == 1)
        tty.wait_until(lambda each: each.shows("? keys"))
        tty.type("sonly the äcaps\r")
        tty.wait_until(lambda each: each.shows("your note for the next turn: only the äcaps"))
        tty.type("p")
        server.release("first")
        tty.wait_until(lambda each: each.shows("paused before turn 2"))
        assert len(server.chats) == 1
        tty.type("p")
        assert process.wait(30) == 0
        assert "The user says: only the äcaps" in server.chats[1].last
    tty.settle()
    assert tty.shows("your note to the model: only the äcaps") and tty.is_sane
    told = [each.body.text for each in program.events() if isinstance(each.body, Notice)]
    assert told == ["your note to the model: only the äcaps", "paused before turn 2", "going on"]


def test_f_asks_for_the_answer_in_the_next_turn(program: Program, folder: Path, tty: Tty) -> None:
    look = Answer(cell("print(corpus.grep('capped'))"), hold="first")
    with Server(roots_and_subs([look, READY])) as server:
        process = ask(program.at(server), tty, folder, QUESTION, "--mode", "rlm")
        server.wait_until(lambda each: len(each.chats) == 1)
        tty.wait_until(lambda each: each.shows("? keys"))
        tty.type("f")
        tty.wait_until(lambda each: each.shows("you ask for the answer now"))
        server.release("first")
        assert process.wait(30) == 0
        assert "The user asks for the answer now" in server.chats[1].last
    tty.settle()
    assert tty.shows("you have asked for the answer now")


def test_where_one_call_answers_no_key_promises_a_turn(program: Program, folder: Path, tty: Tty) -> None:
    with Server([Answer("First.", hold="first")]) as server:
        process = ask(program.at(server), tty, folder, QUESTION)
        server.wait_until(lambda each: len(each.chats) == 1)
        tty.wait_until(lambda each: each.shows("? keys"))
        tty.type("p")
        tty.wait_until(lambda each: each.shows("one call gives the answer"))
        assert not tty.shows("pausing")
        server.release("first")
        assert process.wait(30) == 0


def test_the_clock_of_the_first_frame_is_that_of_the_run(program: Program, folder: Path, tty: Tty) -> None:
    with Server([Answer("First.")]) as server:
        assert ask(program.at(server), tty, folder, QUESTION).wait(30) == 0
    tty.settle()
    first = tty.raw.split(b"starting", 1)[1][:40]
    assert b"0:0" in first, first
