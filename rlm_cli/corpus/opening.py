"""Opening a user's file safely: regular files only, never blocking, no link that was not asked for."""

from __future__ import annotations

import errno
import io
import os
import stat
from typing import Any

from rlm_cli.base.text import one_line

_SPARSE_BYTES = 1 << 30
_SPARSE_RATIO = 100


class Unreadable(Exception):
    """A file that cannot be in the corpus; its text is the reason, for people.

    Shape:   is_passing: the system has refused it (no descriptor left, a disk that fails, a permission),
             which may be otherwise the next time although the file itself is the same.
    """

    def __init__(self, why: str, is_passing: bool = False) -> None:
        super().__init__(why)
        self.is_passing = is_passing


class Window:
    """A range of an open file, read by position: a whole file, or one document inside of another."""

    __slots__ = ("handle", "size", "start")

    def __init__(self, handle: int, start: int = 0, size: int | None = None) -> None:
        self.handle = handle
        self.start = start
        self.size = size

    def read(self, length: int, at: int) -> bytes:
        """Bytes from `at` on, fewer at the end."""
        if self.size is not None:
            length = max(0, min(length, self.size - at))
        return os.pread(self.handle, length, self.start + at)


class WindowFile(io.RawIOBase):
    """A window as a file that libraries can read and seek in."""

    def __init__(self, handle: int, start: int, size: int) -> None:
        self._window = Window(handle, start, size)
        self._size = size
        self._at = 0

    def readable(self) -> bool:
        """It is."""
        return True

    def seekable(self) -> bool:
        """It is."""
        return True

    def seek(self, offset: int, whence: int = 0) -> int:
        """As of files."""
        self._at = max(0, offset + (0, self._at, self._size)[whence])
        return self._at

    def readinto(self, buffer: Any) -> int:
        """As of files."""
        raw = self._window.read(len(buffer), self._at)
        buffer[: len(raw)] = raw
        self._at += len(raw)
        return len(raw)


def open_regular(location: str, is_symlink_followed: bool) -> tuple[int, os.stat_result]:
    """A descriptor of a regular file, and its facts.

    Errors:  Unreadable when it is gone, forbidden, a link, a pipe, a device.
    """
    flags = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | getattr(os, "O_NOCTTY", 0)
    if not is_symlink_followed:
        flags |= os.O_NOFOLLOW
    try:
        handle = os.open(location, flags)
    except OSError as error:
        is_passing = error.errno not in (errno.ENOENT, errno.ELOOP, errno.ENXIO)
        raise Unreadable(reason(error), is_passing) from error
    facts = os.fstat(handle)
    if not stat.S_ISREG(facts.st_mode):
        os.close(handle)
        raise Unreadable("not a regular file")
    return handle, facts


def reason(error: OSError) -> str:
    """Why the system refused, as a few words."""
    return one_line((error.strerror or str(error)).lower(), 200)


def check_size(handle: int, facts: os.stat_result) -> None:
    """Refuse a file that is almost all holes: reading it would fill the disk with nothing.

    Errors:  Unreadable.
    """
    on_disk = getattr(facts, "st_blocks", 0) * 512
    if facts.st_size > _SPARSE_BYTES and on_disk * _SPARSE_RATIO < facts.st_size:
        os.close(handle)
        raise Unreadable(
            f"sparse: {facts.st_size / 1e6:,.0f} MB, of which {on_disk / 1e6:,.1f} MB are on the disk"
        )
