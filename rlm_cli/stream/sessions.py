"""The folder of all sessions: begun, found, listed. Reads the first and the last lines only.

Each session is a folder named by its run id, which sorts by time.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from rlm_cli.base.errors import SessionError
from rlm_cli.events import Event
from rlm_cli.events.bodies import RunFinished, RunResumed, RunStarted
from rlm_cli.events.wire import event_of, from_json
from rlm_cli.stream.blobs import LINE_BYTES, Blobs, filled_in
from rlm_cli.stream.files import read_regular
from rlm_cli.stream.header import Header, header_of
from rlm_cli.stream.journal import Journal
from rlm_cli.stream.layout import FILE_NAME, blobs_of, title_of
from rlm_cli.stream.reading import Recording

_NAMED = 5
_LINES_BEFORE_QUESTION = 50
_TITLE_BYTES = 4_096


@dataclass(frozen=True)
class Summary:
    """A session at a glance.

    Units:   seconds is the time of the last event.
    Shape:   title is what the user calls it, empty for nothing; started and finished are None when the file
             does not hold these events (a killed run has no end).
    """

    path: Path
    header: Header
    started: RunStarted | None
    finished: RunFinished | None
    seconds: float
    title: str = ""


class Sessions:
    """The sessions below one folder, which need not exist."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def create(self, header: Header) -> Journal:
        """Begin a session.

        Errors:  SessionError when it cannot be written.
        """
        return Journal.create(self.root / header.run, header)

    def reopen(self, reference: str) -> tuple[Journal, Recording]:
        """Go on with a session.

        Errors:  SessionError when it is not found, in use, or cannot be read.
        """
        return Journal.reopen(self.find(reference))

    def find(self, reference: str) -> Path:
        """The session file that a path, a run id, the beginning of one, or `last` stands for.

        Errors:  SessionError when there is none, or more than one.
        """
        if "/" in reference or reference.endswith(".jsonl"):
            return _file_at(Path(reference))
        ids = self._ids()
        if reference == "last":
            if not ids:
                raise SessionError(
                    "there is no session yet", f"{self.root} is empty", "Ask a question first."
                )
            return self._file(ids[0])
        if reference in ids:
            return self._file(reference)
        fitting = [
            each for each in ids if reference and (each.startswith(reference) or _tail(each, reference))
        ]
        if len(fitting) == 1:
            return self._file(fitting[0])
        if fitting:
            named = ", ".join(fitting[:_NAMED]) + (" …" if len(fitting) > _NAMED else "")
            raise SessionError(f"{reference!r} fits {len(fitting)} sessions", named, "Write more of the id.")
        if Path(reference).exists():
            return _file_at(Path(reference))
        raise SessionError(f"no session {reference!r}", f"none in {self.root}", "See `rlm sessions list`.")

    def newest_first(self) -> Iterator[Summary]:
        """Every session that has a readable first line."""
        for run in self._ids():
            summary = summary_of(self._file(run))
            if summary is not None:
                yield summary

    def _file(self, run: str) -> Path:
        return self.root / run / FILE_NAME

    def _ids(self) -> list[str]:
        try:
            with os.scandir(self.root) as entries:
                names = [entry.name for entry in entries if not entry.name.startswith(".")]
        except FileNotFoundError:
            return []
        except OSError as error:
            raise SessionError(f"cannot read {self.root}", error.strerror or str(error)) from error
        return sorted((name for name in names if self._file(name).is_file()), reverse=True)


def summary_of(path: Path) -> Summary | None:
    """A session at a glance; None when its first line is no header."""
    try:
        with path.open("rb") as file:
            head = file.readline(LINE_BYTES + 1)
            started = _started(path, file)
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - 2 * LINE_BYTES))
            tail = file.read().split(b"\n")
        header = header_of(from_json(head))
    except (OSError, ValueError):
        return None
    behind = [event for line in tail[1:] if line and (event := _event(path, line))]
    last = behind[-1] if behind else None
    told = (e.body for e in reversed(behind) if e.span == "root" and isinstance(e.body, _BOUNDS))
    bound = next(told, None)
    finished = bound if isinstance(bound, RunFinished) else None
    title = _title(path) or (started.title if started else "")
    return Summary(path, header, started, finished, last.t if last else 0.0, title)


_BOUNDS = (RunStarted, RunResumed, RunFinished)


def _started(path: Path, file: BinaryIO) -> RunStarted | None:
    """The question, which stands first; notices of long reading may come before it."""
    for _ in range(_LINES_BEFORE_QUESTION):
        event = _event(path, file.readline(LINE_BYTES + 1))
        if event is None or isinstance(event.body, RunStarted):
            return event.body if event and isinstance(event.body, RunStarted) else None
    return None


def _title(path: Path) -> str:
    try:
        return read_regular(title_of(path), _TITLE_BYTES).decode("utf-8", "replace")
    except OSError:
        return ""


def _event(path: Path, line: bytes) -> Event | None:
    try:
        fields = from_json(line)
        if b'"$blob"' in line:
            fields["body"], _ = filled_in(fields["body"], Blobs(blobs_of(path)).get)
        return event_of(fields)
    except (ValueError, KeyError, TypeError):
        return None


def _tail(run: str, reference: str) -> bool:
    return len(reference) >= 4 and run.rpartition("-")[2].startswith(reference)


def _file_at(path: Path) -> Path:
    found = path / FILE_NAME if path.is_dir() else path
    if not found.is_file():
        raise SessionError(f"no session at {path}", "there is no such file", "See `rlm sessions list`.")
    return found
