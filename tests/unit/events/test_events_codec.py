"""Bodies and events as plain objects and as lines: nothing is lost, nothing unsafe is written."""

from __future__ import annotations

import random

import pytest

from rlm_cli.base.text import visible
from rlm_cli.events import (
    BODY_TYPES,
    Event,
    Unknown,
    child_span,
    decode_body,
    depth_of,
    encode_body,
    parent_span,
)
from rlm_cli.events.bodies import RunFinished, SubFinished
from rlm_cli.events.values import Citation, Usage
from rlm_cli.events.wire import event_fields, event_of, from_json, to_json
from tests.fakes.story import STORY

KINDS = [
    "run.started",
    "run.resumed",
    "corpus.loaded",
    "kernel.ready",
    "turn.started",
    "reply.delta",
    "reply.finished",
    "cell.started",
    "cell.output",
    "cell.finished",
    "sub.queued",
    "sub.started",
    "sub.finished",
    "draft.updated",
    "citation.marked",
    "citation.checked",
    "budget.warned",
    "decision.asked",
    "decision.made",
    "corpus.changed",
    "kernel.restarted",
    "history.compacted",
    "notice",
    "run.finished",
]


def test_the_kinds_are_those_that_were_agreed() -> None:
    assert list(BODY_TYPES) == KINDS


def test_the_story_has_every_kind() -> None:
    assert {type(body) for _, _, body in STORY} >= set(BODY_TYPES.values())


@pytest.mark.parametrize("step", STORY, ids=lambda step: "")
def test_an_event_comes_back_from_its_line_as_it_was(step: tuple[float, str, object]) -> None:
    seconds, span, body = step
    event = Event(seq=7, t=seconds, span=span, body=body)  # type: ignore[arg-type]
    assert event_of(from_json(to_json(event_fields(event, "0" * 32)))) == event


def test_an_unknown_kind_is_kept_whole() -> None:
    fields = {"kind": "weather.changed", "wind": 3, "deep": {"a": [1, None]}}
    body, extra = decode_body(fields)
    assert body == Unknown(kind="weather.changed", fields={"wind": 3, "deep": {"a": [1, None]}})
    assert encode_body(body, extra) == fields


def test_unknown_fields_are_kept_at_any_depth() -> None:
    finished = RunFinished(
        status="complete",
        stop="ready",
        exit_code=0,
        answer="x",
        citations=[Citation(id=1, path="a", quote="b")],
    )
    fields = encode_body(finished)
    fields["mood"] = "good"
    fields["coverage"]["by_user"] = 2
    fields["citations"][0]["colour"] = "red"
    fields["root_usage"]["reasoning"] = {"tokens": 5}
    body, extra = decode_body(fields)
    assert body == finished
    assert encode_body(body, extra) == fields


def test_a_known_kind_with_wrong_types_is_kept_as_unknown() -> None:
    fields = {"kind": "turn.started", "turn": "three"}
    body, extra = decode_body(fields)
    assert isinstance(body, Unknown)
    assert encode_body(body, extra) == fields


def test_unknown_cost_stays_unknown_when_usage_is_added() -> None:
    total = Usage(calls=1, usd=0.5) + Usage(calls=1, usd=None)
    assert (total.calls, total.usd) == (2, None)
    known = event_of(from_json(to_json(event_fields(_event(SubFinished(status="ok", usage=total))))))
    assert known.body.usage.usd is None  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "text", ["\ud800 lone", "file\udcff", "\x00\x1b[2J\x7f\x9b", "\u202e\u2066\ufeff\U000e0041", "🙂 ß"]
)
def test_a_line_holds_any_text_and_shows_no_control(text: str) -> None:
    line = to_json({"text": text})
    assert from_json(line) == {"text": text}
    assert visible(line.decode("utf-8")) == line.decode("utf-8")


def test_random_text_survives_a_line_and_is_safe_on_it() -> None:
    chance = random.Random(20261121)
    for _ in range(2000):
        text = "".join(chr(chance.choice(_RANGES)(chance)) for _ in range(chance.randrange(12)))
        line = to_json(text)
        pairs_joined = text.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")
        assert from_json(line) == pairs_joined
        assert visible(line.decode("utf-8")) == line.decode("utf-8")


def test_a_large_whole_number_is_kept() -> None:
    assert from_json(to_json({"n": 10**30})) == {"n": 10**30}


@pytest.mark.parametrize(
    "raw", [b"", b"{", b'{"seq":1}', b"[1]", b'{"seq":"1","t":0,"span":"root","body":{}}', b"[" * 9000]
)
def test_what_is_no_event_is_a_value_error(raw: bytes) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        event_of(from_json(raw))


def test_spans_know_their_parents_and_their_depth() -> None:
    assert child_span("root/t2", "c", 3) == "root/t2/c3"
    assert parent_span("root/t2") == "root"
    assert parent_span("root") == ""
    assert [
        depth_of(span)
        for span in ("root", "root/t2/c2/s17", "root/t2/c2/s17/t1", "root/t1/c1/s1/t1/c1/s2/t1")
    ] == [0, 0, 1, 2]


def _event(body: SubFinished) -> Event:
    return Event(seq=1, t=0.0, span="root/t1/c1/s1", body=body)


_RANGES = [
    lambda chance: chance.randrange(0x20),
    lambda chance: chance.randrange(0x7F, 0xA0),
    lambda chance: chance.randrange(0x2000, 0x2070),
    lambda chance: chance.randrange(0xD800, 0xE000),
    lambda chance: chance.randrange(0xE0000, 0xE0080),
    lambda chance: chance.randrange(0x20, 0x7F),
    lambda chance: chance.randrange(0xF900, 0x10000),
    lambda chance: chance.choice((0x61C, 0x180E, 0xFEFF, 0xFFF9)),
]
