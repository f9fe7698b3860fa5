"""The calls to the system that keep a session, in one place, so that each of them can be made to fail.

Owns no state and no policy: what a failure means is decided by those who call.
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from pathlib import Path


class Files:
    """The real ones. Every function raises OSError."""

    def open(self, path: Path, flags: int) -> int:
        """Open a file for its user alone; never one that a link points to."""
        return os.open(path, flags | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)

    def read(self, path: Path) -> bytes:
        """All of a file."""
        return path.read_bytes()

    def write(self, descriptor: int, data: bytes) -> int:
        """Write, and say how many bytes were taken: fewer than asked for when the disk is full."""
        return os.write(descriptor, data)

    def sync(self, descriptor: int) -> None:
        """Wait until what was written is on the disk."""
        (os.fdatasync if hasattr(os, "fdatasync") else os.fsync)(descriptor)

    def truncate(self, descriptor: int, size_bytes: int) -> None:
        """Shorten a file."""
        os.ftruncate(descriptor, size_bytes)

    def rename(self, path: Path, to: Path) -> None:
        """Put a file in the place of another, at once."""
        path.replace(to)

    def make_folder(self, path: Path) -> None:
        """Make a folder for its user alone, with those above it; one that is there already is kept."""
        path.mkdir(mode=0o700, parents=True, exist_ok=True)

    def remove(self, path: Path) -> None:
        """Remove a file; one that is not there is removed already."""
        path.unlink(missing_ok=True)

    def close(self, descriptor: int) -> None:
        """Give a descriptor back; it is gone even when this fails."""
        os.close(descriptor)

    def write_whole(self, path: Path, data: bytes, is_durable: bool = False) -> None:
        """Put a file of these bytes in its place, whole or not at all: no reader ever sees a part of it."""
        fresh = path.with_name(f".new-{os.getpid()}-{path.name}")
        descriptor = self.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        try:
            try:
                if self.write(descriptor, data) != len(data):
                    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
                if is_durable:
                    self.sync(descriptor)
            finally:
                self.close(descriptor)
            self.rename(fresh, path)
        except BaseException:
            with contextlib.suppress(OSError):  # what is left of it has a name that nobody reads
                self.remove(fresh)
            raise


REAL = Files()


def read_regular(path: Path, most_bytes: int) -> bytes:
    """What is in a file that may have come from somebody else: no link is followed, no pipe waited for.

    Errors:  OSError, also for what is no regular file, or is larger.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
    with open(descriptor, "rb") as file:
        facts = os.fstat(descriptor)
        if not stat.S_ISREG(facts.st_mode) or facts.st_size > most_bytes:
            raise OSError(errno.EINVAL, "it is no file of a session")
        return file.read(most_bytes)
