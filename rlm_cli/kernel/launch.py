"""How the kernel's process is launched: its command, its environment, its descriptors, its protections.

`build` is the one place where a sandbox is put around the kernel, and the one that says which there is.
It starts nothing.
"""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path

from rlm_cli.kernel.rundir import RunDirectory

_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS")
_PASSED_ON = ("LANG", "LC_ALL", "LC_CTYPE", "TZ")
_LAUNCHER = Path(__file__).parent.parent / "inkernel" / "launcher.py"


@dataclass(frozen=True)
class Launch:
    """A process to start.

    Shape:   env is the whole environment; pass_fds are the only descriptors beside the standard three;
             tier and status_line say truthfully which protections are on.
    """

    argv: tuple[str, ...]
    env: dict[str, str]
    pass_fds: tuple[int, ...]
    cwd: str
    tier: str
    status_line: str


def build(run_directory: RunDirectory, wire: int, leash: int) -> Launch:
    """The launch of a kernel in a run directory.

    Shape:   wire and leash are the descriptors that the process inherits.
    """
    launcher = [str(_LAUNCHER), str(run_directory.boot_file), str(leash)]
    return Launch(
        argv=(sys.executable, "-P", "-B", "-X", "utf8", *launcher),
        env=environment(run_directory.scratch),
        pass_fds=(wire, leash),
        cwd=str(run_directory.scratch),
        tier="none",
        status_line="NONE: cells can read your files and use the network",
    )


def environment(scratch: Path) -> dict[str, str]:
    """The kernel's environment, made afresh from a list of what is allowed: no key, no setting of ours."""
    threads = str(min(4, os.cpu_count() or 1))
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "LANG": "C.UTF-8",
        **{name: os.environ[name] for name in _PASSED_ON if name in os.environ},
        "HOME": str(scratch),
        "TMPDIR": str(scratch),
        "IPYTHONDIR": str(scratch / "ipython"),
        "NO_COLOR": "1",
        "TERM": "dumb",
        "PYTHONDONTWRITEBYTECODE": "1",
        **dict.fromkeys(_THREADS, threads),
    }
