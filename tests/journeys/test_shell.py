"""`rlm shell` on a real pseudo-terminal, driven by keys, over a real kernel and real HTTP."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from rlm_cli.events.bodies import CellStarted, RunResumed, RunStarted
from rlm_cli.stream.reading import read
from tests.journeys.program import Program, cell
from tests.servers.openai_server import Answer, Server
from tests.terminal.emulator import Tty
from tests.terminal.shell import Shell

FIRST = [
    cell(
        "replies = llm_batch('Is there a cap?', [document.text for document in corpus])\n"
        "print(sum('yes' in reply for reply in replies), 'of', len(replies))"
    ),
    cell(
        "quote = 'liability is capped at ten dollars a year'\n"
        "memory['capped'] = 'cap.md'\n"
        'answer.update(content=f\'One is: "{quote}" {cite(corpus["cap.md"], quote)}. No more.\', ready=True)'
    ),
]
SECOND = [cell("answer.update(content=f'{len(replies)} were read, and x is {x}.', ready=True)")]
THIRD = [cell("import time\nwhile True: time.sleep(0.01)"), cell("print('again')")]


def provider(body: dict[str, Any], before: int) -> Answer:
    """A root model that knows three questions, each by its words."""
    if body["model"] == "test-sub":
        text = body["messages"][-1]["content"]
        return Answer("yes, capped" if "is capped" in text else "no")
    messages = body["messages"]
    starts = [n for n, message in enumerate(messages) if "<question>" in message["content"]]
    question = messages[starts[-1]]["content"]
    turn = sum(message["role"] == "assistant" for message in messages[starts[-1] :])
    turns = SECOND if "read?" in question else THIRD if "for ever" in question else FIRST
    return Answer(turns[min(turn, len(turns) - 1)])


def roots(server: Server) -> int:
    return sum(chat.body["model"] == "test-root" for chat in server.chats)


def test_three_questions_and_everything_between_them(
    program: Program, folder: Path, start: Callable[..., Shell]
) -> None:
    with Server(provider) as server:
        shell = start(server)
        assert "14" in shell.do(">>> len(corpus)")
        shell.do(">>> x = 40 + 2")
        said = shell.do("Which is capped?")
        assert 'One is: "liability is capped at ten dollars a year" [1]' in said
        assert "The user has run this in the kernel" in server.chats[0].messages[1]["content"]
        why = shell.do("/why 1")
        assert "cap.md, line 3" in why and "found word for word" in why
        assert "cited by cell 4" in why and "read by sub-call c3/s1" in why
        assert "no note stands behind" in shell.do("/why 2")
        assert "replies = llm_batch" in shell.do("/cell 3")
        assert "2 of 14" in shell.do("/out 3") or "1 of 14" in shell.do("/out 3")
        assert "no sub-call has failed" in shell.do("/calls failed")
        assert "capped = 'cap.md'" in shell.do("/memory")
        shell.do("/memory who = 'me'")
        assert "who = 'me'" in shell.do("/memory")
        assert "14 were read, and x is 42." in shell.do("How many were read?")
        asked = len(server.chats)
        shell.do("/undo")
        assert "14" in shell.do(">>> len(replies)")
        assert len(server.chats) == asked
        assert "14 were read, and x is 42." in shell.do("How many were read?")
        fork = shell.do("/fork 1 Which is capped, I ask?")
        assert 'One is: "liability is capped' in fork
        assert "this is session" in fork
        assert shell.leave() == 0
        assert shell.tty.is_sane
    sessions = sorted((program.home / ".local/share/rlm/sessions").glob("*/session.jsonl"))
    first, forked = (read(path).events for path in sessions)
    users = [e.body.code for e in first if isinstance(e.body, CellStarted) and e.body.origin == "user"]
    assert users[:3] == ["len(corpus)", "x = 40 + 2", "memory['who'] = 'me'"]
    assert [e.body.why for e in first if isinstance(e.body, RunResumed)] == ["undo"]
    assert [e.body.question for e in first if isinstance(e.body, RunStarted)] == [
        "Which is capped?",
        "How many were read?",
        "How many were read?",
    ]
    assert (
        next(e.body.question for e in forked if isinstance(e.body, RunStarted)) == "Which is capped, I ask?"
    )


def test_ctrl_c_clears_a_line_and_comes_back_from_a_run_with_its_variables(
    start: Callable[..., Shell],
) -> None:
    with Server(provider) as server:
        shell = start(server)
        shell.tty.type("half a line")
        shell.tty.wait_until(lambda tty: tty.lines()[-1] == "rlm> half a line")
        shell.tty.type("\x03")
        shell.ready()
        shell.do(">>> kept = 7")
        shell.tty.type("Go on for ever\r")
        shell.tty.wait_until(lambda tty: tty.shows("while True") and tty.shows("cell 2"))
        shell.tty.type("\x03")
        shell.ready()
        assert shell.tty.shows("interrupted")
        assert "7" in shell.do(">>> kept")
        shell.tty.type(">>> print('go' + 'ing')\x1b\rwhile True: pass\r")
        shell.tty.wait_until(lambda tty: tty.shows("going"))
        shell.tty.type("\x03")
        shell.ready()
        assert "8" in shell.do(">>> kept + 1")
        assert shell.leave() == 0


def test_python_of_many_lines_is_handed_over_when_it_is_whole(start: Callable[..., Shell]) -> None:
    with Server(provider) as server:
        shell = start(server)
        shell.tty.type(">>> for n in range(3):\r")
        shell.tty.wait_until(lambda tty: tty.lines()[-1].startswith("…"))
        said = shell.do("    print(n * 7)\r")
        assert "14" in said
        shell.tty.type("/wh\t")
        shell.tty.wait_until(lambda tty: tty.lines()[-1].strip() == "rlm> /why")
        shell.do(" 1")
        assert "there is no /wy; did you mean /why?" in shell.do("/wy")
        assert "hello" in shell.do("!echo hello")
        assert "$5.00" in shell.do("/limits usd 5")
        assert "much" in shell.do("/limits usd much").replace("/limits usd much", "", 1)
        assert "test-root" in shell.do("/model")
        assert "error:" in shell.do("/model nowhere/at-all")
        assert "14 documents" in shell.do("/corpus")
        assert "$0.00" in shell.do("/cost")
        assert "no answer to save" in shell.do("/save answer.md")
        assert "no question to take back" in shell.do("/undo")
        assert "/why N" in shell.do("/help")
        assert server.chats == []
        assert shell.leave() == 0


def test_a_session_goes_on_in_a_shell(program: Program, folder: Path, start: Callable[..., Shell]) -> None:
    with Server(provider) as server:
        program.at(server).rlm("ask", folder, "Which is capped?", "--mode", "rlm")
        asked = len(server.chats)
        shell = start(server, "--continue")
        assert "14" in shell.do(">>> len(replies)")
        assert len(server.chats) == asked
        shell.do(">>> x = 1")
        assert "14 were read, and x is 1." in shell.do("How many were read?")
        assert shell.leave() == 0


def test_the_shell_wants_a_terminal_and_something_to_read(program: Program, tmp_path: Path) -> None:
    ended = program.rlm("shell", tmp_path)
    assert ended.code == 2
    assert "needs a terminal" in ended.err
    empty = tmp_path / "empty"
    empty.mkdir()
    tty = Tty(100, 30)
    ends = {"stdin": tty.slave, "stdout": tty.slave, "stderr": tty.slave}
    assert program.start("shell", empty, "--model", "offline", **ends).wait(timeout=60) == 4
    tty.wait_until(lambda each: each.shows("nothing to read in"))
    tty.close()
    assert not list((program.home / ".local/share/rlm/sessions").glob("*/session.jsonl"))
