"""The protections, tried from inside before any cell runs: what must fail is attempted, and has to fail.

It is given what to try as plain data. A check that holds is named; one that does not ends the kernel.
"""

from __future__ import annotations

import contextlib
import os
import socket
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

_OWN_PROCESSES = 3
"""bubblewrap's own, the kernel, and one to spare."""


class Unconfined(Exception):
    """A protection that should be on does not hold."""


def check(checks: dict[str, Any]) -> list[str]:
    """Try each; the names of those that held.

    Shape:   checks maps a name of `_CHECKS` to what it needs.
    Errors:  Unconfined with what could be done.
    """
    for name, needed in checks.items():
        reached = _CHECKS[name](needed)
        if reached:
            raise Unconfined(f"{name}: {reached}")
    return list(checks)


def _network(_needed: Any) -> str:
    for family, kind in ((socket.AF_INET, socket.SOCK_STREAM), (socket.AF_INET6, socket.SOCK_DGRAM)):
        try:
            socket.socket(family, kind).close()
        except OSError:
            continue
        return f"a socket of {family.name} could be made"
    return ""


def _hidden(needed: dict[str, Any]) -> str:
    """Folders must not be listed, beyond what leads to what may be read; nothing may be made in them.

    Shape:   folders to try, and the paths that may be read.
    """
    for folder in needed["folders"]:
        allowed = {_next_below(folder, path) for path in needed["readable"]}
        try:
            seen = {each.name for each in Path(folder).iterdir()} - allowed
        except OSError:
            seen = set()
        if seen:
            return f"{folder} could be listed"
        if _can_make(folder):
            return f"a file could be made in {folder}"
    return ""


def _read_only(needed: dict[str, list[str]]) -> str:
    """Nothing may be made in folders, and neither their first files nor others be opened for writing.

    Shape:   `folders` and `files`.
    """
    files = [Path(each) for each in needed["files"]]
    for folder in needed["folders"]:
        if _can_make(folder):
            return f"a file could be made in {folder}"
        with contextlib.suppress(OSError):
            files += sorted(Path(folder).iterdir())[:3]
    for file in files:
        if file.is_file() and _works(partial(_open_to_write, file)):
            return f"{file} could be opened for writing"
    return ""


def _keys(needed: dict[str, Any]) -> str:
    """The environment must hold what was given, and the program's own must not be readable.

    Shape:   `names` of variables that were given, `program` the process id of the program.
    """
    extra = sorted(set(os.environ) - set(needed["names"]))
    if extra:
        return f"the environment holds {extra[0]}"
    try:
        other = Path(f"/proc/{needed['program']}/environ").read_bytes()
    except OSError:
        return ""
    own = Path("/proc/self/environ").read_bytes()
    return "" if set(other.split(b"\0")) <= set(own.split(b"\0")) else "another environment could be read"


def _processes(needed: dict[str, Any]) -> str:
    """The program must be out of reach: no process of the machine is seen, or none can be signalled.

    Shape:   `program` is the process id of the program, `has_namespace` says that ids have one of their own.
    """
    if needed["has_namespace"]:
        seen = [each for each in Path("/proc").iterdir() if each.name.isdigit()]
        return "processes of the machine can be seen" if len(seen) > _OWN_PROCESSES else ""
    program = needed["program"]
    return f"process {program} could be signalled" if _works(lambda: os.kill(program, 0)) else ""


def _next_below(folder: str, path: str) -> str:
    """The name in a folder that leads to a path; empty when the path is elsewhere."""
    prefix = folder.rstrip("/") + "/"
    return path[len(prefix) :].partition("/")[0] if path.startswith(prefix) else ""


def _can_make(folder: str) -> bool:
    path = Path(folder, f".rlm-check-{os.getpid()}")
    if not _works(partial(_open_to_write, path, os.O_CREAT | os.O_EXCL)):
        return False
    path.unlink()
    return True


def _open_to_write(path: Path, flags: int = 0) -> None:
    os.close(os.open(path, os.O_WRONLY | flags, 0o600))


def _works(attempt: Callable[[], object]) -> bool:
    try:
        attempt()
    except OSError:
        return False
    return True


_CHECKS: dict[str, Callable[[Any], str]] = {
    "network": _network,
    "files": _hidden,
    "corpus": _read_only,
    "keys": _keys,
    "processes": _processes,
}
