"""A kernel that finds itself without a protection does not start, and the next tier is tried instead."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from rlm_cli.kernel.adapter import IpyKernel
from rlm_cli.kernel.launch import KernelUnconfined
from rlm_cli.kernel.sandbox.abilities import Abilities
from rlm_cli.kernel.sandbox.policy import Paths, Policy, Sandbox
from rlm_cli.kernel.sandbox.tiers import Tier
from rlm_cli.ports import Cell
from tests.confinement import needs
from tests.fakes.host import RecordingHost

Change = Callable[[Policy], Policy]


def changed(tiers: tuple[Tier, ...], hidden: tuple[str, ...], **changes: Change) -> Sandbox:
    """A sandbox whose policy of the named tiers has lost something."""

    class Changed(Sandbox):
        def policy(self, tier: Tier, paths: Paths, names: Sequence[str], has: Abilities) -> Policy:
            whole = super().policy(tier, paths, names, has)
            return changes[tier.value](whole) if tier.value in changes else whole

    return Changed(tiers, hidden=hidden)


def without_the_filter(policy: Policy) -> Policy:
    return replace(policy, seccomp=[])


def with_all_readable(policy: Policy) -> Policy:
    return replace(policy, landlock={**policy.landlock, "read": ["/"]})


def with_all_writable(policy: Policy) -> Policy:
    return replace(policy, landlock={**policy.landlock, "write": ["/"]})


@pytest.mark.parametrize(
    ("change", "found"),
    [
        (without_the_filter, "network: a socket of AF_INET could be made"),
        (with_all_readable, "could be listed"),
        (with_all_writable, "could be (listed|made)"),
    ],
)
async def test_what_does_not_hold_is_found_before_a_cell_runs(
    change: Change, found: str, tmp_path: Path
) -> None:
    needs(Tier.B)
    (tmp_path / "session").write_text("x")
    kernel = IpyKernel(None, sandbox=changed((Tier.B,), (str(tmp_path),), B=change))
    with pytest.raises(KernelUnconfined, match=found):
        await kernel.start()


@pytest.mark.parametrize(
    "change",
    [without_the_filter, lambda policy: replace(policy, wrap=[policy.wrap[0], "--no-such-option"])],
    ids=["a check fails", "bubblewrap fails"],
)
async def test_the_next_tier_is_taken_and_told(change: Change) -> None:
    needs(Tier.A)
    needs(Tier.B)
    kernel = IpyKernel(None, sandbox=changed((Tier.A, Tier.B), (), A=change))
    ready = await kernel.start()
    await kernel.close()
    assert (ready.tier, ready.sandbox.partition(" (")[0]) == ("B", "sandbox: landlock + seccomp")


async def test_a_kernel_at_a_limit_is_ended_and_the_reason_is_said() -> None:
    kernel = IpyKernel(None, sandbox=Sandbox((Tier.OFF,), memory_bytes=300 * 10**6, disk_bytes=32 * 10**6))
    hog = (
        "import mmap, time\nkept = mmap.mmap(-1, 400 * 10**6)\n"
        "for place in range(0, len(kept), 4096): kept[place] = 1\ntime.sleep(20)"
    )
    try:
        await kernel.start()
        polite = await kernel.run(Cell(number=1, code="x = bytearray(500 * 10**6)"), RecordingHost())
        ended = await kernel.run(Cell(number=2, code=hog), RecordingHost())
    finally:
        await kernel.close()
    assert polite.problem is not None
    assert (polite.problem.kind, polite.kernel_is_lost) == ("MemoryError", False)
    assert ended.problem is not None
    assert ended.kernel_is_lost
    assert "more memory than it may together (--memory allows more)" in ended.problem.message
