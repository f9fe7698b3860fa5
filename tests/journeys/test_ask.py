"""`rlm ask` from the command line to the answer, over a real kernel and real HTTP."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from rlm_cli.events import Event
from rlm_cli.events.bodies import (
    CellFinished,
    CitationChecked,
    DraftUpdated,
    ReplyDelta,
    RunFinished,
    RunStarted,
    SubFinished,
    TurnStarted,
)
from rlm_cli.views.run import fold
from tests.journeys.program import Program, cell, roots_and_subs
from tests.servers.openai_server import Answer, Server

QUESTION = "Is the liability capped?"
LOOK = cell("print(corpus)\nprint(corpus.grep('capped'))")
FINISH = cell("answer['content'] = 'Yes.'; answer['ready'] = True")
DRAFT = cell("answer['content'] = 'so far'; print(corpus.grep('capped'))")

JOURNEY: list[Answer | str] = [
    cell("print(corpus.stats())"),
    cell("hits = corpus.grep('capped')\nfor hit in hits: print(hit)"),
    cell(
        "pieces = [f'{number}: {corpus[number % len(corpus)].text[:200]}' for number in range(200)]\n"
        "replies = llm_batch('Is a cap mentioned?', pieces)\n"
        "print(len(replies), all(reply.ok for reply in replies))"
    ),
    cell("child = rlm_query('CHILD: what does nocap.md say?', corpus['nocap.md'])\nprint(child)"),
    cell("answer['content'] = 'It seems to be capped.'"),
    cell(
        "quote = 'capped at ten dollars a year'\n"
        "mark = cite(corpus['cap.md'], quote)\n"
        "answer['content'] = f'One says \"{quote}\" {mark}; the other has none: {child}'\n"
        "answer['ready'] = True"
    ),
]
CHILD: list[Answer | str] = [
    cell("print(corpus[0].text)"),
    cell("answer.update(content='not capped at all', ready=True)"),
]


def journey(body: dict, before: int) -> Answer:  # type: ignore[type-arg]
    is_child = any("CHILD:" in message["content"] for message in body["messages"][:2])
    return roots_and_subs(CHILD if is_child else JOURNEY)(body, before)


@pytest.mark.parametrize("transport", ["litellm", "auto"])
def test_the_whole_journey_of_one_question(program: Program, folder: Path, transport: str) -> None:
    with Server(journey) as server:
        ended = program.at(server, transport).rlm(
            "ask", folder, QUESTION, "--mode", "rlm", "--max-depth", "2"
        )
        chats = server.chats
    assert ended.code == 0, ended.err
    assert ended.out.startswith('One says "capped at ten dollars a year" [1]; the other has none: not capped')
    assert "[1] cap.md" in ended.out
    assert all(chat.body["stream"] for chat in chats if chat.body["model"] == "test-root")
    assert sum(chat.body["model"] == "test-sub" for chat in chats) == 200
    assert sum(chat.body["model"] == "test-root" for chat in chats) == len(JOURNEY) + len(CHILD)
    assert {chat.headers["Authorization"] for chat in chats} == {"Bearer sk-test-0123456789abcdef"}
    events = program.events()
    check_the_record(events)
    view = fold(events)
    assert view.finished is not None
    assert view.finished.sub_usage.tokens_in == sum(
        chat.tokens_in
        for chat in chats
        if chat.body["model"] == "test-sub" or "CHILD:" in chat.messages[1]["content"]
    )
    assert (view.finished.root_usage + view.finished.sub_usage).usd == pytest.approx(
        sum(chat.tokens_in + chat.tokens_out for chat in chats) / 100_000
    )
    again = program.rlm("replay", program.session_file())
    assert again.out == ended.out
    assert again.err == ended.err
    assert again.code == 0


def check_the_record(events: list[Event]) -> None:
    assert [event.seq for event in events] == list(range(1, len(events) + 1))
    bodies = [event.body for event in events]
    assert isinstance(bodies[0], RunStarted)
    assert isinstance(bodies[-1], RunFinished)
    assert sum(isinstance(body, ReplyDelta) for body in bodies) > 0
    assert [event.span for event in events if isinstance(event.body, TurnStarted)] == [
        "root/t1",
        "root/t2",
        "root/t3",
        "root/t4",
        "root/t4/c4/s1/t1",
        "root/t4/c4/s1/t2",
        "root/t5",
        "root/t6",
    ]
    assert [body.status for body in bodies if isinstance(body, CellFinished)] == ["ok"] * 8
    assert sum(isinstance(body, SubFinished) and body.status == "ok" for body in bodies) == 201
    root_drafts = [e.body for e in events if isinstance(e.body, DraftUpdated) and "/s" not in e.span]
    assert root_drafts[0].content == "It seems to be capped."
    assert root_drafts[-1].ready
    assert [body.citation.checked for body in bodies if isinstance(body, CitationChecked)] == [True]


def test_the_events_on_stdout_are_those_of_the_session_file(program: Program, folder: Path) -> None:
    with Server(roots_and_subs([LOOK, FINISH])) as server:
        ended = program.at(server).rlm("ask", folder, QUESTION, "--mode", "rlm", "-f", "jsonl")
    shown = [json.loads(line) for line in ended.out.splitlines()]
    kept = [json.loads(line) for line in program.session_file().read_text().splitlines()]
    events = [line for line in kept if "body" in line]
    bare = [{key: value for key, value in line.items() if key != "prev"} for line in shown if "body" in line]
    assert bare == [{key: value for key, value in line.items() if key != "prev"} for line in events]


def test_a_small_corpus_goes_to_the_model_in_one_call(program: Program, folder: Path) -> None:
    direct = 'It is: "The Supplier\'s liability is capped at ten dollars a year".'
    with Server([Answer(direct)]) as server:
        ended = program.at(server).rlm("ask", folder / "cap.md", QUESTION, "-f", "json")
        assert len(server.chats) == 1
    assert ended.code == 0, ended.err
    assert ended.result["citations"][0]["line_start"] == 3
    assert ended.result["coverage"] == {"documents": 1, "searched_by_code": 0, "read_by_model": 1}
    assert "in one call" in ended.err


def test_nothing_configured_answers_with_quotations(program: Program, folder: Path) -> None:
    program.environ = {"OLLAMA_API_BASE": "http://127.0.0.1:9"}
    ended = program.rlm("ask", folder, "Is the liability of the supplier capped?", "-f", "json")
    assert ended.code == 0, ended.err
    result = ended.result
    assert any("liability is capped at ten dollars" in each["quote"] for each in result["citations"])
    assert all(each["checked"] for each in result["citations"])
    assert "without a language model" in result["answer"]
    assert result["cost"] == {"usd": 0.0, "known": True}


def test_a_ceiling_of_50_calls_is_exactly_50_requests(program: Program, folder: Path) -> None:
    ask = cell("replies = llm_batch([f'question {n}' for n in range(10_000)])\nprint(len(replies))")
    with Server(roots_and_subs([LOOK, ask, FINISH])) as server:
        ended = program.at(server).rlm(
            "ask", folder, QUESTION, "--mode", "rlm", "--max-calls", "50", "-f", "json"
        )
        assert sum(chat.body["model"] == "test-sub" for chat in server.chats) == 50
    assert ended.result["usage"]["sub"]["calls"] == 50
    assert ended.code == 0, ended.err


def test_a_cost_ceiling_holds_for_the_server_s_own_count_with_children(
    program: Program, folder: Path
) -> None:
    fan = "llm_batch([f'{n} ' + 'word ' * 300 for n in range(400)])"
    ask = cell(f"replies = {fan}\nchildren = rlm_batch(['CHILD: a', 'CHILD: b'], [corpus[0], corpus[1]])")
    child = cell(f"replies = {fan.replace('n}', 'n} child')}\nanswer.update(content='c', ready=True)")

    def script(body: dict, before: int) -> Answer:  # type: ignore[type-arg]
        is_child = any("CHILD:" in message["content"] for message in body["messages"][:2])
        return roots_and_subs([LOOK, child] if is_child else [LOOK, ask, FINISH], "word " * 20)(body, before)

    with Server(script) as server:
        ended = program.at(server).rlm(
            "ask", folder, QUESTION, "--mode", "rlm", "--max-depth", "2", "--max-cost", "1", "-f", "json"
        )
        billed_usd = server.billed_tokens / 100_000
    result = ended.result
    assert billed_usd <= 1.0
    assert billed_usd > 0.4
    assert result["cost"]["usd"] == pytest.approx(billed_usd)


@pytest.mark.parametrize(
    "reply", [Answer("word " * 20, usage=False), Answer("word " * 20, fault="cut", fault_after_chunks=3)]
)
def test_a_ceiling_of_tokens_holds_where_the_provider_reports_none(
    program: Program, folder: Path, reply: Answer
) -> None:
    ask = cell("replies = llm_batch([f'{n} ' + 'a ' * 1_000 for n in range(200)])\nprint(replies[-1].error)")
    with Server(roots_and_subs([LOOK, ask, FINISH], reply)) as server:
        ended = program.at(server).rlm("ask", folder, QUESTION, "--mode", "rlm", "--max-tokens", "150_000")
        assert 0 < server.billed_tokens <= 150_000
    assert "--max-tokens" in ended.err


@pytest.mark.parametrize(
    ("fault", "attempts"),
    [
        (Answer(status=429, text="slow down", retry_after_seconds=0.2), 2),
        (Answer(status=500, text="oops", retry_after_seconds=0.1), 2),
        (Answer(FINISH, fault="cut", fault_after_chunks=3), 2),
        (Answer("", fault="empty"), 2),
    ],
)
def test_a_passing_fault_is_tried_again(program: Program, folder: Path, fault: Answer, attempts: int) -> None:
    faults = [fault]

    def script(body: dict, before: int) -> Answer:  # type: ignore[type-arg]
        return faults.pop() if faults else roots_and_subs([LOOK, FINISH])(body, before)

    with Server(script) as server:
        ended = program.at(server).rlm("ask", folder, QUESTION, "--mode", "rlm", "-f", "json")
        assert len(server.chats) == 2 + attempts - 1
    assert ended.code == 0, ended.err
    cells = [event.body for event in program.events() if isinstance(event.body, CellFinished)]
    assert [each.cell for each in cells] == [1, 2]


def test_a_refused_key_is_one_clear_error(program: Program, folder: Path) -> None:
    with Server([Answer(status=401, text="Incorrect API key provided: sk-test-0123456789abcdef")]) as server:
        ended = program.at(server).rlm("ask", folder, QUESTION, "--mode", "rlm")
        assert len(server.chats) == 1
    assert ended.code == 5
    assert "OPENAI_API_KEY" in ended.err
    assert "sk-test" not in ended.err + program.session_file().read_text()
    assert ended.out == ""


def test_no_network_is_an_error_within_a_second_of_the_request(program: Program, folder: Path) -> None:
    with Server("never") as server:
        program.at(server)
    started = time.monotonic()
    ended = program.rlm("ask", folder, QUESTION, "--mode", "rlm")
    assert ended.code == 6
    assert "127.0.0.1" in ended.err
    assert "Traceback" not in ended.err
    finished = program.events()[-1]
    assert finished.t < 5.0
    assert time.monotonic() - started < 30.0


def test_a_schema_gives_a_value(program: Program, folder: Path, tmp_path: Path) -> None:
    schema = tmp_path / "schema.json"
    schema.write_text(
        '{"type": "object", "required": ["capped"], "properties": {"capped": {"type": "boolean"}}}'
    )
    done = cell("answer.update(content={'capped': True}, ready=True)")
    with Server(roots_and_subs([LOOK, done])) as server:
        ended = program.at(server).rlm(
            "ask", folder, QUESTION, "--mode", "rlm", "--schema", schema, "-f", "json"
        )
    assert ended.result["data"] == {"capped": True}
