"""A kernel goes with the process above it, whatever happens to that."""

from __future__ import annotations

import pytest

from rlm_cli.kernel.sandbox.policy import Sandbox
from rlm_cli.kernel.sandbox.tiers import Tier
from tests.confinement import needs
from tests.hostile.leftovers import left_by_a_killed_supervisor


@pytest.mark.parametrize("tier", [Tier.A, Tier.B])
async def test_nothing_outlives_a_supervisor_that_is_killed(tier: Tier) -> None:
    needs(tier)
    assert await left_by_a_killed_supervisor(Sandbox((tier,))) == []
