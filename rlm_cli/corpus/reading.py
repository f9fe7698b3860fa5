"""Reading one file into the store: plain text here, foreign formats by a worker, a known content not at all.

Every file, and every document inside of a file, ends as an Outcome: a stored text, or why there is none.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Protocol

from xxhash import xxh3_128

from rlm_cli.base.text import one_line
from rlm_cli.corpus.extract import Extracted, MemberAt
from rlm_cli.corpus.inputs import Source
from rlm_cli.corpus.kinds import HEAD_BYTES, PDF, PLAIN_VERSION, Format, format_of
from rlm_cli.corpus.layout import Text
from rlm_cli.corpus.memory import content_key
from rlm_cli.corpus.names import INSIDE
from rlm_cli.corpus.opening import Unreadable, Window, check_size, open_regular, reason
from rlm_cli.corpus.options import ReadOptions
from rlm_cli.corpus.pdf import OCR
from rlm_cli.corpus.plain import PIECE_BYTES, Stored, store_plain
from rlm_cli.corpus.pool import Parsed, Task, WorkerPool
from rlm_cli.corpus.rules import member_rules, why_member_left_out
from rlm_cli.corpus.segments import SegmentWriter
from rlm_cli.corpus.storing import store_extracted, text_of_plain
from rlm_cli.corpus.unpacking import Item, Opening, Root, inner_path
from rlm_cli.corpus.walk import Found
from rlm_cli.corpus.worker import Job

_WHY_CHARACTERS = 300
_READ_A_PUMP = 16
"""How many files are read before the workers are looked at: each look is a call of the system."""
_FINE_TICK_NS = 20_000_000
_COARSE_TICK_NS = 2_000_000_000


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a file.

    Shape:   text is None when there is none, and `why` tells; is_settled is False when the file was being
             written, or the system refused it, so that the next run must look again; is_fresh when it was
             really read; is_rule when it is left out by choice; is_opened when it has no text itself, but
             documents inside.
    """

    slot: int
    text: Text | None = None
    why: str = ""
    is_settled: bool = True
    is_fresh: bool = False
    is_rule: bool = False
    is_opened: bool = False


class Shelf(Protocol):
    """Where a reader puts documents: what it needs of its caller."""

    def known(self, key: bytes) -> Text | None:
        """The stored text of a content, when there is one."""

    def reserve_member(self, outer: int, found: Found) -> int:
        """A slot for a document inside of the file in slot `outer`."""

    def pulse(self, bytes_read: int) -> None:
        """So many bytes of the document at hand are read; may raise to stop."""


@dataclass(frozen=True, slots=True)
class _Pending:
    item: Item
    format: Format
    digest: bytes
    is_settled: bool
    opening: Opening | None = None
    is_continued: bool = False


class FileReader:
    """Reads files one after another; foreign formats come back later, from `pump`."""

    def __init__(
        self,
        folder: Path,
        sources: Sequence[Source],
        options: ReadOptions,
        segments: SegmentWriter,
        shelf: Shelf,
    ) -> None:
        self._sources = sources
        self._options = options
        self._segments = segments
        self._shelf = shelf
        self._pool = WorkerPool(folder, options)
        self._folder = folder
        self._rules = member_rules(options)
        self._pending: dict[int, _Pending] = {}
        self._openings: list[Opening] = []
        self._named: list[Root] = []
        self._read_since_pumped = 0

    def __enter__(self) -> FileReader:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for opening in (*self._openings, *(p.opening for p in self._pending.values() if p.opening)):
            opening.close()
        self._pool.__exit__(kind, error, trace)

    @property
    def is_full(self) -> bool:
        """Whether `pump` should be called before more is read."""
        return self._pool.is_full or bool(self._openings)

    @property
    def is_idle(self) -> bool:
        """Whether nothing is left to be pumped."""
        return self._pool.is_idle and not self._openings

    @property
    def open_roots(self) -> set[int]:
        """The slots of the files of which not every document is settled."""
        roots = {opening.root.slot for opening in self._openings}
        for pending in self._pending.values():
            if pending.item.root is not None:
                roots.add(pending.item.root.slot)
        return roots

    def read(self, slot: int, found: Found) -> Iterator[Outcome]:
        """Read a file; nothing is given back for one that a worker now has."""
        try:
            handle, facts = self._open(found)
        except Unreadable as error:
            yield Outcome(slot, why=str(error), is_settled=not error.is_passing)
            return
        try:
            outcome = self._read(Item(slot, found), Window(handle, 0, None), facts)
            if outcome is not None:
                yield outcome
        except Unreadable as error:
            yield Outcome(slot, why=str(error), is_settled=not error.is_passing)
        finally:
            os.close(handle)
        self._read_since_pumped += 1
        if self._openings or (self._pending and self._read_since_pumped >= _READ_A_PUMP):
            yield from self.pump(0)

    def pump(self, seconds: float) -> Iterator[Outcome]:
        """What workers have finished, and what they have brought out of files; waits at most so long."""
        self._read_since_pumped = 0
        yield from self._unpack()
        for parsed in self._pool.pump(0 if self._openings and not self._pool.is_full else seconds):
            pending = self._pending.pop(parsed.slot, None)
            if pending is not None:
                yield from self._arrived(parsed, pending)
        yield from self._unpack()
        yield from self._missing()

    def _open(self, found: Found) -> tuple[int, os.stat_result]:
        limit = self._options.max_file_bytes
        if limit is not None and found.size_bytes > limit:
            raise Unreadable(f"larger than {limit / 1e6:,.0f} MB (--max-file-size)")
        if not found.size_bytes:
            raise Unreadable("empty")
        if found.location is not None:
            is_named = not self._sources[found.source].is_folder
            handle, facts = open_regular(found.location, self._options.is_symlink_followed or is_named)
            check_size(handle, facts)
            return handle, facts
        with tempfile.TemporaryFile(dir=self._folder, prefix=".stdin-") as spool:
            spool.write(self._sources[found.source].data or b"")
            spool.flush()
            handle = os.dup(spool.fileno())
            return handle, os.fstat(handle)

    def _read(self, item: Item, window: Window, before: os.stat_result | None) -> Outcome | None:
        """Read a document; None when a worker has it. `before` is None for what lies inside of a file."""
        try:
            # A buffer of the file's own size: a large one for each tiny file costs more than its reading.
            first = window.read(min(PIECE_BYTES, item.found.size_bytes + 1), 0)
            form = format_of(item.found.path, first[:HEAD_BYTES])
            if item.root is None and not form.has_members and self._wanted(item.found):
                raise Unreadable("there are no documents inside of it")
            if form.reader != "plain":
                return self._submit(item, form, window, before)
            stored, is_settled = self._plain(window, before, first)
        except OSError as error:
            raise Unreadable(reason(error), is_passing=True) from error
        if not stored.meter.length:
            self._segments.roll_back()
            raise Unreadable("empty")
        twin = self._shelf.known(content_key(stored.digest, PLAIN_VERSION))
        if twin is not None:
            self._segments.roll_back()
            text = twin._replace(kind=form.kind)
        else:
            text = text_of_plain(stored, form, self._segments)
        return Outcome(item.slot, text, "", is_settled, is_fresh=True)

    def _plain(self, window: Window, before: os.stat_result | None, first: bytes) -> tuple[Stored, bool]:
        """The stored text, and whether it can be trusted; a file that changes meanwhile is read once more."""
        stored = store_plain(window, self._segments, first, self._shelf.pulse)
        if before is None:
            return stored, True
        after = os.fstat(window.handle)
        if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
            self._segments.roll_back()
            again = window.read(PIECE_BYTES, 0)
            stored = store_plain(window, self._segments, again, self._shelf.pulse)
        return stored, _is_settled(before, after)

    def _submit(
        self, item: Item, form: Format, window: Window, before: os.stat_result | None
    ) -> Outcome | None:
        size = window.size if window.size is not None else os.fstat(window.handle).st_size
        if not form.is_streamed and size > self._options.worker_memory_bytes // 4:
            raise Unreadable(f"a {form.kind} file of {size / 1e6:,.0f} MB is too large for a parser")
        if form.has_members and item.depth >= self._options.archive_depth:
            raise Unreadable(f"nested in more than {self._options.archive_depth} files")
        digest = bytes(16) if form.is_streamed else self._digest(window)
        is_settled = before is None or _is_settled(before, os.fstat(window.handle))
        opening = None
        if form.has_members:
            root = item.root or Root(item.slot, item.found, self._options, self._wanted(item.found))
            if root.wanted and item.root is None:
                self._named.append(root)
            item = Item(item.slot, item.found, root, item.depth)
            opening = Opening(item, root, form.reader, os.dup(window.handle), window.start, size)
        else:
            twin = self._shelf.known(content_key(digest, form.version))
            if twin is not None:
                return Outcome(item.slot, twin, "", is_settled)
        hint = f"{OCR}{self._options.ocr_seconds}" if form is PDF and self._options.is_ocr else ""
        job = Job(reader=form.reader, size_bytes=size, start_byte=window.start, hint=hint)
        if opening is not None:
            job = _job(opening)
        self._pending[item.slot] = _Pending(item, form, digest, is_settled, opening)
        self._pool.submit(Task(item.slot, os.dup(window.handle), job))
        return None

    def _digest(self, window: Window) -> bytes:
        digest, offset = xxh3_128(), 0
        while raw := window.read(PIECE_BYTES, offset):
            digest.update(raw)
            offset += len(raw)
        return digest.digest()

    def _arrived(self, parsed: Parsed, pending: _Pending) -> Iterator[Outcome]:
        extracted, slot = parsed.extracted, pending.item.slot
        opening = pending.opening
        if opening is not None:
            opening.take(parsed.spool, extracted.members, extracted.more)
            self._openings.append(opening)
            if pending.is_continued:
                if extracted.why:
                    opening.members.append(MemberAt("…", why=f"the rest is not read: {extracted.why}"))
                return
        is_settled = pending.is_settled
        is_meant = opening is None or opening.root.is_meant(pending.item.found.path)
        if opening is not None and not extracted.why and not (extracted.text_bytes and is_meant):
            why = "" if extracted.members or not is_meant else "nothing in it"
            yield Outcome(slot, None, why, is_settled, is_fresh=True, is_opened=not why)
            return
        try:
            yield Outcome(slot, self._stored(parsed, pending), "", is_settled, is_fresh=True)
        except Unreadable as error:
            yield Outcome(slot, None, str(error), is_settled, is_fresh=True)

    def _stored(self, parsed: Parsed, pending: _Pending) -> Text:
        extracted: Extracted = parsed.extracted
        if extracted.why:
            raise Unreadable(one_line(extracted.why, _WHY_CHARACTERS))
        if pending.opening is not None:
            twin = self._shelf.known(content_key(pending.digest, pending.format.version))
            if twin is not None:
                return twin
        return store_extracted(parsed.spool, extracted, pending.digest, pending.format, self._segments)

    def _unpack(self) -> Iterator[Outcome]:
        """Read the members that were brought out, the innermost first, while workers are free."""
        while self._openings and not self._pool.is_full:
            opening = self._openings[-1]
            if opening.members:
                yield from self._member(opening, opening.members.popleft())
                continue
            self._openings.pop()
            if not opening.more:
                opening.close()
                continue
            item = opening.item
            form_of_more = _Pending(item, _NO_FORMAT, b"", True, opening, is_continued=True)
            self._pending[item.slot] = form_of_more
            self._pool.submit(Task(item.slot, os.dup(opening.source), _job(opening)))

    def _missing(self) -> Iterator[Outcome]:
        """Say of documents that were named, and are not in their files, that they are not there."""
        while self._named and self.is_idle:
            root = self._named.pop()
            if not root.is_wanted_found:
                path = f"{root.found.path}{INSIDE}{root.wanted}"
                slot = self._shelf.reserve_member(root.slot, root.found._replace(path=path, location=None))
                yield Outcome(slot, None, "there is no such document in it")

    def _wanted(self, found: Found) -> str:
        return self._sources[found.source].inside

    def _member(self, opening: Opening, member: MemberAt) -> Iterator[Outcome]:
        found = opening.found(member)
        if not opening.root.leads(found.path):
            return
        opening.root.is_wanted_found |= opening.root.is_meant(found.path)
        slot = self._shelf.reserve_member(opening.item.slot, found)
        item = Item(slot, found, opening.root, opening.item.depth + 1)
        choice = why_member_left_out(self._rules, inner_path(found))
        try:
            if choice is not None:
                yield Outcome(slot, None, choice, is_rule=True)
            elif member.why or not member.size_bytes:
                raise Unreadable(one_line(member.why, _WHY_CHARACTERS) or "empty")
            elif not opening.root.spend(member):
                opening.end()
                raise Unreadable("its archive holds too much: this and what follows is not read")
            else:
                window = Window(opening.spool, member.start_byte, member.size_bytes)
                outcome = self._read(item, window, None)
                if outcome is not None:
                    yield outcome
        except Unreadable as error:
            yield Outcome(slot, why=str(error), is_settled=not error.is_passing)


_NO_FORMAT = Format("", "", 0)


def _job(opening: Opening) -> Job:
    return Job(
        reader=opening.reader,
        size_bytes=opening.size_bytes,
        start_byte=opening.start_byte,
        hint=opening.more,
        allowance=opening.root.allowance,
    )


def _is_settled(before: os.stat_result, after: os.stat_result) -> bool:
    """Whether the file's time can be trusted: not changed while it was read, nor a moment ago.

    Source:  the "racily clean" entries of git's index: a change within one tick of the clock is not seen.
    """
    if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
        return False
    tick = _COARSE_TICK_NS if after.st_mtime_ns % 1_000_000_000 == 0 else _FINE_TICK_NS
    return after.st_mtime_ns + tick < time.time_ns()
