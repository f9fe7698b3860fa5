"""What is accepted from the socketpair, and what is sent."""

from __future__ import annotations

import asyncio
import json

import pytest

from rlm_cli.events.values import Problem, Usage
from rlm_cli.kernel.calls import OpenCalls
from rlm_cli.kernel.clock import CellClock
from rlm_cli.kernel.frames import (
    FRAME_BYTES,
    CallFrame,
    CancelFrame,
    Draft,
    ProtocolFault,
    Report,
    decode,
    encode_note,
    encode_reply,
)
from rlm_cli.kernel.history import Turns
from rlm_cli.ports import CallReply, Cell, CellResult, CiteCall, LlmCall
from tests.fakes.host import RecordingHost, never


def test_calls_cancellations_and_notes_are_told_apart() -> None:
    call = decode(b'{"id":1,"cell":2,"call":{"op":"llm","prompt":"p","context":null,"index":0,"of":3}}')
    assert call == CallFrame(id=1, cell=2, call=LlmCall(prompt="p", of=3))
    assert decode(b'{"id":1,"cell":2,"call":{"op":"cite","quote":"q"}}').call == CiteCall(quote="q")  # type: ignore[union-attr]
    assert decode(b'{"cancel":[1,2]}') == CancelFrame([1, 2])
    assert decode(b'{"note":"draft","cell":1,"content":{"a":[1]},"ready":false}') == Draft(
        1, {"a": [1]}, False
    )


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"[]",
        b"\xff\xfe",
        b'{"note":"unknown"}',
        b'{"note":"draft","cell":1,"content":"x"}',
        b'{"note":"draft","cell":1,"content":"x","ready":false,"more":1}',
        b'{"note":"output","cell":1,"stream":"stdin","text":"x"}',
        b'{"id":"1","cell":1,"call":{"op":"llm","prompt":"p"}}',
        b'{"id":1,"cell":1,"call":{"op":"llm","prompt":"p","api_base":"http://evil"}}',
        b'{"id":1,"cell":1,"call":{"op":"llm","prompt":["not text"]}}',
        b'{"id":1,"cell":1,"call":{"op":"shell","prompt":"p"}}',
        b'{"id":1,"cell":1,"call":{"op":"llm","prompt":"p"},"extra":1}',
        b'{"cancel":["x"]}',
        b'{"id":-1,"cell":1,"call":{"op":"llm","prompt":"p"}}',
        b'{"id":1,"cell":1,"call":{"op":"llm","prompt":"p","batch":1,"of":1000000000000}}',
        b'{"id":1,"cell":1,"call":{"op":"llm","prompt":"p","index":3,"of":3}}',
        b'{"id":1,"cell":1,"call":{"op":"llm","prompt":"p","batch":-1}}',
        b'{"id":1,"cell":1,"call":{"op":"llm","prompt":"p","schema":'
        + b'{"a":' * 70
        + b"1"
        + b"}" * 71
        + b"}}",
        b'{"id":1,"cell":1,"call":{"op":"rlm","question":"q","documents":[-1]}}',
        b'{"id":1,"cell":1,"call":{"op":"cite","quote":"q","start":-5}}',
        b'{"id":1,"cell":1,"call":{"op":"cite","quote":"q","document":-1}}',
        b'{"id":1,"cell":1,"call":{"op":"llm","prompt":"p","headers":{"X":"y"}}}',
        b'{"id":1,"cell":1,"call":{"op":"llm","prompt":"p","image":"file:///etc/passwd"}}',
        b'{"note":"draft","cell":1,"ready":false,"content":' + b"[" * 70 + b"]" * 70 + b"}",
        b'{"note":"draft","cell":1,"ready":false,"content":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    ],
)
def test_everything_else_is_a_fault(raw: bytes) -> None:
    with pytest.raises(ProtocolFault):
        decode(raw)


def test_a_reply_that_no_frame_holds_becomes_one_that_says_so_and_keeps_its_usage() -> None:
    frame = encode_reply(7, CallReply(text="x" * (FRAME_BYTES + 1), usage=Usage(calls=1)))
    sent = json.loads(frame[4:])
    assert (sent["id"], sent["reply"]["problem"]["kind"]) == (7, "too_large")
    assert sent["reply"]["usage"] == {"calls": 1}


def test_text_with_lone_surrogates_is_sent_replaced() -> None:
    assert json.loads(encode_reply(1, CallReply(text="a\ud800b"))[4:])["reply"]["text"] == "a?b"
    assert (
        json.loads(encode_note({"note": "history", "entry": {"reply": "\udfff"}})[4:])["entry"]["reply"]
        == "?"
    )


def test_an_entry_of_history_waits_for_its_cell() -> None:
    turns = Turns()
    assert turns.add({"turn": 1, "reply": "r", "cell": 4}) == []
    assert turns.add({"turn": 0, "reply": "", "code": ""}) == [{"turn": 0, "reply": "", "code": ""}]
    complete = turns.ran(Cell(number=4, code="x"), CellResult(status="ok", shown="out"))
    assert complete == [
        {"turn": 1, "reply": "r", "cell": 4, "cells": [4], "code": "x", "status": "ok", "output": "out"}
    ]
    assert turns.ran(Cell(number=5, code="y"), CellResult(status="ok")) == []
    assert len(turns.all()) == 2


async def test_a_call_that_is_cancelled_before_it_has_begun_is_settled_and_answered() -> None:
    sent: list[bytes] = []
    host = RecordingHost(never)
    clock = CellClock()
    calls = OpenCalls(host, clock, sent.append, lambda: None, lambda error: None)
    calls.open(CallFrame(1, 1, LlmCall(prompt="p")))
    assert clock.is_waiting
    calls.refuse(Problem(kind="stopped", message="now"))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert calls.are_settled
    assert not clock.is_waiting
    assert host.calls == []
    calls.open(CallFrame(2, 1, LlmCall(prompt="late")))
    replies = [json.loads(frame[4:]) for frame in sent]
    assert [(each["id"], each["reply"]["problem"]["kind"]) for each in replies] == [
        (1, "stopped"),
        (2, "stopped"),
    ]


async def test_a_number_that_is_open_already_is_refused() -> None:
    sent: list[bytes] = []
    calls = OpenCalls(RecordingHost(never), CellClock(), sent.append, lambda: None, lambda error: None)
    calls.open(CallFrame(1, 1, LlmCall(prompt="p")))
    calls.open(CallFrame(1, 1, LlmCall(prompt="again")))
    assert json.loads(sent[0][4:])["reply"]["problem"]["kind"] == "protocol"
    await calls.end()


def test_what_a_report_says_at_length_is_cut() -> None:
    report = {
        "note": "report",
        "cell": 1,
        "status": "ok",
        "problem": {"kind": "k" * 1000, "message": "m" * 1_000_000},
        "shown": "s" * 1_000_000,
        "omitted": -7,
        "variables": [["v" * 1000, "int", "1"]] * 1000,
        "coverage": {},
        "content": "",
        "ready": False,
        "memory": {},
        "memory_left_out": ["x" * 1000] * 1000,
    }
    frame = decode(json.dumps(report).encode())
    assert isinstance(frame, Report)
    assert frame.problem is not None
    assert len(frame.problem.kind) == 200 and len(frame.problem.message) < 10_000
    assert len(frame.shown) < 40_000 and frame.omitted > 900_000
    assert len(frame.variables) == 500 and len(frame.variables[0][0]) == 200
    assert len(frame.memory_left_out) == 100


async def test_a_cell_that_calls_without_end_is_refused_without_asking_the_host() -> None:
    sent: list[bytes] = []
    host = RecordingHost()
    calls = OpenCalls(host, CellClock(), sent.append, lambda: None, lambda error: None)
    context = "x" * (16 * 1024 * 1024)
    for number in range(70):
        calls.open(CallFrame(number, 1, LlmCall(prompt="p", context=context)))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
    await calls.end()
    refused = [json.loads(frame[4:])["reply"].get("problem", {}).get("kind") for frame in sent]
    assert refused.count("too_many") == 70 - len(host.calls) > 0
