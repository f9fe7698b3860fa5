"""The run directory of a kernel: only its user can enter it, its path fits a unix socket, it is temporary.

    <temporary directory>/rlm-xxxxxxxx/
      boot.json    what the kernel reads when it starts
      kernel.json  ipykernel's connection file, with a random key
      ipc/         ipykernel's sockets, k-1 … k-5
      log          what the processes write outside of cells, for the reason of a death
      scratch/     HOME and TMPDIR of the kernel, its working directory, the whole outputs of cells

It knows files, not what is in them.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

import msgspec

from rlm_cli.base.errors import KernelError

_SOCKET_PATH_BYTES = 100
_LOG_TAIL_BYTES = 16 * 1024


@dataclass(frozen=True)
class RunDirectory:
    """The paths of one kernel; `key` signs the messages of ipykernel's protocol."""

    path: Path
    key: str

    @property
    def boot_file(self) -> Path:
        """What the kernel reads when it starts."""
        return self.path / "boot.json"

    @property
    def connection_file(self) -> Path:
        """ipykernel's own."""
        return self.path / "kernel.json"

    @property
    def log(self) -> Path:
        """What the processes write outside of cells."""
        return self.path / "log"

    @property
    def scratch(self) -> Path:
        """The only place that the kernel needs to write to."""
        return self.path / "scratch"

    @property
    def sockets(self) -> Path:
        """The folder of ipykernel's sockets, and of nothing else."""
        return self.path / "ipc"

    def socket(self, number: int) -> str:
        """The address of one of ipykernel's sockets: 1 is the shell channel."""
        return f"ipc://{self.sockets}/k-{number}"

    def write_connection_file(self) -> None:
        """Write ipykernel's connection file, afresh for each process."""
        names = ("shell_port", "iopub_port", "stdin_port", "control_port", "hb_port")
        connection = {
            "transport": "ipc",
            "ip": str(self.sockets / "k"),
            "key": self.key,
            "signature_scheme": "hmac-sha256",
            **{name: number for number, name in enumerate(names, 1)},
        }
        for number in range(1, len(names) + 1):
            (self.sockets / f"k-{number}").unlink(missing_ok=True)
        _write(self.connection_file, json.dumps(connection).encode())

    def write_boot_file(self, boot: dict[str, object]) -> None:
        """Write what the kernel reads when it starts."""
        _write(self.boot_file, msgspec.json.encode(boot))

    def log_tail(self, since: int = 0) -> str:
        """The last of what the processes wrote outside of cells, from byte `since` on."""
        try:
            with self.log.open("rb") as log:
                size = log.seek(0, os.SEEK_END)
                log.seek(max(since, size - _LOG_TAIL_BYTES))
                return log.read(_LOG_TAIL_BYTES).decode("utf-8", "replace").strip()
        except OSError:
            return ""

    def log_bytes(self) -> int:
        """How long the log is."""
        try:
            return self.log.stat().st_size
        except OSError:
            return 0

    def remove(self) -> None:
        """Remove it with all that is in it; what cannot be removed is left to the system."""
        shutil.rmtree(self.path, ignore_errors=True)


def make() -> RunDirectory:
    """A new run directory, with its scratch.

    Errors:  KernelError when there is no place for it.
    """
    for parent in dict.fromkeys((tempfile.gettempdir(), "/tmp")):
        if len(os.fsencode(parent)) + len("/rlm-12345678/ipc/k-1") > _SOCKET_PATH_BYTES:
            continue
        try:
            path = Path(tempfile.mkdtemp(prefix="rlm-", dir=parent))
            for name in ("scratch", "ipc"):
                (path / name).mkdir(mode=0o700)
        except OSError as error:
            why = str(error)
            continue
        return RunDirectory(path, secrets.token_hex(32))
    why = "the path of the temporary directory is too long for a unix socket"
    raise KernelError("cannot make a directory for the kernel", why, "Set TMPDIR to a short, writable path.")


def _write(path: Path, data: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
