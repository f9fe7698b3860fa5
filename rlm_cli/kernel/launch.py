"""How the kernel's process is launched: its command, its environment, its descriptors, its protections.

`build` is the one place where a sandbox is put around the kernel, and the one that says which there is.
It starts nothing.
"""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rlm_cli.base.errors import KernelError
from rlm_cli.kernel.rundir import RunDirectory
from rlm_cli.kernel.sandbox import visible
from rlm_cli.kernel.sandbox.abilities import abilities
from rlm_cli.kernel.sandbox.policy import Paths, Policy, Sandbox
from rlm_cli.kernel.sandbox.tiers import Tier, Worded, status_line

UNCONFINED = 85
"""The exit code of a kernel whose protections do not hold (see `inkernel.exits`)."""

_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS")
_PASSED_ON = ("LANG", "LC_ALL", "LC_CTYPE", "TZ")
_LAUNCHER = Path(__file__).parent.parent / "inkernel" / "launcher.py"
_FLAGS = ("-P", "-B", "-X", "utf8")
_BARE_FLAGS = ("-I", "-S", "-B", "-X", "utf8")


class KernelUnconfined(KernelError):
    """A kernel has not the protection that was demanded of it; `why` names what is missing."""


@dataclass(frozen=True)
class Launch:
    """A process to start.

    Shape:   env is the whole environment; pass_fds are the only descriptors beside the standard three;
             tier and status_line say truthfully which protections are on; boot is what the boot file must
             tell the process of them.
    """

    argv: tuple[str, ...]
    env: dict[str, str]
    pass_fds: tuple[int, ...]
    cwd: str
    tier: str
    status_line: str
    boot: dict[str, Any]


@dataclass(frozen=True)
class Mounted:
    """What a kernel is put into: the sandbox that is demanded, the tier to use, the store of its corpus."""

    sandbox: Sandbox
    tier: Tier
    store: str = ""


def missing(tier: Tier) -> str:
    """Why this machine does not have a tier; empty when it does."""
    return abilities().missing(tier)


def is_unconfined(code: int, said: str) -> bool:
    """Whether a kernel that has ended before it was ready did so because it could not be confined."""
    return code == UNCONFINED or said.startswith("bwrap: ")


def build(run_directory: RunDirectory, wire: int, leash: int, into: Mounted) -> Launch:
    """The launch of a kernel in a run directory.

    Shape:   wire and leash are the descriptors that the process inherits.
    """
    env = environment(run_directory.scratch)
    policy = into.sandbox.policy(into.tier, _paths(run_directory, into.store), list(env), abilities())
    flags = _BARE_FLAGS if policy.wrap else _FLAGS
    return Launch(
        argv=(sys.executable, *flags, str(_LAUNCHER), str(run_directory.boot_file), str(leash), *policy.wrap),
        env=env,
        pass_fds=(wire, leash),
        cwd=str(run_directory.scratch),
        tier=into.tier.value,
        status_line=status_line(into.tier, _worded(policy)),
        boot={"sandbox": policy.as_boot(), "sys_path": visible.sys_path()},
    )


def environment(scratch: Path) -> dict[str, str]:
    """The kernel's environment, made afresh from a list of what is allowed: no key, no setting of ours."""
    threads = str(min(4, os.cpu_count() or 1))
    return {
        "PATH": os.pathsep.join((str(Path(sys.executable).parent), "/usr/local/bin", "/usr/bin", "/bin")),
        "LANG": "C.UTF-8",
        **{name: os.environ[name] for name in _PASSED_ON if name in os.environ},
        "HOME": str(scratch),
        "TMPDIR": str(scratch),
        "IPYTHONDIR": str(scratch / "ipython"),
        "NO_COLOR": "1",
        "TERM": "dumb",
        "PYTHONDONTWRITEBYTECODE": "1",
        # Sets of texts keep one order: a recorded cell that is run again does what it did.
        "PYTHONHASHSEED": "0",
        **dict.fromkeys(_THREADS, threads),
    }


def _paths(run_directory: RunDirectory, store: str) -> Paths:
    return Paths(
        run=str(run_directory.path),
        write=str(run_directory.scratch),
        sockets=str(run_directory.sockets),
        read=(str(run_directory.boot_file), str(run_directory.connection_file)),
        store=store,
    )


def _worded(policy: Policy) -> Worded:
    return Worded(bool(policy.landlock), bool(policy.seccomp), policy.limits["memory_bytes"])
