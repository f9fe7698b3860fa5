"""What the sandbox costs at the start of a kernel: each tier of this machine and none, in turns.

python -m bench.sandbox [ROUNDS]
"""

from __future__ import annotations

import asyncio
import statistics
import sys

from rlm_cli.kernel.adapter import IpyKernel
from rlm_cli.kernel.sandbox.abilities import abilities
from rlm_cli.kernel.sandbox.policy import Sandbox
from rlm_cli.kernel.sandbox.tiers import CONFINED, Tier

ROUNDS = 15
GOAL_SECONDS = 0.050


async def measure(rounds: int = ROUNDS) -> dict[str, list[float]]:
    """Seconds until a kernel is ready, by tier; the first round warms the caches and is not counted."""
    tiers = [Tier.OFF, *(tier for tier in CONFINED if not abilities().missing(tier))]
    seconds: dict[str, list[float]] = {tier.value: [] for tier in tiers}
    for number in range(rounds + 1):
        for tier in tiers:
            kernel = IpyKernel(None, sandbox=Sandbox((tier,)))
            ready = await kernel.start()
            await kernel.close()
            if number:
                seconds[tier.value].append(ready.seconds)
    return seconds


def main() -> None:
    """Print the medians and what each tier adds."""
    found = asyncio.run(measure(int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS))
    plain = statistics.median(found[Tier.OFF.value])
    print("| tier | ready, median ms | fastest ms | added, median ms | goal ≤ 50 ms |")
    print("|---|---|---|---|---|")
    for tier, values in found.items():
        median = statistics.median(values)
        verdict = "" if tier == Tier.OFF.value else "met" if median - plain <= GOAL_SECONDS else "MISSED"
        added = 1000 * (median - plain)
        print(f"| {tier} | {1000 * median:.0f} | {1000 * min(values):.0f} | {added:+.0f} | {verdict} |")


if __name__ == "__main__":
    main()
