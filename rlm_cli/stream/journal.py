"""The session file as it is written: a header, then one event a line, each chained to the line before.

Knows nothing of what the events mean, except which of them must reach the disk at once.
"""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from rlm_cli.base.errors import SessionError
from rlm_cli.events import Event, parent_span
from rlm_cli.events.bodies import RunFinished
from rlm_cli.events.wire import event_fields, to_json
from rlm_cli.stream.blobs import Blobs, fitted
from rlm_cli.stream.disk import SessionDisk
from rlm_cli.stream.durability import Durability
from rlm_cli.stream.files import REAL, Files
from rlm_cli.stream.header import Header
from rlm_cli.stream.layout import FILE_NAME, blobs_of, chain_hash, seal_of
from rlm_cli.stream.reading import Recording, read_open


class Journal:
    """An open session file. One process writes it; others may read it meanwhile.

    Shape:   seq is the number of the last event in it, 0 when there is none.
    """

    def __init__(self, disk: SessionDisk, header: Header, lines: int, last_line: bytes, seq: int) -> None:
        self.header = header
        self.seq = seq
        self._disk = disk
        self._files = disk.files
        self._blobs = Blobs(blobs_of(disk.path), disk.files)
        self._durability = Durability()
        self._lines = lines
        self._last = chain_hash(last_line)

    @classmethod
    def create(cls, folder: Path, header: Header, files: Files = REAL) -> Journal:
        """Begin a session in a folder of its own, which is made for the user alone.

        Errors:  SessionError when it exists already or cannot be written.
        """
        try:
            files.make_folder(folder)
        except OSError as error:
            raise SessionError(f"cannot make the folder {folder}", error.strerror or str(error)) from error
        return cls.begin(SessionDisk.open(folder / FILE_NAME, is_new=True, files=files), header)

    @classmethod
    def begin(cls, disk: SessionDisk, header: Header) -> Journal:
        """Begin a session in an empty file.

        Errors:  SessionError when it cannot be written; the file is gone then.
        """
        line = to_json(header.fields())
        try:
            disk.append(line)
            disk.sync()
            _sync_folder(disk.path.parent, disk.files)
        except OSError as error:
            disk.close()
            with contextlib.suppress(OSError):
                disk.files.remove(disk.path)
            raise _cannot_write(disk.path, error) from error
        return cls(disk, header, 1, line, 0)

    @classmethod
    def reopen(cls, path: Path, files: Files = REAL) -> tuple[Journal, Recording]:
        """Go on with a session where it ends; a torn last line is cut off and kept beside it.

        Errors:  SessionError when it is in use or cannot be read.
        """
        disk = SessionDisk.open(path, is_new=False, files=files)
        try:
            recording, tail = read_open(path, disk.cut, files)
            if tail.needs_newline:
                disk.append(b"")
            files.remove(seal_of(path))
        except OSError as error:
            disk.close()
            raise _cannot_write(path, error) from error
        except BaseException:
            disk.close()
            raise
        return cls(disk, recording.header, tail.lines, tail.last_line, recording.last_seq), recording

    @property
    def path(self) -> Path:
        """Where the session file is."""
        return self._disk.path

    def append(self, event: Event) -> None:
        """Write an event. The run's last one may use the reserve of a full disk.

        Errors:  SessionError. The file is as it was before, and `seq` too, unless it was the waiting for
                 the disk that failed: then `seq` is the event's, and the line is there.
        """
        try:
            self._append(event)
        except OSError as error:
            if not (isinstance(event.body, RunFinished) and not parent_span(event.span)):
                raise _cannot_write(self.path, error) from error
            self._append_on_reserve(event)

    def release_reserve(self) -> None:
        """Give back the room that was kept for the last lines of the run: they are coming."""
        self._disk.release_reserve()

    def close(self) -> None:
        """Seal, close and unlock; a second time does nothing."""
        if self._lines == 0:
            return
        self._disk.release_reserve()
        # A session without a seal is complete; only its last line cannot be verified.
        with contextlib.suppress(OSError):
            self._write_seal()
        self._lines = 0
        self._disk.close()

    def _append(self, event: Event) -> None:
        is_due = self._durability.is_due(event)
        line = fitted(event_fields(event, self._last), lambda data: self._blobs.put(data, is_due))
        self._disk.append(line)
        self._last = chain_hash(line)
        self._lines += 1
        self.seq = event.seq
        if is_due:
            self._disk.sync()

    def _append_on_reserve(self, event: Event) -> None:
        self._disk.release_reserve()
        if self.seq == event.seq:
            return
        try:
            self._append(event)
        except OSError as error:
            raise _cannot_write(self.path, error) from error

    def _write_seal(self) -> None:
        seal = to_json({"lines": self._lines, "last": self._last}) + b"\n"
        self._files.write_whole(seal_of(self.path), seal)


def _cannot_write(path: Path, error: OSError) -> SessionError:
    return SessionError(
        f"cannot write the session {path}",
        error.strerror or str(error),
        "What was recorded until now is kept. Free some room and ask again.",
    )


def _sync_folder(folder: Path, files: Files) -> None:
    descriptor = files.open(folder, os.O_RDONLY)
    try:
        files.sync(descriptor)
    finally:
        files.close(descriptor)
