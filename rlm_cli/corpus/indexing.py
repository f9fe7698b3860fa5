"""The index for ranked search, made by a program of its own: beside a run, or at once for the command line.

It knows how that program is started and what its lines mean; how an index looks is known in the kernel's
half. Without tantivy, or when the making fails, searches go without an index.
"""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import msgspec
from msgspec import Struct

from rlm_cli.base.errors import RlmError
from rlm_cli.ports import Mount

LEAST_BYTES = 1 << 29
"""Below so many bytes of text a search without an index takes a tenth of a second, and none is made."""
_PROGRAM = Path(__file__).parent.parent / "inkernel" / "indexing.py"
_MISSING = 3


class Indexed(Struct, frozen=True):
    """How far an index is.

    Units:   bytes of text that it had to be added to it.
    """

    done: int
    of: int


class Indexing:
    """The making of an index beside a run. What it has committed stays when it is ended early."""

    def __init__(self, mount: Mount) -> None:
        self._process = _started(mount, subprocess.DEVNULL)

    @property
    def is_over(self) -> bool:
        """Whether it has ended by itself."""
        return self._process.poll() is not None

    def end(self) -> None:
        """End it, whether it is done or not."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        self._process.kill()
        self._process.wait()


def begin(mount: Mount, text_bytes: int, least_bytes: int = LEAST_BYTES) -> Indexing | None:
    """Begin to make the index of a store, or what it lacks; None where there is no need or no way."""
    if text_bytes < least_bytes or importlib.util.find_spec("tantivy") is None:
        return None
    try:
        return Indexing(mount)
    except OSError:
        return None


def make(mount: Mount, report: Callable[[Indexed], None]) -> None:
    """Make the index of a store, and wait for it.

    Errors:  RlmError when it cannot be made.
    """
    with _started(mount, subprocess.PIPE) as process:
        assert process.stdout is not None and process.stdin is not None and process.stderr is not None
        try:
            for line in process.stdout:
                report(msgspec.json.decode(line, type=Indexed))
            process.wait()
            said = process.stderr.read().decode("utf-8", "replace").strip().splitlines()
        finally:
            process.stdin.close()
            process.kill()
    if process.returncode == _MISSING:
        raise RlmError(
            "cannot make an index",
            "tantivy is not installed",
            f"Run: {sys.executable} -m pip install tantivy",
        )
    if process.returncode:
        raise RlmError("cannot make an index", said[-1] if said else f"exit code {process.returncode}")


def _started(mount: Mount, output: int) -> subprocess.Popen[bytes]:
    process = subprocess.Popen(
        [sys.executable, "-P", "-X", "utf8", str(_PROGRAM)],
        stdin=subprocess.PIPE,
        stdout=output,
        stderr=output,
        start_new_session=True,
    )
    request = {
        "sys_path": [str(_PROGRAM.parent.parent.parent), *sys.path],
        "store": mount.store,
        "generation": mount.generation,
    }
    assert process.stdin is not None
    try:
        # It ends when this pipe does, however this process ends.
        process.stdin.write(msgspec.json.encode(request) + b"\n")
        process.stdin.flush()
    except BrokenPipeError:
        pass
    return process
