"""The ceiling holds because room is reserved before anything is sent."""

from __future__ import annotations

import asyncio

import msgspec

from rlm_cli.engine.budget import Bound, Budget, Reservation, cost_of, upper_bound
from rlm_cli.events.bodies import SubFinished
from rlm_cli.events.values import Limits, Message, Problem, Usage
from rlm_cli.ports import ModelFacts, Request, Response
from tests.unit.engine.bench import FINISH, LOOK, Bench, cell


async def reserved(budget: Budget, usd: float) -> Reservation:
    reservation = await budget.reserve(Bound(tokens=10, usd=usd))
    assert isinstance(reservation, Reservation)
    return reservation


async def test_a_request_that_cannot_fit_is_refused_by_the_name_of_its_limit() -> None:
    budget = Budget(Limits(usd=1.0))
    refusal = await budget.reserve(Bound(tokens=10, usd=1.5))
    assert isinstance(refusal, Problem)
    assert refusal.kind == "max_cost"


async def test_a_request_waits_for_those_in_flight_to_cost_less_than_they_had_reserved() -> None:
    budget = Budget(Limits(usd=1.0))
    first = await reserved(budget, 0.9)
    second = asyncio.create_task(budget.reserve(Bound(tokens=10, usd=0.9)))
    await asyncio.sleep(0)
    assert not second.done()
    budget.settle(first, Usage(calls=1, usd=0.05), Bound(tokens=5, usd=0.05))
    assert isinstance(await second, Reservation)


async def test_a_request_that_waited_in_vain_is_refused() -> None:
    budget = Budget(Limits(usd=1.0))
    first = await reserved(budget, 0.9)
    second = asyncio.create_task(budget.reserve(Bound(tokens=10, usd=0.9)))
    await asyncio.sleep(0)
    budget.settle(first, Usage(calls=1, usd=0.8), Bound(tokens=5, usd=0.8))
    refusal = await second
    assert isinstance(refusal, Problem)
    assert refusal.kind == "max_cost"


async def test_sub_calls_leave_room_for_the_root_to_answer() -> None:
    budget = Budget(Limits(usd=1.0))
    budget.keep_for_root(Bound(tokens=10, usd=0.3))
    refusal = await budget.reserve(Bound(tokens=10, usd=0.8))
    assert isinstance(refusal, Problem)
    assert isinstance(await budget.reserve(Bound(tokens=10, usd=0.8, is_sub_call=False)), Reservation)


async def test_an_unknown_price_makes_the_whole_cost_unknown() -> None:
    budget = Budget(Limits(usd=1.0))
    budget.settle(await reserved(budget, 0.9), Usage(calls=1, usd=0.9), Bound(tokens=5, usd=0.9))
    budget.settle(await reserved(budget, 0.1), Usage(calls=1, usd=None), Bound(tokens=5, usd=None))
    assert budget.spent.usd is None
    assert isinstance(await budget.reserve(Bound(tokens=10, usd=0.2)), Problem)


def test_a_response_without_usage_counts_by_its_bytes() -> None:
    facts = ModelFacts(name="m", usd_per_token_in=1.0, usd_per_token_out=1.0)
    request = Request(messages=(Message("user", "ab" * 50),), max_tokens_out=1_000)
    bound = upper_bound(facts, request, True)
    told = Usage(calls=1, tokens_in=25, tokens_out=5, usd=30.0)
    reported = Response(text="x" * 20, usage=told, model="m")
    assert cost_of(facts, request, reported, bound) == Bound(tokens=30, usd=30.0)
    guessed = Response(text="x" * 20, usage=msgspec.structs.replace(told, estimated=True), model="m")
    cost = cost_of(facts, request, guessed, bound)
    assert 120 <= cost.tokens < bound.tokens
    assert cost.usd == cost.tokens


def test_no_tokenizer_can_pass_the_bound_of_a_request() -> None:
    facts = ModelFacts(name="m", usd_per_token_in=1.0, usd_per_token_out=2.0)
    text = "née 漢字 🙂"
    bound = upper_bound(facts, Request(messages=(Message("user", text),), max_tokens_out=5), True)
    assert bound.tokens >= len(text.encode()) + 5
    assert bound.usd is not None
    assert bound.usd >= len(text.encode()) + 10


async def test_a_ceiling_of_50_calls_sends_exactly_50_of_10_000_requests() -> None:
    limits = Limits(turns=5, calls=50, concurrency=64)
    ask = cell("replies = llm_batch([f'question {n}' for n in range(10_000)]); print(len(replies))")
    bench = Bench([LOOK, ask, FINISH], limits=limits)
    finished = await bench.go()
    assert len(bench.sub.requests) == 50
    assert finished.stop == "ready"
    statuses = [each.status for each in bench.session.all(SubFinished)]
    assert (statuses.count("ok"), statuses.count("refused")) == (50, 9_950)


async def test_the_cost_of_a_fan_out_never_passes_its_ceiling_and_comes_near_it() -> None:
    limits = Limits(turns=5, usd=60.0, calls=1_000, concurrency=64)
    ask = cell("replies = llm_batch([f'question {n}' for n in range(500)])")
    bench = Bench([LOOK, ask, FINISH], limits=limits, usd_per_token=0.001, sub_tokens_out=50)
    finished = await bench.go()
    spent = (finished.root_usage + finished.sub_usage).usd
    assert spent is not None
    assert spent <= 60.0


async def test_the_same_request_is_paid_once() -> None:
    bench = Bench([LOOK, cell("llm_batch(['same'] * 20); llm_query('same')"), FINISH])
    await bench.go()
    assert len(bench.sub.requests) == 1
    statuses = [each.status for each in bench.session.all(SubFinished)]
    assert (statuses.count("ok"), statuses.count("recorded")) == (1, 20)
