"""Providers that fail: what is tried again, the breaker, and half a reply that is never acted upon."""

from __future__ import annotations

from collections.abc import AsyncGenerator

import pytest

from rlm_cli.base.errors import (
    ContextOverflow,
    CredentialsRefused,
    ModelError,
    ModelUnavailable,
    RateLimited,
    RequestRefused,
)
from rlm_cli.engine.budget import Budget
from rlm_cli.engine.calling import MAX_ATTEMPTS, Answered, Caller, Unanswered
from rlm_cli.engine.tree import Models
from rlm_cli.events.bodies import CellStarted, ReplyDelta, ReplyFinished
from rlm_cli.events.values import Limits, Message
from rlm_cli.ports import Delta, ModelFacts, Request, Response
from tests.fakes.clock import QuickClock
from tests.fakes.model import FakeModel
from tests.unit.engine.bench import FINISH, Bench, cell

REQUEST = Request(messages=(Message("user", "one two"),), max_tokens_out=8)


def caller() -> tuple[Caller, QuickClock]:
    clock = QuickClock()
    return Caller(clock, Budget(Limits()), 4), clock


@pytest.mark.parametrize("error", [ModelUnavailable("down"), RateLimited("slower")])
async def test_what_may_pass_is_tried_again_with_jitter_and_then_given_up(error: ModelError) -> None:
    calls, clock = caller()
    model = FakeModel(lambda request, number: error)
    outcome = await calls.call(model, REQUEST, True)
    assert isinstance(outcome, Unanswered) and outcome.attempts == len(model.requests) == MAX_ATTEMPTS
    assert all(0 <= slept <= min(60, 2**index) for index, slept in enumerate(clock.slept))
    assert outcome.usage.calls == MAX_ATTEMPTS


@pytest.mark.parametrize("error", [RequestRefused("no"), CredentialsRefused("no"), ContextOverflow("no")])
async def test_what_will_not_pass_is_never_tried_again(error: ModelError) -> None:
    calls, clock = caller()
    model = FakeModel(lambda request, number: error)
    outcome = await calls.call(model, REQUEST, True)
    assert isinstance(outcome, Unanswered) and outcome.error is error
    assert (len(model.requests), clock.slept) == (1, [])


async def test_five_failures_in_a_row_open_the_breaker_for_half_a_minute() -> None:
    calls, clock = caller()
    is_down = True
    model = FakeModel(lambda request, number: ModelUnavailable("down") if is_down else "up")
    for _ in range(5):
        assert isinstance(await calls.call(model, REQUEST, True), Unanswered)
    asked = len(model.requests)
    refused = await calls.call(model, REQUEST, True)
    assert isinstance(refused, Unanswered) and refused.problem.kind == "provider_down"
    assert (len(model.requests), refused.usage.calls) == (asked, 0)
    is_down = False
    await clock.sleep(30.0)
    assert isinstance(await calls.call(model, REQUEST, True), Answered)


async def test_a_success_in_between_keeps_the_breaker_closed() -> None:
    calls, _ = caller()
    model = FakeModel(
        lambda request, number: "up" if number % (MAX_ATTEMPTS * 4 + 1) == 0 else RateLimited("x")
    )
    outcomes = [await calls.call(model, REQUEST, True) for _ in range(12)]
    assert [type(each) for each in outcomes].count(Answered) >= 2
    assert all(each.problem.kind == "rate_limit" for each in outcomes if isinstance(each, Unanswered))


class Cut:
    """A root model whose first stream is cut in the middle of what reads like a whole cell."""

    def __init__(self, text: str) -> None:
        self.facts = ModelFacts(name="fake/root")
        self._text = text
        self.asked = 0

    async def stream(self, request: Request) -> AsyncGenerator[Delta | Response, None]:
        self.asked += 1
        yield Delta(self._text)
        raise ModelUnavailable("no whole reply", "the stream was cut", "", None, True)

    async def close(self) -> None:
        return None


async def test_half_a_reply_is_shown_as_it_came_and_never_run() -> None:
    bench = Bench([FINISH])
    cut = Cut(cell("raise SystemExit('half a reply was run')"))
    bench.tree.models = Models(cut, bench.sub)
    finished = await bench.go()
    assert finished.stop == "provider_failed"
    assert cut.asked == MAX_ATTEMPTS
    assert bench.session.all(ReplyDelta) and not bench.session.all(ReplyFinished)
    assert not bench.session.all(CellStarted)
    assert finished.root_usage.calls == MAX_ATTEMPTS
    assert finished.root_usage.estimated
