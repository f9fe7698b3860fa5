"""A session goes on: after a kill, with the next question, from a turn of its own; nothing is paid twice."""

from __future__ import annotations

import re
import signal
import subprocess
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from rlm_cli.events.bodies import CellFinished, RunFinished, RunResumed, RunStarted, SubFinished
from rlm_cli.views.run import fold
from tests.journeys.program import Program, cell
from tests.servers.openai_server import Answer, Server

QUESTION = "How many contracts have a cap?"
LOOK = cell("seen = corpus.grep('capped')\nmark = cite(corpus['cap.md'], 'capped at ten dollars a year')")
FAN_OUT = cell(
    "texts = [f'{document.path}: {document.text[:200]}' for document in corpus]\n"
    "replies = llm_batch('Is there a cap?', texts)\nmemory['asked'] = len(replies)\nprint(len(replies))"
)
COUNT = cell("yes = sum('yes' in reply for reply in replies)\nprint(yes)")
FINISH = cell('answer.update(content=f\'{yes} of {memory["asked"]}: "capped at ten dollars a year" {mark}\')')
READY = cell("answer['ready'] = True")
TURNS = [LOOK, FAN_OUT, COUNT, FINISH, READY]
ANSWER = '2 of 14: "capped at ten dollars a year" [1]'
DOCUMENTS = 14


def answering(turns: list[str], held: str = "") -> Any:
    """A provider whose root plays a turn each; a sub-call on this document, or this turn, is held back."""

    def script(body: dict[str, Any], before: int) -> Answer:
        if body["model"] == "test-sub":
            text = body["messages"][-1]["content"]
            hold = "sub" if held and held in text else ""
            return Answer("yes" if "capped" in text else "no", hold=hold)
        turn = sum(message["role"] == "assistant" for message in body["messages"])
        return Answer(turns[min(turn, len(turns) - 1)], hold="root" if held == f"turn {turn + 1}" else "")

    return script


def asked(server: Server) -> Counter[str]:
    """How often each model was asked, by its name; requests that were never answered are left out."""
    return Counter(
        chat.body["model"] for chat in server.chats if chat.status == 200 and not chat.disconnected
    )


def killed(program: Program, folder: Path, server: Server, requests: int) -> None:
    """Ask, one call at a time, and kill the program when this request has come, which is held back."""
    process = program.at(server).start("ask", folder, QUESTION, "--mode", "rlm", "-j", "1")
    server.wait_until(lambda each: len(each.chats) == requests and each.in_flight == 1, 30.0)
    family = psutil.Process(process.pid).children(recursive=True)
    process.kill()
    process.communicate(timeout=30)
    psutil.wait_procs(family, timeout=5)
    server.wait_until(lambda each: each.in_flight == 0)


@pytest.mark.parametrize(
    ("held", "requests"),
    [("contract_07", 11), ("turn 4", 4 + DOCUMENTS)],
)
def test_a_killed_run_goes_on_to_the_answer_of_an_undisturbed_one(
    program: Program, folder: Path, held: str, requests: int
) -> None:
    with Server(answering(TURNS, held)) as server:
        killed(program, folder, server, requests)
        before = asked(server)
    with Server(answering(TURNS)) as server:
        ended = program.at(server).rlm("ask", "--resume", "last")
        assert ended.code == 0, ended.err
        paid = before + asked(server)
    assert ended.out.splitlines()[0] == ANSWER
    assert "not rebuilt" not in ended.err
    assert paid == {"test-root": len(TURNS), "test-sub": DOCUMENTS}
    view = fold(program.events())
    assert view.finished is not None
    assert (view.finished.root_usage.calls, view.finished.sub_usage.calls) == (len(TURNS), DOCUMENTS)
    assert view.finished.citations[0].path == "cap.md"
    assert [each.number for each in view.cells] == [1, 2, 3, 4, 5]
    assert program.rlm("sessions", "verify", "last").code == 0
    assert program.rlm("replay", "last").out == ended.out


def test_a_run_that_was_stopped_by_a_limit_goes_on_with_a_higher_one(program: Program, folder: Path) -> None:
    with Server(answering(TURNS)) as server:
        first = program.at(server).rlm("ask", folder, QUESTION, "--mode", "rlm", "--max-turns", "3")
        assert first.code == 7, first.err
        again = program.rlm("ask", "--resume", "last", "--max-turns", "9", "-f", "json")
        assert asked(server) == {"test-root": len(TURNS), "test-sub": DOCUMENTS}
    assert again.result["answer"] == ANSWER


def test_what_cannot_be_rebuilt_is_named_and_nothing_is_paid_for_it(program: Program, folder: Path) -> None:
    odd = cell("import time\nstamp = time.time_ns()\nprint(stamp)\nreply = llm_query(f'at {stamp}?')")
    with Server(answering([LOOK, odd, READY], "turn 3")) as server:
        killed(program, folder, server, 4)
    with Server(answering([LOOK, odd, cell("answer.update(content='done', ready=True)")])) as server:
        ended = program.at(server).rlm("ask", "--resume", "last")
        assert asked(server) == {"test-root": 1}
        told = server.chats[-1].body["messages"]
    assert ended.out == "done\n"
    assert "cell 2 made 1 call that is not in the record" in ended.err
    resumed = next(event.body for event in program.events() if isinstance(event.body, RunResumed))
    assert len(resumed.lost) == 2
    assert any("Not all came out as before" in message["content"] for message in told)


def test_the_next_question_finds_everything_as_it_was_left(program: Program, folder: Path) -> None:
    follow = cell(
        "print(yes, memory['asked'], repr(answer['content']), len(history))\n"
        "again = llm_batch('Is there a cap?', texts)\n"
        "answer.update(content=f'{yes} again {mark}', ready=True)"
    )
    with Server(answering([*TURNS, follow])) as server:
        program.at(server).rlm("ask", folder, QUESTION, "--mode", "rlm")
        before = asked(server)
        ended = program.rlm("ask", "-c", "And how many again?")
        assert asked(server) - before == {"test-root": 1}
        last = server.chats[-1].body["messages"]
    assert ended.code == 0, ended.err
    assert ended.out.splitlines()[0] == "2 again [1]"
    assert "<question>\nAnd how many again?\n</question>" in last[-1]["content"]
    assert len(last) == 2 + 2 * len(TURNS)
    events = program.events()
    assert [e.body.question for e in events if isinstance(e.body, RunStarted)] == [
        QUESTION,
        "And how many again?",
    ]
    shown = [e.body.shown for e in events if isinstance(e.body, CellFinished)][-1]
    assert shown == "2 14 '' 5\n"
    third = cell("answer.update(content=f'{len(again)} in all', ready=True)")
    with Server(answering([*TURNS, follow, third])) as server:
        ended = program.at(server).rlm("ask", "--continue", "-q", "In all?")
        assert asked(server) == {"test-root": 1}
    assert ended.out == "14 in all\n"


def test_a_fork_with_another_question_pays_for_what_is_new_alone(program: Program, folder: Path) -> None:
    with Server(answering(TURNS)) as server:
        program.at(server).rlm("ask", folder, QUESTION, "--mode", "rlm")
    source = program.session_file()
    before = source.read_bytes()
    final = cell(
        "new = llm_query('Anything else?')\nanswer.update(content=f'{len(replies)} {new}', ready=True)"
    )
    with Server(answering([LOOK, FAN_OUT, final])) as server:
        ended = program.at(server).rlm("ask", "--fork", f"{source.parent.name}@2", "How many were read?")
        assert asked(server) == {"test-root": 1, "test-sub": 1}
        opening = server.chats[0].body["messages"][1]["content"]
    assert ended.out == "14 no\n", ended.err
    assert "<question>\nHow many were read?\n</question>" in opening
    assert source.read_bytes() == before
    view = fold(program.events())
    assert view.started is not None and view.finished is not None
    assert (view.started.question, view.started.origin) == (
        "How many were read?",
        f"fork {source.parent.name}@2",
    )
    assert view.finished.sub_usage.calls == 1
    assert (
        sum(isinstance(e.body, SubFinished) and e.body.status == "recorded" for e in program.events()) == 14
    )
    assert program.rlm("sessions", "verify", "last").code == 0


def test_a_complete_session_is_not_resumed_and_a_fork_of_its_end_wants_the_next_question(
    program: Program, folder: Path
) -> None:
    with Server(answering([*TURNS, cell("answer.update(content=f'{yes}!', ready=True)")])) as server:
        program.at(server).rlm("ask", folder, QUESTION, "--mode", "rlm")
        complete = program.rlm("ask", "--resume", "last")
        refused = program.rlm("ask", "--fork", "last@5")
        ended = program.rlm("ask", "--fork", "last@5", "Sure?")
    assert (complete.code, refused.code) == (2, 2)
    assert "--continue" in complete.err
    assert "@4" in refused.err
    assert ended.out == "2!\n", ended.err
    assert sum(isinstance(event.body, RunFinished) for event in program.events()) == 2


def test_a_small_corpus_that_went_to_the_model_whole_is_asked_about_again(
    program: Program, folder: Path
) -> None:
    with Server([Answer("It is capped."), Answer("Ten dollars.")]) as server:
        program.at(server).rlm("ask", folder / "cap.md", "Capped?")
        ended = program.rlm("ask", "-c", "How high?")
        asked_last = server.chats[-1].body["messages"]
    assert ended.out == "Ten dollars.\n", ended.err
    assert re.search(r"Capped\?[\s\S]*It is capped\.[\s\S]*How high\?", str(asked_last))


def test_a_watched_question_pays_for_the_changed_file_alone(program: Program, tmp_path: Path) -> None:
    folder = tmp_path / "many"
    folder.mkdir()
    for number in range(200):
        (folder / f"{number:03}.txt").write_text(f"Contract {number}. The liability is not limited.\n" * 30)
    ask_all = cell(
        "print(len(corpus))\n"
        "replies = llm_batch('Is there a cap?', [document.text for document in corpus])\n"
        "print(sum('yes' in reply for reply in replies))"
    )
    finish = cell("answer.update(content=f\"{sum('yes' in reply for reply in replies)} capped\", ready=True)")

    with Server(answering([ask_all, finish])) as server:
        process = program.at(server).start("ask", folder, "How many?", "--mode", "rlm", "--watch")
        lines = said_by(process)
        until(lines, "watching 200 documents")
        assert asked(server) == {"test-root": 2, "test-sub": 200}
        (folder / "117.txt").write_text("The liability is capped.\n")
        until(lines, "the answer has changed")
        assert (next(lines), next(lines)) == ("  -0 capped\n", "  +1 capped\n")
        assert asked(server) == {"test-root": 3, "test-sub": 201}
        (folder / "118.txt").touch()
        until(lines, "the answer is the same")
        assert asked(server) == {"test-root": 3, "test-sub": 201}
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=30) == 0
    assert process.stdout is not None
    assert process.stdout.read() == "0 capped\n1 capped\n1 capped\n"
    started = next(e.body for e in program.events() if isinstance(e.body, RunStarted))
    assert started.origin.startswith("watch ")


def said_by(process: subprocess.Popen[str]) -> Iterator[str]:
    assert process.stderr is not None
    return iter(process.stderr.readline, "")


def until(lines: Iterator[str], words: str) -> None:
    """Read what the program says until it says this."""
    heard: list[str] = []
    for line in lines:
        heard.append(line)
        if words in line:
            return
    raise AssertionError(f"{words!r} was never said: {''.join(heard)}")


def test_a_watched_question_of_child_runs_pays_for_the_child_of_the_changed_file_alone(
    program: Program, tmp_path: Path
) -> None:
    folder = tmp_path / "few"
    folder.mkdir()
    for number in range(5):
        (folder / f"{number}.txt").write_text(f"Contract {number}. The liability is not limited.\n" * 30)
    fan = cell(
        "found = corpus.grep('liability')\n"
        "parts = rlm_batch([f'Is {document.path} capped?' for document in corpus], list(corpus))\n"
        "print(len(parts))"
    )
    finish = cell("answer.update(content=' '.join(map(str, parts)), ready=True)")
    inside = cell(
        "seen = corpus[0].grep('capped')\nsaid = llm_query('Capped?', corpus[0].text)\nprint(len(seen))"
    )
    inside_end = cell("answer.update(content=str(said), ready=True)")
    script = answering([fan, finish])

    def with_children(body: dict[str, Any], before: int) -> Answer:
        opening = body["messages"][1]["content"]
        if body["model"] == "test-root" and ".txt capped?" in opening:
            return Answer([inside, inside_end][sum(m["role"] == "assistant" for m in body["messages"])])
        return script(body, before)

    with Server(with_children) as server:
        process = program.at(server).start(
            "ask", folder, "How many?", "--mode", "rlm", "--watch", "--max-depth", "2"
        )
        lines = said_by(process)
        until(lines, "watching 5 documents")
        assert asked(server) == {"test-root": 2 + 5 * 2, "test-sub": 5}
        (folder / "3.txt").write_text("The liability is capped.\n")
        until(lines, "the answer has changed")
        until(lines, "watching 5 documents")
        assert asked(server) == {"test-root": 2 + 5 * 2 + 2, "test-sub": 6}
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=30) == 0
    assert process.stdout is not None
    assert process.stdout.read() == "no no no no no\nno no no yes no\n"
