"""Sub-calls and child runs: what a cell gets back, and how the width follows the provider."""

from __future__ import annotations

import asyncio

from rlm_cli.base.errors import ModelUnavailable, RateLimited, RequestRefused
from rlm_cli.engine.limiter import Limiter
from rlm_cli.events.bodies import RunFinished, RunStarted, SubFinished, SubQueued, TurnStarted
from rlm_cli.events.values import Limits
from rlm_cli.ports import Request
from tests.fakes.clock import QuickClock
from tests.unit.engine.bench import FINISH, LOOK, Bench, cell


async def test_replies_come_in_the_order_of_their_prompts() -> None:
    bench = Bench(
        [LOOK, cell("answer['content'] = ' '.join(llm_batch(['1', '2', '3']))"), FINISH],
        lambda request, number: request.messages[-1].content,
    )
    finished = await bench.go()
    assert finished.answer == "ten dollars"
    assert "1 2 3" in [body.content for _, body in bench.session.events if hasattr(body, "draft")]


async def test_a_failed_call_is_a_reply_and_the_cell_is_told_how_many_failed() -> None:
    def sub(request: Request, number: int) -> str | RequestRefused:
        return RequestRefused("no") if request.messages[-1].content == "2" else "yes"

    code = "replies = llm_batch(['1', '2', '3']); print([reply.ok for reply in replies])"
    bench = Bench([LOOK, cell(code), FINISH], sub)
    await bench.go()
    told = bench.root.requests[2].messages[-1].content
    assert "[True, False, True]" in told
    assert "1 of 3 sub-calls failed: 1 refused" in told


async def test_a_rate_limit_is_waited_for_as_long_as_the_provider_asks() -> None:
    def sub(request: Request, number: int) -> str | RateLimited:
        return RateLimited("slow down", retry_after_seconds=7.0) if number == 1 else "yes"

    bench = Bench([LOOK, cell("llm_query('one')"), FINISH], sub)
    await bench.go()
    assert [each.status for each in bench.session.all(SubFinished)] == ["ok"]
    assert max(bench.clock.slept) >= 7.0


async def test_failed_attempts_are_billed_when_something_had_arrived() -> None:
    def sub(request: Request, number: int) -> str | ModelUnavailable:
        return ModelUnavailable("cut") if number == 1 else "yes"

    bench = Bench([LOOK, cell("llm_query('one')"), FINISH], sub, usd_per_token=0.01)
    finished = await bench.go()
    assert finished.sub_usage.calls == 2
    assert finished.sub_usage.estimated


async def test_a_reply_that_misses_its_schema_is_asked_for_again_once() -> None:
    schema = "{'type': 'object', 'required': ['n']}"
    bench = Bench(
        [LOOK, cell(f"r = llm_query('one', schema={schema}); print(r.ok, r.data)"), FINISH],
        ["nothing", '```json\n{"n": 3}\n```'],
    )
    await bench.go()
    assert "True {'n': 3}" in bench.root.requests[2].messages[-1].content


async def test_a_cell_cannot_name_a_model_that_the_settings_do_not_know() -> None:
    bench = Bench([LOOK, cell("print(llm_query('x', model='http://evil/v1').error.message)"), FINISH])
    await bench.go()
    assert "no model is called" in bench.root.requests[2].messages[-1].content
    assert not bench.sub.requests


async def test_a_child_run_has_its_own_kernel_and_turns_and_spends_from_the_same_budget() -> None:
    def root(request: Request, number: int) -> str:
        question = request.messages[1].content
        turn = sum(message.role == "assistant" for message in request.messages)
        if "What of b?" in question:
            return [LOOK, cell("answer.update(content='b has none', ready=True)")][turn]
        ask = "print(rlm_query('What of b?', {'b.txt': corpus['b.txt']}))"
        return [cell(ask), FINISH][turn]

    bench = Bench(root, limits=Limits(turns=5, depth=2, calls=50, concurrency=4))
    finished = await bench.go()
    assert finished.stop == "ready"
    assert len(bench.kernels) == 2
    assert all(kernel.is_closed for kernel in bench.kernels)
    spans = [span for span, body in bench.session.events if isinstance(body, RunStarted)]
    assert spans == ["root", "root/t1/c1/s1"]
    turns = [span for span, body in bench.session.events if isinstance(body, TurnStarted)]
    assert turns == ["root/t1", "root/t1/c1/s1/t1", "root/t1/c1/s1/t2", "root/t2"]
    assert "b has none" in bench.root.requests[3].messages[-1].content
    assert finished.sub_usage.calls == 2
    assert len(bench.session.all(RunFinished)) == 2


async def test_a_child_run_beyond_the_depth_is_a_failed_reply() -> None:
    bench = Bench([LOOK, cell("print(rlm_query('What of b?').error.kind)"), FINISH])
    await bench.go()
    assert "max_depth" in bench.root.requests[2].messages[-1].content
    assert len(bench.kernels) == 1


async def test_every_sub_call_is_recorded_whole() -> None:
    bench = Bench([LOOK, cell("llm_query('prompt', 'x' * 100_000)"), FINISH])
    await bench.go()
    queued = bench.session.all(SubQueued)[0]
    assert "x" * 100_000 in queued.prompt
    assert bench.session.all(SubFinished)[0].text == "read"


async def test_never_more_in_flight_than_allowed() -> None:
    limits = Limits(turns=5, calls=500, concurrency=7)
    bench = Bench([LOOK, cell("llm_batch([str(n) for n in range(100)])"), FINISH], limits=limits)
    bench.sub._gate = asyncio.Event()
    running = asyncio.create_task(bench.go())
    await bench.sub.arrived(7)
    bench.sub._gate.set()
    await running
    assert bench.sub.most_in_flight == 7
    assert len(bench.sub.requests) == 100


async def test_a_rate_limit_halves_the_width_once_for_a_wave() -> None:
    limiter = Limiter(64, QuickClock())
    limiter.in_flight = 64
    for _ in range(64):
        limiter.slowed(None)
    assert limiter.width == 32
    for _ in range(32):
        limiter.succeeded()
    assert limiter.width == 33
