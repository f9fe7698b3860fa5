"""A kernel of some tier under attack: one kernel as long as it lives, another when an attack has ended it."""

from __future__ import annotations

import itertools

from rlm_cli.kernel.adapter import IpyKernel, KernelLimits
from rlm_cli.kernel.sandbox.policy import Sandbox
from rlm_cli.ports import Cell, CellResult
from tests.fakes.host import RecordingHost
from tests.hostile.aims import Aims
from tests.hostile.attack import SUCCEEDED, Attack

MEMORY_BYTES = 384 * 10**6
DISK_BYTES = 64 * 10**6
_SHOWN_CHARACTERS = 20_000


class Battery:
    """Runs hostile cells and says which got what they wanted."""

    def __init__(self, aims: Aims, sandbox: Sandbox) -> None:
        self.aims = aims
        self.kernel = IpyKernel(aims.corpus.mount, KernelLimits(grace_seconds=0.3), sandbox)
        self.tier = ""
        self._numbers = itertools.count(1)
        self._is_up = False

    async def outcome(self, attack: Attack) -> list[str]:
        """What an attack has reached: what it says, has done, and has broken; best nothing."""
        await self._up()
        result = await self._run(attack.code, attack.seconds)
        self._is_up = not result.kernel_is_lost
        found = [line for line in result.shown.splitlines() if line.startswith(SUCCEEDED)]
        found += self.aims.damage()
        if len(result.shown) > _SHOWN_CHARACTERS:
            found.append(f"{len(result.shown)} characters of output came through")
        if result.kernel_is_lost and not attack.ends:
            found.append(f"the kernel was ended: {result.problem}")
        return found

    async def close(self) -> None:
        """End the kernel."""
        await self.kernel.close()

    async def _up(self) -> None:
        if not self._is_up:
            await self.kernel.close()
            self.tier = (await self.kernel.start()).tier
            result = await self._run(self.aims.prelude(), 30)
            assert result.status == "ok", result.problem
            self._is_up = True

    async def _run(self, code: str, seconds: float) -> CellResult:
        cell = Cell(number=next(self._numbers), code=code, compute_seconds=seconds)
        return await self.kernel.run(cell, RecordingHost())
