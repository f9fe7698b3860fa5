"""The program's own directories: can they be written to, and is there room."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

from rlm_cli.base.errors import ExitCode
from rlm_cli.base.text import one_line
from rlm_cli.runs.checks.finding import Finding, Status, fail, ok, warn
from rlm_cli.settings.locations import Directories

_LITTLE_BYTES = 500_000_000
_TOO_LITTLE_BYTES = 10_000_000


def directories(places: Directories) -> list[Finding]:
    """One finding a directory; none is created. A configuration that is kept read-only is no failure."""
    config = directory("configuration", places.config, "XDG_CONFIG_HOME", ExitCode.SETTINGS)
    is_writable = config.status is Status.OK
    return [
        directory("sessions", places.sessions, "XDG_DATA_HOME", ExitCode.CORPUS),
        directory("cache", places.cache, "XDG_CACHE_HOME", ExitCode.CORPUS),
        ok(config.name, config.text) if is_writable else warn(config.name, config.text, config.remedy),
    ]


def directory(name: str, path: Path, variable: str, exit_code: ExitCode) -> Finding:
    """Whether files can be made in a directory; where it does not exist, in the nearest one above it."""
    above = next(each for each in (path, *path.parents) if each.exists())
    remedy = f"Make it writable, or set {variable} to another folder"
    try:
        if not above.is_dir():
            return fail(name, f"{above} is not a folder", exit_code, remedy)
        with tempfile.TemporaryFile(dir=above) as probe:
            probe.write(b"\0" * 4096)
            probe.flush()
            os.fsync(probe.fileno())
        free = shutil.disk_usage(above).free
    except OSError as problem:
        why = one_line(problem.strerror or str(problem), 200)
        return fail(name, f"{above} cannot be written to: {why}", exit_code, remedy)
    text = f"{path}{'' if path.exists() else ' (made when it is needed)'}, {free / 1e9:,.1f} GB free"
    if free < _TOO_LITTLE_BYTES:
        return fail(name, text, exit_code, f"Make room, or set {variable} to another file system")
    if free < _LITTLE_BYTES:
        return warn(name, text, f"Make room, or set {variable} to another file system")
    return ok(name, text, is_required=True)
