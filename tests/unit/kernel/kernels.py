"""Real kernels for these tests: one for a module where cells leave nothing behind, a fresh one otherwise."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from rlm_cli.events.bodies import KernelReady
from rlm_cli.kernel.adapter import IpyKernel, KernelLimits
from rlm_cli.ports import Cell, CellHost, CellResult
from tests.fakes.host import RecordingHost

PATIENCE_SECONDS = 20.0


class Bench:
    """A real kernel and the numbers of its cells."""

    def __init__(self, kernel: IpyKernel, ready: KernelReady) -> None:
        self.kernel = kernel
        self.ready = ready
        self._numbers = itertools.count(1)

    def cell(self, code: str, **limits: float) -> Cell:
        return Cell(number=next(self._numbers), code=code, **limits)

    async def run(self, code: str, host: CellHost | None = None, **limits: float) -> CellResult:
        async with asyncio.timeout(PATIENCE_SECONDS):
            return await self.kernel.run(self.cell(code, **limits), host or RecordingHost())

    async def shown(self, code: str, host: CellHost | None = None) -> str:
        return (await self.run(code, host)).shown


@asynccontextmanager
async def real_kernel(grace_seconds: float = 0.3) -> AsyncIterator[Bench]:
    """A started kernel without a corpus, closed at the end."""
    kernel = IpyKernel(None, KernelLimits(grace_seconds=grace_seconds))
    try:
        yield Bench(kernel, await kernel.start())
    finally:
        await kernel.close()
