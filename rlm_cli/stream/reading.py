"""A session file as it is read: everything that can be read is, and everything that cannot is named.

One bad line, a torn end or a missing payload never makes a session unreadable. The chain of hashes is not
looked at here: see `verifying`.
"""

from __future__ import annotations

import contextlib
import gc
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rlm_cli.base.errors import SessionError
from rlm_cli.base.text import counted
from rlm_cli.events import Event
from rlm_cli.events.bodies import DraftUpdated, Notice, RunFinished, RunResumed, RunStarted
from rlm_cli.events.wire import event_of, from_json
from rlm_cli.stream.blobs import Blobs, filled_in
from rlm_cli.stream.files import REAL, Files
from rlm_cli.stream.header import Header, header_of
from rlm_cli.stream.layout import blobs_of
from rlm_cli.stream.migrations import Migration, migrated, steps_from
from rlm_cli.stream.tail import cut_off, left_out

_NAMED_FLAWS = 20


@dataclass(frozen=True)
class Flaw:
    """Something that is wrong with a session file. `line` counts from 1; None is the file as a whole."""

    code: str
    text: str
    line: int | None = None


@dataclass(frozen=True)
class Recording:
    """What a session file holds."""

    path: Path
    header: Header
    events: list[Event]
    flaws: tuple[Flaw, ...]

    @property
    def last_seq(self) -> int:
        """The number of the last event, 0 when there is none."""
        return max((event.seq for event in self.events[-1:]), default=0)

    def notices(self) -> list[Event]:
        """The flaws as events before the record; their number is 0, for they are not part of it."""
        named = [
            Notice(level="warning", code=flaw.code, text=flaw.text) for flaw in self.flaws[:_NAMED_FLAWS]
        ]
        further = len(self.flaws) - len(named)
        if further:
            text = f"{counted(further, 'further flaw')} of the session file"
            named.append(Notice(level="warning", code="session_flaws", text=text))
        return [Event(seq=0, t=0.0, span="root", body=notice) for notice in named]


@dataclass(frozen=True)
class Tail:
    """The end of the file, for whoever goes on writing it."""

    lines: int
    last_line: bytes
    needs_newline: bool


@dataclass
class EventReader:
    """Makes events of lines, and gathers them and what is wrong with them."""

    path: Path
    blobs: Blobs
    steps: list[Migration] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    flaws: list[Flaw] = field(default_factory=list)

    def header(self, line: bytes) -> Header | None:
        """The header of the first line; None when it is none.

        Errors:  SessionError when it is of a newer program.
        """
        try:
            fields = from_json(line)
            schema = fields.get("schema") if isinstance(fields, dict) else None
            if isinstance(schema, int):
                self.steps = steps_from(schema)
            return header_of(migrated(fields, self.steps) if isinstance(fields, dict) else fields)
        except ValueError:
            return None

    def event(self, number: int, line: bytes) -> None:
        """Take the event of a line, which is counted from 1."""
        try:
            fields = from_json(line)
            if self.steps:
                fields = migrated(fields, self.steps)
            if b'"$blob"' in line:
                fields = {**fields, "body": self._filled(number, fields["body"])}
            event = event_of(fields)
        except (ValueError, TypeError, KeyError, RecursionError) as error:
            self.flaws.append(Flaw("session_line", f"line {number} cannot be read: {error}", number))
            return
        if self.events and event.seq != self.events[-1].seq + 1:
            before = self.events[-1].seq
            text = f"line {number} is event {event.seq}, and the one before it is event {before}"
            self.flaws.append(Flaw("session_gap", text, number))
        self.events.append(event)

    def _filled(self, number: int, body: dict[str, Any]) -> dict[str, Any]:
        whole, faults = filled_in(body, self.blobs.get)
        for fault in faults:
            self.flaws.append(Flaw("session_blob", f"line {number}: {fault}", number))
        return whole


def read(path: Path) -> Recording:
    """Read a session file. Nothing is written: a torn last line is left out.

    Errors:  SessionError when the file cannot be opened, is no session, or is of a newer program.
    """
    return read_open(path, None)[0]


def read_open(path: Path, cut: Callable[[int], None] | None, files: Files = REAL) -> tuple[Recording, Tail]:
    """Read a session file that the caller may have locked; `cut` shortens it then, and takes a torn line off.

    Errors:  as `read`.
    """
    try:
        raw = files.read(path)
    except OSError as error:
        raise SessionError(f"cannot read the session {path}", error.strerror or str(error)) from error
    lines = raw.split(b"\n")
    reader = EventReader(path, Blobs(blobs_of(path)))
    torn = lines.pop()
    needs_newline = bool(torn) and _is_whole(torn)
    if needs_newline:
        lines.append(torn)
    elif torn:
        said = cut_off(path, raw, torn, cut, files) if cut is not None else left_out(path, torn)
        reader.flaws.append(Flaw("session_torn", said))
    header = reader.header(lines[0]) if lines else None
    with _without_collections():
        for number, line in enumerate(lines[1:] if header else lines, 2 if header else 1):
            reader.event(number, line)
    if header is None:
        header = _without_header(reader, is_empty=not lines)
    elif not ends_with_an_answer(reader.events):
        text = "the record has no end: the run was killed, or is still under way"
        reader.flaws.append(Flaw("session_unfinished", text))
    tail = Tail(len(lines), lines[-1] if lines else b"", needs_newline)
    return Recording(path, header, reader.events, tuple(reader.flaws)), tail


def ends_with_an_answer(events: Sequence[Event]) -> bool:
    """Whether the last question of a session has come to its end; cells of the user may stand behind it."""
    for event in reversed(events):
        if event.span == "root" and isinstance(event.body, RunFinished):
            return True
        if event.span.startswith("root/t") or isinstance(event.body, RunStarted | RunResumed | DraftUpdated):
            return False
    return False


@contextlib.contextmanager
def _without_collections() -> Iterator[None]:
    """Events hold no cycles; looking for some among a million new objects takes half of the time."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _without_header(reader: EventReader, is_empty: bool) -> Header:
    if not reader.events and not is_empty:
        raise SessionError(f"{reader.path} is no session file", "no line of it can be read")
    text = "the session is empty: the program ended before the run began" if is_empty else "no header line"
    reader.flaws.insert(0, Flaw("session_header", text))
    return Header(run=reader.path.parent.name)


def _is_whole(line: bytes) -> bool:
    try:
        return isinstance(from_json(line), dict)
    except ValueError:
        return False
