"""The kernel, really: started, asked to compute, interrupted, asked again; and what confines it."""

from __future__ import annotations

import asyncio

from rlm_cli.base.errors import ExitCode, RlmError
from rlm_cli.events.bodies import KernelReady
from rlm_cli.events.values import Json, Problem
from rlm_cli.kernel.adapter import IpyKernel
from rlm_cli.ports import CallReply, Cell, KernelCall
from rlm_cli.runs.checks.finding import Finding, fail, failed_with, ok, warn
from rlm_cli.runs.confinement import CONFINED_TIERS

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


async def kernel() -> list[Finding]:
    """Start a kernel without a corpus, run cells in it, interrupt one, and end it."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    kernel = IpyKernel(None)
    try:
        ready = await kernel.start()
        started = ok(
            "kernel", f"Python {ready.python}, ready in {loop.time() - began:.1f} s", is_required=True
        )
        return [started, await _interrupted(kernel), _sandbox(ready)]
    except RlmError as error:
        return [failed_with("kernel", error)]
    finally:
        await kernel.close()


async def _interrupted(kernel: IpyKernel) -> Finding:
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


def _sandbox(ready: KernelReady) -> Finding:
    text = ready.sandbox.removeprefix("sandbox: ")
    if ready.tier.upper() in CONFINED_TIERS:
        return ok("sandbox", text)
    return warn("sandbox", text, "Ask only about documents that you trust")
