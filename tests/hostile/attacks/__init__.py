"""Every hostile cell, by what it is after."""

from __future__ import annotations

from tests.hostile.attack import Attack
from tests.hostile.attacks import exhaustion, files, network, secrets, system

ATTACKS: tuple[Attack, ...] = (
    *network.ATTACKS,
    *secrets.ATTACKS,
    *files.ATTACKS,
    *system.ATTACKS,
    *exhaustion.ATTACKS,
)
