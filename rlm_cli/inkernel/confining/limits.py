"""Limits that the system itself keeps for each process: memory, processes, size of a file, descriptors.

What they cannot see, memory that several processes share and the number of root's processes, is
`watchdog`'s.
"""

from __future__ import annotations

import contextlib
import os
import resource
from pathlib import Path


def limit(limits: dict[str, int]) -> None:
    """Set them, hard; one that is tighter already stays as it is. No crash leaves a core file.

    Units:   bytes; counts. 0 sets none.
    """
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    _set("RLIMIT_DATA", limits["memory_bytes"])
    _set("RLIMIT_FSIZE", limits["file_bytes"])
    _set("RLIMIT_NOFILE", limits["open_files"])
    if limits["processes"]:
        _set("RLIMIT_NPROC", limits["processes"] + (limits["counts_all"] and _of_this_user()))


def _set(name: str, value: int) -> None:
    number = getattr(resource, name, None)
    if number is None or not value:
        return
    _, hard = resource.getrlimit(number)
    if hard != resource.RLIM_INFINITY:
        value = min(value, hard)
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(number, (value, value))


def _of_this_user() -> int:
    """How many threads the user has: without a user namespace of its own the kernel shares their limit."""
    own, count = os.getuid(), 0
    with contextlib.suppress(OSError):
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit():
                with contextlib.suppress(OSError):
                    if entry.stat().st_uid == own:
                        count += len(list((entry / "task").iterdir()))
    return count
