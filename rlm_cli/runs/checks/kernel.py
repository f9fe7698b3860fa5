"""The kernel, really: started, asked to compute, interrupted, asked again; and what confines it."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from rlm_cli.base.errors import ExitCode, RlmError
from rlm_cli.events.values import Json, Problem
from rlm_cli.ports import CallReply, Cell, Kernel, KernelCall
from rlm_cli.runs.checks.finding import Finding, fail, failed_with, ok, warn
from rlm_cli.runs.checks.sandbox import protections
from rlm_cli.runs.confinement import USUAL, ConfinedKernel, Demand, KernelUnprotected

_SECONDS = 30.0
_MARK = "the cell is running"
_BUSY_CELL = f"kept = 6 * 7\nprint({_MARK!r}, flush=True)\nwhile True:\n    pass"


class _Listener:
    """The host of a cell: hears its output, and serves no calls."""

    def __init__(self) -> None:
        self.is_running = asyncio.Event()
        self._heard = ""

    def output(self, stream: str, text: str) -> None:
        self._heard += text
        if _MARK in self._heard:
            self.is_running.set()

    def drafted(self, content: Json, ready: bool) -> None:
        return None

    async def call(self, call: KernelCall) -> CallReply:
        return CallReply(problem=Problem(kind="unavailable", message="the doctor serves no calls"))


async def kernel(demand: Demand = USUAL) -> list[Finding]:
    """Start a kernel without a corpus as protected as it gets, run cells in it, interrupt one, and end it."""
    confined = ConfinedKernel(None, demand)
    try:
        try:
            ready = await confined.start()
            sandbox = protections(confined, ready)
        except KernelUnprotected as error:
            sandbox = [_unprotected(demand, error)]
            confined = ConfinedKernel(None, replace(demand, mode="off"))
            ready = await confined.start()
        started = ok("kernel", f"Python {ready.python}, ready in {ready.seconds:.1f} s", is_required=True)
        return [started, await _interrupted(confined), *sandbox]
    except RlmError as error:
        return [failed_with("kernel", error)]
    finally:
        await confined.close()


async def _interrupted(kernel: Kernel) -> Finding:
    host = _Listener()
    running = asyncio.create_task(kernel.run(Cell(number=1, code=_BUSY_CELL), host))
    try:
        async with asyncio.timeout(_SECONDS):
            waiting = asyncio.create_task(host.is_running.wait())
            await asyncio.wait({running, waiting}, return_when=asyncio.FIRST_COMPLETED)
            waiting.cancel()
            kernel.interrupt()
            stopped = await running
            after = await kernel.run(Cell(number=2, code="print(kept)"), _Listener())
    except TimeoutError:
        running.cancel()
        kernel.interrupt(force=2)
        return fail(
            "interrupt", f"a cell was not interrupted within {_SECONDS:g} s", ExitCode.KERNEL, _REPORT
        )
    if stopped.status == "interrupted" and after.shown.strip() == "42":
        return ok("interrupt", "a busy cell was interrupted, and its variables were kept", is_required=True)
    why = after.problem or stopped.problem
    text = f"the cell ended as {stopped.status}, the next one as {after.status}"
    return fail("interrupt", f"{text}: {why.message}" if why else text, ExitCode.KERNEL, _REPORT)


_REPORT = "Please report this, with the output of: rlm doctor --json"


def _unprotected(demand: Demand, error: KernelUnprotected) -> Finding:
    text = f"none: {error.why}"
    if demand.mode == "strict":
        return fail("sandbox", text, error.exit_code, error.remedy)
    return warn("sandbox", text, error.remedy)
