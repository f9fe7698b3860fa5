"""Which tiers this machine has, for tests: those that it lacks are skipped with a reason that is counted."""

from __future__ import annotations

import pytest

from rlm_cli.kernel.sandbox.abilities import abilities
from rlm_cli.kernel.sandbox.tiers import CONFINED, Tier

IS_POSSIBLE = any(not abilities().missing(tier) for tier in CONFINED)

SETTING = {} if IS_POSSIBLE else {"RLM_SANDBOX_MODE": "off"}
"""What a user of the program in tests has set: where nothing can be confined, he has said `off` himself."""


def needs(tier: Tier) -> None:
    """Skip a test of a tier that this machine does not have."""
    why = abilities().missing(tier)
    if why:
        pytest.skip(f"tier {tier}: {why}")
