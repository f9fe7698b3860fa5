"""Wrong input: what, why and what to do, with the right exit code, before anything is spent."""

from __future__ import annotations

import os
import resource
from pathlib import Path

import pytest

from tests.journeys.program import Ended, Program, cell, roots_and_subs
from tests.servers.openai_server import Server

QUESTION = "Is the liability capped?"


def is_clear(ended: Ended) -> bool:
    return ended.err.startswith("rlm: error: ") and "→" in ended.err and "Traceback" not in ended.err


def test_a_missing_path(program: Program) -> None:
    ended = program.rlm("ask", "./contarcts", QUESTION)
    assert ended.code in (2, 4)
    assert is_clear(ended), ended.err
    assert "contarcts" in ended.err


def test_an_empty_folder(program: Program, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    ended = program.rlm("ask", tmp_path / "empty", QUESTION)
    assert ended.code == 4
    assert is_clear(ended), ended.err


def test_no_question(program: Program, folder: Path) -> None:
    ended = program.rlm("ask", folder)
    assert ended.code == 2
    assert is_clear(ended), ended.err


def test_nothing_at_all(program: Program) -> None:
    ended = program.rlm("ask")
    assert ended.code == 2
    assert is_clear(ended), ended.err


def test_a_file_that_cannot_be_read_is_skipped_and_named(program: Program, folder: Path) -> None:
    (folder / "gone.txt").symlink_to("/nowhere/at/all")
    os.mkfifo(folder / "pipe.txt")
    with Server(
        roots_and_subs([cell("print(corpus.grep('capped')); answer.update(content='x', ready=True)")])
    ) as s:
        ended = program.at(s).rlm("ask", folder, QUESTION, "--mode", "rlm")
    assert ended.code == 0, ended.err
    assert "gone.txt" in ended.err
    assert "pipe.txt" in ended.err


def test_only_unreadable_files(program: Program, tmp_path: Path) -> None:
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / "broken.pdf").write_bytes(b"%PDF-1.7\nthis is no PDF")
    ended = program.rlm("ask", tmp_path / "bad", QUESTION)
    assert ended.code == 4
    assert is_clear(ended), ended.err
    assert "broken.pdf" in ended.err


def test_no_key_for_the_named_model(program: Program, folder: Path) -> None:
    ended = program.rlm("ask", folder, QUESTION, "--model", "anthropic/claude-sonnet-4-5")
    assert ended.code == 5
    assert is_clear(ended), ended.err
    assert "ANTHROPIC_API_KEY" in ended.err


def test_a_ceiling_that_cannot_be_kept(program: Program, folder: Path) -> None:
    with Server("never") as server:
        ended = program.at(server).rlm(
            "ask", folder, QUESTION, "-m", "openai/nobody-knows", "--max-cost", "1"
        )
        assert not server.chats
    assert ended.code == 5
    assert is_clear(ended), ended.err
    assert "--max-cost" in ended.err


@pytest.mark.parametrize("option", ["--max-cost=-1", "--max-turns=none", "--mode=quick", "--colour=always"])
def test_a_wrong_option(program: Program, folder: Path, option: str) -> None:
    ended = program.rlm("ask", folder, QUESTION, option)
    assert ended.code in (2, 5)
    assert is_clear(ended), ended.err


def test_a_full_disk_keeps_the_answer_and_says_so(program: Program, folder: Path) -> None:
    def full() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, 60_000))

    big = cell("print('x' * 15_000); print(corpus.grep('capped')); answer['content'] = 'so far'")
    more = [cell(f"print('y' * 15_000, {number})") for number in range(30)]
    program.environ["PYTHONDONTWRITEBYTECODE"] = "1"
    with Server(roots_and_subs([big, *more])) as server:
        ended = program.at(server).rlm("ask", folder, QUESTION, "--mode", "rlm", preexec_fn=full)
    assert (ended.code, ended.out) == (4, "so far\n"), ended.err
    assert "No space left on device" in ended.err
    assert "Traceback" not in ended.err
    assert program.rlm("replay", program.session_file()).out == "so far\n"
    assert program.rlm("sessions", "verify", program.session_file()).code == 0


def test_a_home_that_cannot_be_written(program: Program, folder: Path) -> None:
    program.environ["XDG_DATA_HOME"] = "/proc/nowhere"
    ended = program.rlm("ask", folder, QUESTION)
    assert ended.code == 4
    assert is_clear(ended), ended.err
