"""The file under a session: one write a line, a lock, a reserve for the last line. Knows nothing of events.

Source:  measured: one `os.write` of a whole line with O_APPEND left 0 torn lines in 60 kills, two writes a
         line 19. A full disk makes a write short; the piece is cut off again.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
from pathlib import Path
from typing import Self

from rlm_cli.base.errors import SessionError
from rlm_cli.stream.files import REAL, Files
from rlm_cli.stream.layout import reserve_of

RESERVE_BYTES = 128 * 1024


class SessionDisk:
    """An open session file that belongs to this process."""

    def __init__(self, path: Path, descriptor: int, files: Files = REAL) -> None:
        self.path = path
        self.files = files
        self._descriptor = descriptor
        self._reserve = reserve_of(path)
        self._is_torn = False

    @classmethod
    def open(cls, path: Path, is_new: bool, files: Files = REAL) -> Self:
        """Open and lock a session file; a new one must not exist yet.

        Errors:  SessionError when it is in use, exists already, or cannot be opened.
        """
        flags = os.O_RDWR | os.O_APPEND | (os.O_CREAT | os.O_EXCL if is_new else 0)
        try:
            descriptor = files.open(path, flags)
        except OSError as error:
            raise SessionError(f"cannot open the session {path}", error.strerror or str(error)) from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            with contextlib.suppress(OSError):
                files.close(descriptor)
            raise SessionError(
                f"cannot open the session {path}", "session is in use", "Another rlm is writing it."
            ) from error
        disk = cls(path, descriptor, files)
        disk._make_reserve()
        return disk

    def append(self, line: bytes) -> None:
        """Write one line, whole or not at all.

        Errors:  OSError; the file is as it was before.
        """
        if self._is_torn:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        end = os.fstat(self._descriptor).st_size
        whole = line + b"\n"
        try:
            written = self.files.write(self._descriptor, whole)
        except OSError:
            self._take_back(end)
            raise
        if written != len(whole):
            self._take_back(end)
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def sync(self) -> None:
        """Wait until what was written is on the disk.

        Errors:  OSError.
        """
        self.files.sync(self._descriptor)

    def cut(self, size_bytes: int) -> None:
        """Shorten the file."""
        self.files.truncate(self._descriptor, size_bytes)

    def release_reserve(self) -> None:
        """Give back the room that was kept for the last line."""
        with contextlib.suppress(OSError):  # it is room: what cannot be given back is only missed
            self.files.remove(self._reserve)

    def close(self) -> None:
        """Close and unlock; a second time does nothing."""
        if self._descriptor >= 0:
            self.release_reserve()
            descriptor, self._descriptor = self._descriptor, -1
            with contextlib.suppress(OSError):  # what was to be on the disk has been waited for
                self.files.close(descriptor)

    def _make_reserve(self) -> None:
        """Random bytes, which no file system can pack into less room. Without room there is no reserve."""
        try:
            descriptor = self.files.open(self._reserve, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        except OSError:
            return
        try:
            self.files.write(descriptor, os.urandom(RESERVE_BYTES))
        except OSError:
            self.release_reserve()
        finally:
            with contextlib.suppress(OSError):
                self.files.close(descriptor)

    def _take_back(self, end: int) -> None:
        """Cut off the piece of a line. When even that fails, the next line must not be glued to it."""
        try:
            if os.fstat(self._descriptor).st_size > end:
                self.files.truncate(self._descriptor, end)
        except OSError:
            self._is_torn = True
