"""What protects this machine from cells: each protection as it was tried, from outside and from inside."""

from __future__ import annotations

from rlm_cli.events.bodies import KernelReady
from rlm_cli.kernel.sandbox.abilities import abilities
from rlm_cli.kernel.sandbox.tiers import size
from rlm_cli.runs.checks.finding import Finding, ok, warn
from rlm_cli.runs.confinement import CONFINED_TIERS, ConfinedKernel, remedy

_TRIED = {
    "network": "making a socket",
    "files": "listing your home, sessions and configuration, and writing there",
    "corpus": "writing to the corpus and to the files of the kernel",
    "keys": "finding a key in an environment",
    "processes": "reaching the program",
}
"""What the check of this name tries from inside of the kernel."""


def protections(kernel: ConfinedKernel, ready: KernelReady) -> list[Finding]:
    """What a started kernel is held by; every protection that is on was tried, and has held."""
    text = ready.sandbox.removeprefix("sandbox: ")
    if ready.tier in CONFINED_TIERS:
        found = [ok("sandbox", text)]
    else:
        found = [warn("sandbox", text, remedy(abilities()))]
    if kernel.launched is None:
        return found
    policy = kernel.launched.boot["sandbox"]
    if policy["checks"]:
        tried = "; ".join(_TRIED[name] for name in policy["checks"])
        found.append(ok("tried from inside, and refused", tried))
    return [*found, *_means(), _limits(policy["limits"])]


def _means() -> list[Finding]:
    """What there is on this machine, whether it was used or not."""
    has = abilities()
    return [
        ok("seatbelt", "is there")
        if has.has_seatbelt
        else _of("bubblewrap", has.bubblewrap, has.why_no_bubblewrap),
        _of("landlock", f"ABI {has.landlock_abi}", "" if has.landlock_abi else "this system has none"),
        _of(
            "seccomp", "works", "" if has.has_seccomp else "this system has none, or its machine is not known"
        ),
    ]


def _of(name: str, text: str, why_not: str) -> Finding:
    return warn(name, f"cannot be used: {why_not}") if why_not else ok(name, text)


def _limits(limits: dict[str, int]) -> Finding:
    memory, disk = size(limits["memory_bytes"]), size(limits["disk_bytes"])
    count = limits["processes"]
    text = f"{memory} of memory (--memory), {count} processes, {disk} on disk, for all that cells start"
    return ok("limits of cells", text)
