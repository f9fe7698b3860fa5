"""Ctrl-C, SIGTERM and kill -9 in every phase: the draft so far, the right code, nothing left behind."""

from __future__ import annotations

import fcntl
import signal
import subprocess
from pathlib import Path

import psutil
import pytest

from rlm_cli.events.bodies import RunFinished
from tests.journeys.program import Program, cell, roots_and_subs
from tests.servers.openai_server import Answer, Server

QUESTION = "Is the liability capped?"
DRAFT = cell("answer['content'] = 'so far'\nprint(corpus.grep('capped'))")
FAN_OUT = cell("replies = llm_batch([f'question {n}' for n in range(20)])")
WEDGED = cell("llm_query('started')\nwhile True: pass")


def ask(program: Program, folder: Path, *options: str) -> subprocess.Popen[str]:
    return program.start("ask", folder, QUESTION, "--mode", "rlm", *options)


def end_of(process: subprocess.Popen[str], family: list[psutil.Process]) -> tuple[int, str, str]:
    """The exit code and the output of the program, once it and all that it had started are gone."""
    out, err = process.communicate(timeout=30)
    _, alive = psutil.wait_procs(family, timeout=5)
    assert not alive, alive
    return process.returncode, out, err


def family_of(process: subprocess.Popen[str]) -> list[psutil.Process]:
    return psutil.Process(process.pid).children(recursive=True)


def test_ctrl_c_while_the_root_model_writes_gives_the_draft(program: Program, folder: Path) -> None:
    with Server(roots_and_subs([DRAFT, Answer("later", hold="root")])) as server:
        process = ask(program.at(server), folder)
        server.wait_until(lambda each: len(each.chats) == 2)
        family = family_of(process)
        process.send_signal(signal.SIGINT)
        code, out, err = end_of(process, family)
        assert server.chats[1].disconnected
    assert (code, out) == (3, "so far\n"), err


def test_ctrl_c_while_the_documents_are_read_ends_with_130(program: Program, folder: Path) -> None:
    assert program.rlm("corpus", "scan", folder).code == 0
    (folder / "cap.md").write_text("changed\n")
    lock = next((program.home / ".cache/rlm/corpora").glob("*/lock"))
    with lock.open() as held, Server(["never asked"]) as server:
        fcntl.flock(held, fcntl.LOCK_EX)
        process = ask(program.at(server), folder)
        said = said_until(process, "another rlm is reading")
        process.send_signal(signal.SIGINT)
        code, out, err = end_of(process, [])
        assert not server.chats
    assert (code, out) == (130, ""), said + err
    assert err.startswith("rlm: error: interrupted before the documents were read")


def test_ctrl_c_while_the_kernel_starts_ends_with_130(program: Program, folder: Path) -> None:
    with Server([Answer("later", hold="root")]) as server:
        process = ask(program.at(server), folder)
        said = said_until(process, "corpus:")
        process.send_signal(signal.SIGINT)
        code, out, err = end_of(process, family_of(process))
    assert (code, out) == (130, ""), said + err
    assert "Traceback" not in err


def said_until(process: subprocess.Popen[str], words: str) -> str:
    """What the program says on stderr, up to the line that holds these words."""
    assert process.stderr is not None
    said = ""
    while words not in said:
        line = process.stderr.readline()
        assert line, said
        said += line
    return said


def test_ctrl_c_before_any_draft_ends_with_130(program: Program, folder: Path) -> None:
    with Server([Answer("later", hold="root")]) as server:
        process = ask(program.at(server), folder)
        server.wait_until(lambda each: len(each.chats) == 1)
        family = family_of(process)
        process.send_signal(signal.SIGINT)
        code, out, err = end_of(process, family)
    assert (code, out) == (130, ""), err


def test_ctrl_c_during_a_fan_out_cancels_the_calls_in_flight(program: Program, folder: Path) -> None:
    with Server(roots_and_subs([DRAFT, FAN_OUT], Answer("x", hold="sub"))) as server:
        process = ask(program.at(server), folder)
        server.wait_until(lambda each: len(each.chats) == 22)
        family = family_of(process)
        process.send_signal(signal.SIGINT)
        code, out, err = end_of(process, family)
        server.wait_until(lambda each: each.in_flight == 0)
    assert (code, out) == (3, "so far\n"), err


@pytest.mark.parametrize("presses", [2, 3])
def test_a_further_ctrl_c_ends_a_cell_that_does_not_end(program: Program, folder: Path, presses: int) -> None:
    with Server(roots_and_subs([DRAFT, WEDGED], "yes")) as server:
        process = ask(program.at(server), folder)
        server.wait_until(lambda each: len(each.chats) == 3 and each.in_flight == 0)
        family = family_of(process)
        for word in ("stopping", "interrupting", "killing")[:presses]:
            process.send_signal(signal.SIGINT)
            until_said(process, word)
        code, out, err = end_of(process, family)
    assert (code, out) == (3, "so far\n"), err


def until_said(process: subprocess.Popen[str], word: str) -> None:
    """Read what the program says until it says this: two signals that come at once may be one."""
    assert process.stderr is not None
    assert any(word in line for line in iter(process.stderr.readline, "")), word


def test_sigterm_ends_with_143_and_a_whole_record(program: Program, folder: Path) -> None:
    with Server(roots_and_subs([DRAFT, WEDGED], "yes")) as server:
        process = ask(program.at(server), folder)
        server.wait_until(lambda each: len(each.chats) == 3 and each.in_flight == 0)
        family = family_of(process)
        process.terminate()
        code, out, err = end_of(process, family)
    assert (code, out) == (143, "so far\n"), err
    finished = program.events()[-1].body
    assert isinstance(finished, RunFinished)
    assert finished.stop == "terminated"


def test_kill_9_leaves_a_session_that_opens_and_no_process(program: Program, folder: Path) -> None:
    with Server(roots_and_subs([DRAFT, WEDGED], "yes")) as server:
        process = ask(program.at(server), folder)
        server.wait_until(lambda each: len(each.chats) == 3 and each.in_flight == 0)
        family = family_of(process)
        assert family
        process.kill()
        end_of(process, family)
    again = program.rlm("replay", program.session_file())
    assert again.out == "so far\n"
    assert "Traceback" not in again.err
    assert program.rlm("sessions", "verify", program.session_file()).code == 0


def test_ctrl_c_while_a_document_is_typed_ends_with_130(program: Program) -> None:
    process = program.start("ask", "-", QUESTION, stdin=subprocess.PIPE)
    assert process.stdin is not None
    process.stdin.write("a line\n")
    process.stdin.flush()
    wait_for_main(process)
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=20) == 130


def wait_for_main(process: subprocess.Popen[str]) -> None:
    """Until the program waits for its stdin: it has read what was written."""
    import struct
    import termios

    assert process.stdin is not None
    unread = 1
    while unread:
        raw = fcntl.ioctl(process.stdin.fileno(), termios.FIONREAD, struct.pack("i", 0))
        (unread,) = struct.unpack("i", raw)


def test_a_reader_that_goes_away_does_not_stop_the_record(program: Program, folder: Path) -> None:
    with Server(roots_and_subs([DRAFT, cell("answer['ready'] = True")])) as server:
        process = ask(program.at(server), folder, "-f", "jsonl")
        assert process.stdout is not None
        process.stdout.readline()
        process.stdout.close()
        assert process.wait(timeout=30) == 141
    assert isinstance(program.events()[-1].body, RunFinished)
