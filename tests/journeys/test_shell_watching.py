"""`/watch`, `/theme`, queued questions and the second question of a shell that shows a moving view."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from rlm_cli.events.bodies import RunStarted
from rlm_cli.stream.reading import read
from tests.journeys.program import Program, cell
from tests.servers.openai_server import Answer, Server
from tests.terminal.shell import Shell

COUNT = cell(
    "replies = llm_batch('Is there a cap?', [document.text for document in corpus])\n"
    "many = sum('yes' in reply for reply in replies)\n"
    "answer.update(content=f'{many} of {len(replies)} are capped, and x is {x}.', ready=True)"
)


def provider(body: dict[str, Any], before: int) -> Answer:
    """A sub-model that knows a cap when it sees one, and a root model that counts them."""
    if body["model"] == "test-sub":
        return Answer("yes, capped" if "is capped" in body["messages"][-1]["content"] else "no")
    return Answer(COUNT)


def subs(server: Server) -> int:
    return sum(chat.body["model"] == "test-sub" for chat in server.chats)


def test_watch_asks_the_last_question_again_and_pays_for_the_changed_file_alone(
    program: Program, folder: Path, start: Callable[..., Shell]
) -> None:
    with Server(provider) as server:
        shell = start(server)
        assert "there is no question to ask again" in shell.do("/watch")
        shell.do(">>> x = 7")
        assert "1 of 14 are capped, and x is 7." in shell.do("How many?")
        assert subs(server) == 14
        shell.tty.type("/watch\r")
        shell.tty.wait_until(lambda tty: tty.shows("watching 14 documents; Ctrl-C comes back"))
        (folder / "nocap.md").write_text("# A cap\n\nThe Supplier's liability is capped at one dollar.\n")
        shell.tty.wait_until(lambda tty: tty.shows("+2 of 14 are capped, and x is 7."))
        assert shell.tty.shows("changed: nocap.md") and shell.tty.shows("the answer has changed:")
        assert subs(server) == 15
        shell.tty.type("\x03")
        shell.ready()
        assert "2" in shell.do(">>> many")
        assert shell.leave() == 0
    sessions = sorted((program.home / ".local/share/rlm/sessions").glob("*/session.jsonl"))
    assert len(sessions) == 2
    again = next(e.body for e in read(sessions[1]).events if isinstance(e.body, RunStarted))
    assert again.origin == f"watch {sessions[0].parent.name}" and again.question == "How many?"


def test_theme_shows_the_colours_and_changes_them(start: Callable[..., Shell]) -> None:
    with Server(provider) as server:
        shell = start(server)
        shown = shell.do("/theme")
        assert all(
            name in shown for name in ("terminal", "dark", "light", "mono", "another one: /theme NAME")
        )
        assert "rlm config set output.theme dark" in shell.do("/theme dark")
        place = len(shell.tty.raw)
        shell.do("/wy")
        assert b"\x1b[93mthere is no /wy" in shell.tty.raw[place:].replace(b"      ", b"")
        assert "error:" in shell.do("/theme pink")
        assert shell.leave() == 0


def test_a_second_question_is_drawn_like_the_first(folder: Path, start: Callable[..., Shell]) -> None:
    """Its face knows that a kernel is at hand: what the model says stays, and its code is told as a cell."""
    with Server(provider) as server:
        shell = start(server, folder, "--mode", "rlm", "--ui", "live")
        shell.do(">>> x = 1")
        for _ in range(2):
            said = shell.do("How many?")
            assert (
                said.index("Next step.") < said.index("replies = llm_batch") < said.index("are capped, and")
            )
        assert b" answers " not in shell.tty.raw
        assert said.count("question: How many?") == 1 and "model: openai" not in said
        assert shell.leave() == 0


def test_tab_in_the_shell_asks_the_next_question_over_the_same_kernel(
    folder: Path, start: Callable[..., Shell]
) -> None:
    held = iter([Answer(COUNT, hold="first"), Answer(COUNT)])

    def script(body: dict[str, Any], before: int) -> Answer:
        return provider(body, before) if body["model"] == "test-sub" else next(held)

    with Server(script) as server:
        shell = start(server, folder, "--mode", "rlm", "--ui", "live")
        shell.do(">>> x = 2")
        shell.tty.type("How many?\r")
        server.wait_until(lambda each: len(each.chats) == 1)
        shell.tty.wait_until(lambda tty: tty.shows("? keys"))
        shell.tty.type("\tAnd how many now?\r")
        shell.tty.wait_until(lambda tty: tty.shows("1 queued"))
        server.release("first")
        shell.ready()
        assert "\n".join(shell.tty.lines()).count("1 of 14 are capped, and x is 2.") == 2
        assert shell.tty.shows("question: And how many now?")
        assert shell.leave() == 0
