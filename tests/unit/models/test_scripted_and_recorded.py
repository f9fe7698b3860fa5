"""Models that play: a script, or a record."""

from __future__ import annotations

from pathlib import Path

import pytest

from rlm_cli.base.errors import (
    CredentialsRefused,
    ModelUnavailable,
    RateLimited,
    RequestRefused,
    SettingsError,
)
from rlm_cli.events import Body, Event
from rlm_cli.events.bodies import ReplyFinished, SubFinished, SubQueued
from rlm_cli.events.values import Message, Usage
from rlm_cli.models.opening import ModelOptions, open_model
from rlm_cli.models.recorded import RecordedModel, replies_of
from rlm_cli.models.scripted import Entry, ScriptedModel
from rlm_cli.ports import Delta, Model, ModelFacts, Request, Response, request_key

EXAMPLE = """
{"root": ["first", {"text": "second"}], "sub": [{"contains": "roof", "text": "leaks"}], "default": "NONE"}
"""


def asking(text: str) -> Request:
    return Request(messages=(Message("user", text),))


async def text_of(model: Model, text: str) -> str:
    items = [item async for item in model.stream(asking(text))]
    assert isinstance(items[-1], Response)
    assert "".join(item.text for item in items[:-1]) == items[-1].text
    return items[-1].text


async def test_one_file_plays_root_and_sub_and_falls_back_to_its_default(tmp_path: Path) -> None:
    path = tmp_path / "script.json"
    path.write_text(EXAMPLE, encoding="utf-8")
    root = open_model(f"scripted:{path}", ModelOptions(), "root")
    sub = open_model(f"scripted:{path}", ModelOptions(), "sub")
    assert [await text_of(root, "?") for _ in range(3)] == ["first", "second", "NONE"]
    assert [await text_of(sub, words) for words in ("the roof", "the door")] == ["leaks", "NONE"]
    assert root.facts.usd_per_token_in == 0.0


async def test_json_lines_are_a_script_too(tmp_path: Path) -> None:
    path = tmp_path / "script.jsonl"
    path.write_text('"one"\n\n{"text": "two"}\n', encoding="utf-8")
    model = open_model(f"scripted:{path}", ModelOptions())
    assert [await text_of(model, "?") for _ in range(2)] == ["one", "two"]


async def test_a_rule_may_be_played_a_number_of_times() -> None:
    model = ScriptedModel("scripted:x", [Entry(contains="a", text="rule", times=1), "list"])
    assert [await text_of(model, "a") for _ in range(2)] == ["rule", "list"]


async def test_a_script_that_has_ended_refuses_and_says_so() -> None:
    model = ScriptedModel("scripted:x", [])
    with pytest.raises(RequestRefused, match="no entry left"):
        await text_of(model, "?")


async def test_scripted_usage_is_reported_as_written() -> None:
    model = ScriptedModel(
        "scripted:x", [Entry(text="a b", usage={"in": 7, "out": 2, "cached": 3, "usd": 0.5})]
    )
    items = [item async for item in model.stream(asking("?"))]
    assert isinstance(items[-1], Response)
    assert items[-1].usage == Usage(calls=1, tokens_in=7, tokens_out=2, tokens_cached=3, usd=0.5)


@pytest.mark.parametrize(
    ("error", "kind"),
    [("rate_limit", RateLimited), ("unavailable", ModelUnavailable), ("credentials", CredentialsRefused)],
)
async def test_scripted_errors_are_those_of_the_port(error: str, kind: type[Exception]) -> None:
    with pytest.raises(kind):
        await text_of(ScriptedModel("scripted:x", [Entry(error=error)]), "?")


async def test_a_cut_gives_its_text_first_and_never_a_response() -> None:
    heard: list[str] = []
    with pytest.raises(ModelUnavailable):
        async for item in ScriptedModel("scripted:x", [Entry(text="half a", error="cut")]).stream(
            asking("?")
        ):
            assert isinstance(item, Delta)
            heard.append(item.text)
    assert heard == ["half a"]


class SlowClock:
    """Counts what it is asked to wait, and does not wait."""

    def __init__(self) -> None:
        self.waited = 0.0

    def now(self) -> float:
        return self.waited

    async def sleep(self, seconds: float) -> None:
        self.waited += seconds


async def test_delays_are_those_of_the_clock_and_the_text_comes_in_pieces() -> None:
    clock = SlowClock()
    model = ScriptedModel("x", [Entry(text="a b c", delay_seconds=5, chunk_seconds=2)], clock=clock)
    items = [item async for item in model.stream(asking("?"))]
    assert [item.text for item in items] == ["a ", "b ", "c", "a b c"]
    assert clock.waited == 9.0


@pytest.mark.parametrize("text", ["", "{", '{"rot": []}', '[{"txt": "a"}]', '[{"error": "odd"}]', "[1]"])
def test_what_is_no_script_is_refused_with_its_path(text: str, tmp_path: Path) -> None:
    path = tmp_path / "bad.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(SettingsError, match=r"bad\.json"):
        open_model(f"scripted:{path}", ModelOptions())


def test_a_script_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="no_such"):
        open_model(f"scripted:{tmp_path / 'no_such.json'}", ModelOptions())


# --- records --------------------------------------------------------------------------------

FACTS = ModelFacts(name="openai/gpt-x", usd_per_token_in=1e-6, usd_per_token_out=1e-6)


def events(*bodies: tuple[str, Body]) -> list[Event]:
    return [Event(seq=at, t=0.0, span=span, body=body) for at, (span, body) in enumerate(bodies, 1)]


def recorded(live: Model | None = None) -> RecordedModel:
    paid = Usage(calls=1, tokens_in=10, tokens_out=5, usd=0.01)
    root, sub, failed = (request_key(FACTS.name, asking(text)) for text in ("root?", "sub?", "failed?"))
    replies = replies_of(
        events(
            (
                "root/t1",
                ReplyFinished(text="root!", model=FACTS.name, usage=paid, request=root, finish="length"),
            ),
            ("root/t1/c1/s1", SubQueued(cell=1, op="llm", prompt="sub?", model=FACTS.name, request=sub)),
            (
                "root/t1/c1/s2",
                SubQueued(cell=1, op="llm", prompt="failed?", model=FACTS.name, request=failed),
            ),
            ("root/t1/c1/s2", SubFinished(status="failed", text="")),
            ("root/t1/c1/s1", SubFinished(status="ok", text="sub!", usage=paid)),
        )
    )
    return RecordedModel(FACTS, replies, live)


async def test_what_was_asked_before_is_answered_from_the_record_at_no_cost() -> None:
    model = recorded()
    assert await text_of(model, "root?") == "root!"
    items = [item async for item in model.stream(asking("sub?"))]
    assert items[-1] == Response(text="sub!", usage=Usage(calls=0, usd=0.0), model=FACTS.name, recorded=True)


@pytest.mark.parametrize("text", ["never asked", "failed?"])
async def test_what_was_never_answered_is_refused(text: str) -> None:
    with pytest.raises(RequestRefused, match="the record has no reply"):
        await text_of(recorded(), text)


async def test_or_goes_to_the_live_model() -> None:
    live = ScriptedModel("scripted:x", ["live!"])
    assert await text_of(recorded(live), "never asked") == "live!"
    assert await text_of(recorded(live), "root?") == "root!"
    assert len(live.requests) == 1


async def test_another_temperature_is_another_request() -> None:
    request = Request(messages=asking("root?").messages, temperature=0.9)
    with pytest.raises(RequestRefused):
        async for _ in recorded().stream(request):
            pass
