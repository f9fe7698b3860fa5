"""The tiers of protection, best first, and the line that tells the truth about each.

A    bubblewrap, with Landlock and seccomp inside as far as the system has them
B    Landlock and seccomp, where the system forbids or lacks bubblewrap
C    Seatbelt of macOS
D    seccomp alone: no network
E    nothing
off  nothing, because the user has said so
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Tier(StrEnum):
    """A tier; the value is what events and session files hold."""

    A = "A"
    B = "B"
    C = "C"
    D = "D"
    E = "E"
    OFF = "off"


CONFINED = (Tier.A, Tier.B, Tier.C)
"""The tiers that protect files and network, best first."""

LEFT_OPEN = (Tier.D, Tier.E)
"""The tiers that do not, best first."""


@dataclass(frozen=True)
class Worded:
    """What a status line names.

    Units:   memory_bytes is the limit of all processes of a kernel together.
    """

    has_landlock: bool
    has_seccomp: bool
    memory_bytes: int


def status_line(tier: Tier, worded: Worded) -> str:
    """Which protections are on, in one line."""
    memory = f"memory {size(worded.memory_bytes)}"
    match tier:
        case Tier.A:
            inside = ["landlock"] * worded.has_landlock + ["seccomp"] * worded.has_seccomp
            layers = " + ".join(["bubblewrap", *inside])
            return f"sandbox: {layers} (no network, corpus read-only, home hidden, {memory})"
        case Tier.B:
            kept = f"no network, corpus read-only, home closed, {memory}"
            return f"sandbox: landlock + seccomp ({kept}; no process isolation)"
        case Tier.C:
            return f"sandbox: seatbelt (no network, corpus read-only, home closed, {memory}; not proven)"
        case Tier.D:
            return "sandbox: PARTIAL: no network; files are NOT protected"
        case Tier.E:
            return "sandbox: NONE: cells can read your files and use the network"
        case Tier.OFF:
            return "sandbox: OFF: cells can read your files and use the network"


def size(count: int) -> str:
    """Bytes for people, in the units that settings are written in."""
    for unit, scale in (("GB", 10**9), ("MB", 10**6)):
        if count >= scale:
            return f"{count / scale:.1f}".removesuffix(".0") + f" {unit}"
    return f"{count} bytes"
