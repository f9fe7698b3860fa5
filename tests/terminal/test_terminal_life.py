"""The terminal is as it was before, whatever ends a run; and keys reach the run while it works."""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path

import pytest

from tests.journeys.program import Program, cell, roots_and_subs
from tests.servers.openai_server import Answer, Server
from tests.terminal.emulator import Tty
from tests.terminal.process import ask, drive

QUESTION = "Is the liability capped?"
DRAFT = cell("answer['content'] = 'so **far**'\nprint(corpus.grep('capped'))")
WEDGED = cell("llm_query('started')\nwhile True: pass")
DEAF = cell("llm_query('started')\nsum(range(10**13))")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two contracts."""
    folder = tmp_path / "contracts"
    folder.mkdir()
    (folder / "cap.md").write_text("The Supplier's liability is capped at ten dollars a year.\n")
    (folder / "nocap.md").write_text("The Supplier's liability is not capped at all.\n")
    return folder


def test_the_answer_alone_is_on_stdout_while_the_view_is_live_on_stderr(
    program: Program, folder: Path, tty: Tty
) -> None:
    reader, writer = os.pipe()
    with Server([Answer("Capped at **ten** dollars.")]) as server:
        process = ask(program.at(server), tty, folder, QUESTION, stdout=writer)
        os.close(writer)
        assert process.wait(30) == 0
    with os.fdopen(reader, "rb") as pipe:
        assert pipe.read() == b"Capped at **ten** dollars.\n"
    tty.settle()
    assert b"\x1b[?25l" in tty.raw and not tty.shows("**ten**")
    assert tty.shows("complete: the answer is ready") and tty.is_sane


def test_force_color_brings_no_cursor_codes_into_a_pipe(program: Program, folder: Path) -> None:
    program.environ |= {"FORCE_COLOR": "1", "TERM": "xterm-256color"}
    with Server([Answer("Capped.")]) as server:
        done = program.at(server).rlm("ask", folder, QUESTION, "--ui", "live")
    assert (done.code, done.out) == (0, "Capped.\n")
    assert "\x1b[1m" in done.err
    assert not [code for code in done.err.split("\x1b[")[1:] if code.lstrip("0123456789;")[:1] != "m"]
    assert "\r" not in done.err


@pytest.mark.parametrize("presses", [1, 2, 3])
def test_ctrl_c_leaves_a_sane_terminal_and_the_draft(
    program: Program, folder: Path, tty: Tty, presses: int
) -> None:
    then = {1: Answer("later", hold="root"), 2: WEDGED, 3: DEAF}[presses]
    with Server(roots_and_subs([DRAFT, then], "yes")) as server:
        process = ask(program.at(server), tty, folder, QUESTION, "--mode", "rlm")
        calls = 2 if presses == 1 else 3
        server.wait_until(lambda each: len(each.chats) == calls and each.in_flight == (presses == 1))
        tty.wait_until(lambda each: each.shows("draft 1"))
        for word in ("stopping", "interrupting", "killing")[:presses]:
            tty.type("\x03")
            tty.wait_until(lambda each, word=word: each.shows(word))  # type: ignore[misc]
        assert process.wait(30) == 3
    tty.settle()
    assert tty.is_sane
    assert tty.screen().count("so far") == 1, "the answer, with its Markdown drawn"


def test_sigterm_leaves_a_sane_terminal(program: Program, folder: Path, tty: Tty) -> None:
    with Server([Answer("later", hold="root")]) as server:
        process = ask(program.at(server), tty, folder, QUESTION)
        server.wait_until(lambda each: len(each.chats) == 1)
        tty.wait_until(lambda each: each.shows("? keys"))
        assert not tty.is_sane
        process.terminate()
        assert process.wait(30) == 143
    tty.settle()
    assert tty.is_sane


def test_a_crash_leaves_a_sane_terminal(tty: Tty) -> None:
    process = drive(tty, "crash")
    assert process.wait(20) == 1
    tty.settle()
    assert tty.is_sane
    assert tty.shows("a fault of the program")


def test_a_view_that_fails_goes_on_with_plain_lines(tty: Tty) -> None:
    process = drive(tty, "break")
    assert process.wait(20) == 0
    tty.settle()
    assert tty.is_sane
    assert tty.shows("the live view has failed (ValueError('a fault of the view'))")
    assert tty.shows("cell 3: NameError") and tty.shows("There is one conflict. [1]")


def test_ctrl_z_gives_the_terminal_back_and_fg_takes_it_again(tty: Tty) -> None:
    process = begun(tty)
    tty.type("\x1a")
    _, status = os.waitpid(process.pid, os.WUNTRACED)
    assert os.WIFSTOPPED(status)
    tty.settle()
    assert tty.is_sane
    assert not any("? keys" in line for line in tty.screen())
    process.send_signal(signal.SIGCONT)
    tty.wait_until(lambda each: any("? keys" in line for line in each.screen()))
    process.kill()
    process.wait(20)


def test_keys_pause_steer_answer_fold_and_explain(tty: Tty) -> None:
    process = begun(tty, subprocess.PIPE)
    assert process.stdout is not None
    for keys, command in (
        ("p", "Pause(is_paused=True)"),
        ("p", "Pause(is_paused=False)"),
        ("sonly äcaps\r", "Steer(note='only äcaps')"),
        ("f", "AnswerNow()"),
    ):
        tty.type(keys)
        assert process.stdout.readline() == f"{command}\n"
    tty.type("?")
    tty.wait_until(lambda each: each.shows("p pause"))
    assert any("✓✓✓" in line for line in tty.screen())
    tty.type("c")
    tty.wait_until(lambda each: not any("✓✓✓" in line for line in each.screen()))
    process.kill()
    process.communicate(timeout=20)


def begun(tty: Tty, stdout: int | None = None) -> subprocess.Popen[str]:
    """The small program, in the middle of its run."""
    process = drive(tty, "wait", stdout)
    tty.wait_until(lambda each: any("? keys" in line for line in each.screen()))
    return process
