"""A session's disk that fails when it is told to: the Nth write or sync, or every write past a size."""

from __future__ import annotations

import errno
import os
from pathlib import Path

from rlm_cli.stream.disk import RESERVE_BYTES, SessionDisk


class FailingDisk(SessionDisk):
    """The real file below a session, with failures.

    Shape:   `fail_write` and `fail_sync` count down to the operation that fails; `room_bytes` is what the
             file may grow to, the reserve's room comes on top once it is given back.
    """

    fail_write: int | None = None
    fail_sync: int | None = None
    code: int = errno.EIO
    room_bytes: int | None = None

    def append(self, line: bytes) -> None:
        if self.fail_write is not None:
            self.fail_write -= 1
            if self.fail_write == 0:
                raise OSError(self.code, os.strerror(self.code))
        if self.room_bytes is not None and self.path.stat().st_size + len(line) + 1 > self.room_bytes:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        super().append(line)

    def sync(self) -> None:
        if self.fail_sync is not None:
            self.fail_sync -= 1
            if self.fail_sync == 0:
                raise OSError(self.code, os.strerror(self.code))
        super().sync()

    def release_reserve(self) -> None:
        if self.room_bytes is not None and (self.path.parent / ".reserve").exists():
            self.room_bytes += RESERVE_BYTES
        super().release_reserve()


def failing_disk(folder: Path) -> FailingDisk:
    """A new session file in a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    disk = FailingDisk.open(folder / "session.jsonl", is_new=True)
    assert isinstance(disk, FailingDisk)
    return disk
