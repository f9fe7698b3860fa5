"""The system's calls for session files, of which the Nth fails, and with it perhaps all that follow."""

from __future__ import annotations

import errno
import os
from pathlib import Path

from rlm_cli.stream.files import Files

EVERY = ("open", "read", "write", "sync", "truncate", "rename", "make_folder", "remove", "close")
OF_CODE = {
    errno.ENOSPC: ("open", "write", "sync", "rename", "make_folder"),
    errno.EIO: EVERY,
    errno.EMFILE: ("open", "read"),
}


class FailingFiles(Files):
    """Real calls, counted; the Nth of those that may fail with a code does.

    Shape:   lasts: all calls that follow fail as well, as they do on a disk that stays full. is_short: a
             write that fails has taken half of its bytes first. `has_failed` says whether it came to it.
    """

    def __init__(self, fails_at: int, code: int, *, lasts: bool = False, is_short: bool = False) -> None:
        self.has_failed = False
        self._left = fails_at
        self._code = code
        self._lasts = lasts
        self._is_short = is_short

    def open(self, path: Path, flags: int) -> int:
        self._try("open")
        return super().open(path, flags)

    def read(self, path: Path) -> bytes:
        self._try("read")
        return super().read(path)

    def write(self, descriptor: int, data: bytes) -> int:
        if self._is_failing("write"):
            if self._is_short:
                return super().write(descriptor, data[: len(data) // 2])
            raise OSError(self._code, os.strerror(self._code))
        return super().write(descriptor, data)

    def sync(self, descriptor: int) -> None:
        self._try("sync")

    def truncate(self, descriptor: int, size_bytes: int) -> None:
        self._try("truncate")
        super().truncate(descriptor, size_bytes)

    def rename(self, path: Path, to: Path) -> None:
        self._try("rename")
        super().rename(path, to)

    def make_folder(self, path: Path) -> None:
        self._try("make_folder")
        super().make_folder(path)

    def remove(self, path: Path) -> None:
        self._try("remove")
        super().remove(path)

    def close(self, descriptor: int) -> None:
        super().close(descriptor)
        self._try("close")

    def _try(self, call: str) -> None:
        if self._is_failing(call):
            raise OSError(self._code, os.strerror(self._code))

    def _is_failing(self, call: str) -> bool:
        if call not in OF_CODE[self._code]:
            return False
        self._left -= 1
        fails = self._left == 0 or (self._left < 0 and self._lasts)
        self.has_failed = self.has_failed or fails
        return fails
