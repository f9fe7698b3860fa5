"""What every Kernel does: one suite, run over the fake of the engine's tests and over a real ipykernel."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from rlm_cli.events.values import Problem
from rlm_cli.kernel.adapter import IpyKernel, KernelLimits
from rlm_cli.ports import CallReply, Cell, CellHost, CellResult, CiteCall, Kernel, KernelCall, LlmCall
from tests.fakes.host import RecordingHost, never
from tests.fakes.kernel import FakeKernel

pytestmark = pytest.mark.asyncio(loop_scope="module")


class Bench:
    """A started kernel and the numbers of its cells."""

    def __init__(self, kernel: Kernel) -> None:
        self.kernel = kernel
        self._numbers = itertools.count(1)

    def cell(self, code: str, **limits: float) -> Cell:
        return Cell(number=next(self._numbers), code=code, **limits)

    async def run(self, code: str, host: CellHost | None = None, **limits: float) -> CellResult:
        return await self.kernel.run(self.cell(code, **limits), host or RecordingHost())


@pytest_asyncio.fixture(loop_scope="module", scope="module", params=["fake", "ipykernel"])
async def bench(request: pytest.FixtureRequest) -> AsyncIterator[Bench]:
    kernel: Kernel
    kernel = FakeKernel() if request.param == "fake" else IpyKernel(None, KernelLimits(grace_seconds=0.5))
    await kernel.start()
    yield Bench(kernel)
    await kernel.close()


async def test_what_a_cell_prints_and_its_last_value_are_shown(bench: Bench) -> None:
    result = await bench.run("print('printed')\n6 * 7")
    assert (result.status, result.shown) == ("ok", "printed\n42\n")


async def test_variables_live_on_also_those_set_before_an_exception(bench: Bench) -> None:
    failed = await bench.run("before = 'kept'\nprint('seen')\n1 / 0")
    after = await bench.run("before")
    assert failed.status == "error"
    assert failed.problem is not None
    assert (failed.problem.kind, failed.problem.line) == ("ZeroDivisionError", 3)
    assert failed.shown.startswith("seen\n")
    assert after.shown == "'kept'\n"
    assert "before" in [each.name for each in after.variables]


async def test_a_batch_of_200_is_answered_in_order_whatever_order_replies_come_in(bench: Bench) -> None:
    arrived: list[KernelCall] = []
    all_arrived = asyncio.Event()

    async def last_first(call: KernelCall) -> CallReply:
        assert isinstance(call, LlmCall)
        arrived.append(call)
        if len(arrived) == 200:
            all_arrived.set()
        await all_arrived.wait()
        for _ in range(200 - call.index):
            await asyncio.sleep(0)
        return CallReply(text=f"reply {call.index}")

    result = await bench.run(
        "replies = llm_batch([f'prompt {n}' for n in range(200)])\n"
        "replies == [f'reply {n}' for n in range(200)]",
        RecordingHost(last_first),
    )
    assert result.shown == "True\n"
    assert {(call.batch > 0, call.of) for call in arrived if isinstance(call, LlmCall)} == {(True, 200)}


async def test_a_failed_call_is_a_reply_that_is_not_ok_and_the_output_counts_it(bench: Bench) -> None:
    async def every_third_fails(call: KernelCall) -> CallReply:
        assert isinstance(call, LlmCall)
        if call.index % 3 == 0:
            return CallReply(problem=Problem(kind="rate_limit", message="slow down"))
        return CallReply(text="fine")

    result = await bench.run(
        "replies = llm_batch(['a'] * 6)\nprint([r.ok for r in replies], replies[0], replies[0].error.kind)",
        RecordingHost(every_third_fails),
    )
    assert "[False, True, True, False, True, True]" in result.shown
    assert "[failed: rate_limit: slow down] rate_limit" in result.shown
    assert "2 of 6 sub-calls failed: 2 rate_limit" in result.shown


async def test_a_mark_comes_from_the_host_and_a_quote_that_is_not_there_raises(bench: Bench) -> None:
    async def checks(call: KernelCall) -> CallReply:
        assert isinstance(call, CiteCall)
        if call.quote == "there":
            return CallReply(text="[[cite:7]]")
        return CallReply(problem=Problem(kind="quote_not_found", message="it is not in the document"))

    found = await bench.run("cite('a.txt', 'there')", RecordingHost(checks))
    missing = await bench.run(
        "try:\n    cite('a.txt', 'absent')\nexcept QuoteNotFound as error:\n    print('refused:', error)",
        RecordingHost(checks),
    )
    assert found.shown == "'[[cite:7]]'\n"
    assert missing.shown == "refused: it is not in the document\n"


async def test_a_change_of_the_answer_is_drafted_while_the_cell_runs(bench: Bench) -> None:
    host = RecordingHost()
    drafted_at_the_call: list[object] = []

    async def note(call: KernelCall) -> CallReply:
        drafted_at_the_call.extend(host.drafts)
        return CallReply(text="")

    host = RecordingHost(note)
    result = await bench.run("answer['content'] = 'first'\nllm_query('x')\nanswer.update(ready=True)", host)
    assert drafted_at_the_call == [("first", False)]
    assert host.drafts == [("first", False), ("first", True)]
    assert (result.content, result.ready) == ("first", True)


async def test_an_answer_that_was_bound_anew_is_found_at_the_end_of_the_cell(bench: Bench) -> None:
    host = RecordingHost()
    result = await bench.run("answer = {'content': 'another', 'ready': False}", host)
    assert (result.content, result.ready) == ("another", False)
    assert host.drafts[-1] == ("another", False)


async def test_an_interrupt_cancels_the_calls_of_the_cell_and_keeps_the_variables(bench: Bench) -> None:
    host = RecordingHost(never)
    running = asyncio.create_task(bench.run("kept = 1\nllm_batch(['a', 'b', 'c'])", host))
    await host.asked.wait()
    bench.kernel.interrupt()
    result = await running
    after = await bench.run("kept")
    assert result.status == "interrupted"
    assert len(host.cancelled) == len(host.calls)
    assert not result.kernel_is_lost
    assert after.shown == "1\n"


async def test_an_endless_loop_is_stopped_at_the_limit_of_computing_time(bench: Bench) -> None:
    result = await bench.run("kept = 2\nwhile True:\n    pass", compute_seconds=0.2)
    after = await bench.run("kept")
    assert result.status == "timeout"
    assert not result.kernel_is_lost
    assert after.shown == "2\n"


async def test_an_interrupt_between_cells_does_nothing(bench: Bench) -> None:
    bench.kernel.interrupt()
    assert (await bench.run("'alive'")).shown == "'alive'\n"


async def test_a_restart_keeps_answer_and_memory_and_names_what_is_lost(bench: Bench) -> None:
    await bench.run(
        "answer['content'] = 'the draft'\nmemory['plan'] = ['a', 'b']\nprecious = iter(open('/dev/null'))"
    )
    restarted = await bench.kernel.restart("a test wants it")
    after = await bench.run("print(answer['content'], memory['plan'], 'precious' in globals())")
    assert restarted.why == "a test wants it"
    assert "precious" in restarted.lost
    assert {"answer", "memory", "history"} <= set(restarted.restored)
    assert after.shown == "the draft ['a', 'b'] False\n"


async def test_closing_twice_is_closing_once() -> None:
    kernel = IpyKernel(None)
    await kernel.close()
    await kernel.close()
    assert (await kernel.run(Cell(number=1, code="1"), RecordingHost())).status == "died"
