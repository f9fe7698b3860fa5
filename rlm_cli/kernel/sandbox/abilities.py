"""What this machine has to confine a process with: asked of the system, or tried, never guessed.

Nothing that is asked here changes this process.
"""

from __future__ import annotations

import ctypes
import functools
import platform
import shutil
import subprocess
import sys
from dataclasses import dataclass

from rlm_cli.kernel.sandbox import bubblewrap
from rlm_cli.kernel.sandbox.tiers import Tier

OLDEST_ABI = 1
MACHINES = ("x86_64", "aarch64")
_CREATE_RULESET, _ASK_VERSION = 444, 1
_PR_GET_SECCOMP = 21
_SEATBELT = "/usr/bin/sandbox-exec"
_TRIAL_SECONDS = 10.0


@dataclass(frozen=True)
class Abilities:
    """What was found; an empty `why_no_bubblewrap` says that it works.

    Shape:   landlock_abi is 0 where there is no Landlock. is_sized says that bubblewrap can bound a tmpfs.
    """

    bubblewrap: str = ""
    why_no_bubblewrap: str = ""
    is_sized: bool = False
    landlock_abi: int = 0
    has_seccomp: bool = False
    has_seatbelt: bool = False

    def missing(self, tier: Tier) -> str:
        """Why a tier cannot be had here; empty when it can."""
        match tier:
            case Tier.A:
                return self.why_no_bubblewrap or ("" if self.has_seccomp else _no_seccomp())
            case Tier.B:
                if self.landlock_abi < OLDEST_ABI:
                    return "this system has no Landlock"
                return "" if self.has_seccomp else _no_seccomp()
            case Tier.C:
                return "" if self.has_seatbelt else "this is not macOS"
            case Tier.D:
                return "" if self.has_seccomp else _no_seccomp()
            case Tier.E | Tier.OFF:
                return ""


@functools.cache
def abilities() -> Abilities:
    """What this machine has; found out once."""
    if sys.platform == "darwin":
        return Abilities(why_no_bubblewrap="this is not Linux", has_seatbelt=bool(shutil.which(_SEATBELT)))
    if sys.platform != "linux":
        return Abilities(why_no_bubblewrap="this is not Linux")
    program, why, is_sized = _bubblewrap()
    return Abilities(program, why, is_sized, _landlock_abi(), _has_seccomp())


def _bubblewrap() -> tuple[str, str, bool]:
    """The program, why it does not work, and whether it can bound a tmpfs: tried with what a kernel gets."""
    program = shutil.which("bwrap", path="/usr/bin:/usr/local/bin:/bin:/run/current-system/sw/bin")
    if program is None:
        return "", "bubblewrap is not installed", False
    why = ""
    for is_sized in (True, False):
        why = _why_not([program, *bubblewrap.trial(is_sized)])
        if not why:
            return program, "", is_sized
    return program, why, False


def _why_not(argv: list[str]) -> str:
    """What a program says when it fails; empty when it succeeds."""
    try:
        ended = subprocess.run(
            argv,
            env={},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            timeout=_TRIAL_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    if ended.returncode == 0:
        return ""
    lines = ended.stderr.decode("utf-8", "replace").strip().splitlines()
    return lines[-1][:300] if lines else f"it ended with {ended.returncode}"


def _landlock_abi() -> int:
    library = ctypes.CDLL(None, use_errno=True)
    return max(
        0,
        int(
            library.syscall(
                ctypes.c_long(_CREATE_RULESET), None, ctypes.c_long(0), ctypes.c_long(_ASK_VERSION)
            )
        ),
    )


def _has_seccomp() -> bool:
    """Whether a filter can be put on, and its numbers are known."""
    if platform.machine() not in MACHINES:
        return False
    return int(ctypes.CDLL(None).prctl(_PR_GET_SECCOMP, 0, 0, 0, 0)) >= 0


def _no_seccomp() -> str:
    if platform.machine() not in MACHINES:
        return f"no system call filter is written for {platform.machine()}"
    return "this system has no seccomp"
