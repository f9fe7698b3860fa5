"""No hostile cell gets what it wants, in any tier that claims to protect."""

from __future__ import annotations

import platform
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import psutil
import pytest
import pytest_asyncio

from rlm_cli.kernel.sandbox.policy import Sandbox
from rlm_cli.kernel.sandbox.tiers import Tier
from tests.confinement import needs
from tests.hostile.aims import made
from tests.hostile.attack import Attack
from tests.hostile.attacks import ATTACKS
from tests.hostile.battery import DISK_BYTES, MEMORY_BYTES, Battery

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(loop_scope="module", scope="module", params=[Tier.A, Tier.B])
async def battery(request: pytest.FixtureRequest) -> AsyncIterator[Battery]:
    needs(request.param)
    with tempfile.TemporaryDirectory(prefix="rlm-hostile-") as folder:
        aims = made(Path(folder), MEMORY_BYTES, DISK_BYTES)
        sandbox = Sandbox((request.param,), MEMORY_BYTES, DISK_BYTES, aims.hidden)
        made_battery = Battery(aims, sandbox)
        try:
            yield made_battery
        finally:
            await made_battery.close()
            left = aims.daemons()
            aims.close()
        assert left == [], "daemons outlive the kernel"


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.name)
async def test_a_hostile_cell_gets_nothing(battery: Battery, attack: Attack) -> None:
    if attack.machine and attack.machine != platform.machine():
        pytest.skip(f"written for {attack.machine}")
    assert await battery.outcome(attack) == []


async def test_the_program_does_not_grow_under_floods(battery: Battery) -> None:
    before = psutil.Process().memory_info().rss
    flood = Attack("a flood", "for _ in range(15000): print('x' * 2000)")
    assert await battery.outcome(flood) == []
    assert psutil.Process().memory_info().rss - before < 64 * 2**20
