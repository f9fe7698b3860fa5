"""Reading one file into the store: plain text here, foreign formats by a worker, a known content not at all.

Every file ends as an Outcome: a stored text, or the reason why there is none.
"""

from __future__ import annotations

import codecs
import os
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

import msgspec
from xxhash import xxh3_128

from rlm_cli.corpus.extract import PartAt
from rlm_cli.corpus.inputs import Source
from rlm_cli.corpus.kinds import HEAD_BYTES, PLAIN_VERSION, Format, format_of
from rlm_cli.corpus.layout import FLAG_ASCII, PART_KINDS, Part, Text
from rlm_cli.corpus.opening import Unreadable, open_regular, reason
from rlm_cli.corpus.options import ReadOptions
from rlm_cli.corpus.plain import PIECE_BYTES, Stored, store_plain
from rlm_cli.corpus.pool import Parsed, Task, WorkerPool
from rlm_cli.corpus.segments import Meter, SegmentWriter
from rlm_cli.corpus.walk import Found
from rlm_cli.corpus.worker import Job

_FINE_TICK_NS = 20_000_000
_COARSE_TICK_NS = 2_000_000_000
_META_BYTES = 1 << 16


def content_key(digest: bytes, reader: int) -> bytes:
    """Under which a stored text can be found again: the content and who read it."""
    return digest + reader.to_bytes(2, "little")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a file.

    Shape:   text is None when there is none, and `why` tells; is_settled is False when the file was being
             written, so that the next run must look again; is_fresh when it was really read.
    """

    slot: int
    text: Text | None = None
    why: str = ""
    is_settled: bool = True
    is_fresh: bool = False


@dataclass(frozen=True, slots=True)
class _Pending:
    format: Format
    digest: bytes
    is_settled: bool


Lookup = Callable[[bytes], Text | None]


class FileReader:
    """Reads files one after another; foreign formats come back later, from `pump`."""

    def __init__(
        self, folder: Path, sources: Sequence[Source], options: ReadOptions, segments: SegmentWriter
    ) -> None:
        self._sources = sources
        self._options = options
        self._segments = segments
        self._pool = WorkerPool(folder, options)
        self._folder = folder
        self._pending: dict[int, _Pending] = {}

    def __enter__(self) -> FileReader:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pool.__exit__(kind, error, trace)

    @property
    def is_full(self) -> bool:
        """Whether `pump` should be called before more is read."""
        return self._pool.is_full

    @property
    def is_idle(self) -> bool:
        """Whether nothing is left to be pumped."""
        return self._pool.is_idle

    def read(self, slot: int, found: Found, known: Lookup) -> Iterator[Outcome]:
        """Read a file; nothing is given back for one that a worker now has."""
        try:
            limit = self._options.max_file_bytes
            if limit is not None and found.size_bytes > limit:
                raise Unreadable(f"larger than {limit / 1e6:,.0f} MB (--max-file-size)")
            if not found.size_bytes:
                raise Unreadable("empty")
            handle, facts = self._open(found)
        except Unreadable as error:
            yield Outcome(slot, why=str(error))
            return
        is_given_away = False
        try:
            outcome = self._read(slot, found, handle, facts, known)
            is_given_away = outcome is None
            if outcome is not None:
                yield outcome
        except Unreadable as error:
            yield Outcome(slot, why=str(error))
        finally:
            if not is_given_away:
                os.close(handle)
        yield from self.pump(0)

    def pump(self, seconds: float) -> Iterator[Outcome]:
        """What workers have finished."""
        for parsed in self._pool.pump(seconds):
            pending = self._pending.pop(parsed.slot, None)
            if pending is None:
                continue
            try:
                yield Outcome(
                    parsed.slot, self._stored(parsed, pending), "", pending.is_settled, is_fresh=True
                )
            except Unreadable as error:
                yield Outcome(parsed.slot, why=str(error), is_settled=pending.is_settled, is_fresh=True)

    def _open(self, found: Found) -> tuple[int, os.stat_result]:
        if found.location is not None:
            is_named = not self._sources[found.source].is_folder
            return open_regular(found.location, self._options.is_symlink_followed or is_named)
        with tempfile.TemporaryFile(dir=self._folder, prefix=".stdin-") as spool:
            spool.write(self._sources[found.source].data or b"")
            spool.flush()
            handle = os.dup(spool.fileno())
            return handle, os.fstat(handle)

    def _read(
        self, slot: int, found: Found, handle: int, before: os.stat_result, known: Lookup
    ) -> Outcome | None:
        try:
            first = os.pread(handle, PIECE_BYTES, 0)
            form = format_of(found.path, first[:HEAD_BYTES])
            if form.reader != "plain":
                return self._submit(slot, form, handle, before, known)
            stored, after = self._plain(handle, before, first)
        except OSError as error:
            raise Unreadable(reason(error)) from error
        if not stored.meter.length:
            self._segments.roll_back()
            raise Unreadable("empty")
        is_settled = _is_settled(before, after)
        twin = known(content_key(stored.digest, PLAIN_VERSION))
        if twin is not None:
            self._segments.roll_back()
            return Outcome(slot, twin._replace(kind=form.kind), "", is_settled, is_fresh=True)
        return Outcome(slot, self._text(stored, form), "", is_settled, is_fresh=True)

    def _plain(self, handle: int, before: os.stat_result, first: bytes) -> tuple[Stored, os.stat_result]:
        """The stored text; a file that changes while it is read is read once more."""
        stored = store_plain(handle, self._segments, first)
        after = os.fstat(handle)
        if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
            self._segments.roll_back()
            stored = store_plain(handle, self._segments, os.pread(handle, PIECE_BYTES, 0))
        return stored, after

    def _text(self, stored: Stored, form: Format) -> Text:
        meta: dict[str, Any] = {}
        if stored.encoding != "utf-8":
            meta["encoding"] = stored.encoding
        if stored.replaced:
            meta["replaced"] = stored.replaced
        return self._finished(stored.meter, stored.digest, form, stored.flags, meta)

    def _finished(
        self,
        meter: Meter,
        digest: bytes,
        form: Format,
        flags: int,
        meta: dict[str, Any],
        parts: tuple[Part, ...] = (),
    ) -> Text:
        raw = msgspec.json.encode(meta) if meta else b""
        return Text(
            segment=self._segments.number,
            start=self._segments.start,
            length=meter.length,
            characters=meter.characters,
            lines=meter.lines,
            flags=flags,
            digest=digest,
            kind=form.kind,
            reader=form.version,
            marks=bytes(meter.marks),
            parts=parts,
            meta=raw if len(raw) <= _META_BYTES else b"",
        )

    def _submit(
        self, slot: int, form: Format, handle: int, facts: os.stat_result, known: Lookup
    ) -> Outcome | None:
        if facts.st_size > self._options.worker_memory_bytes // 4:
            raise Unreadable(f"a {form.kind} file of {facts.st_size / 1e6:,.0f} MB is too large for a parser")
        digest, offset = xxh3_128(), 0
        while raw := os.pread(handle, PIECE_BYTES, offset):
            digest.update(raw)
            offset += len(raw)
        is_settled = _is_settled(facts, os.fstat(handle))
        twin = known(content_key(digest.digest(), form.version))
        if twin is not None:
            return Outcome(slot, twin, "", is_settled)
        self._pending[slot] = _Pending(form, digest.digest(), is_settled)
        self._pool.submit(Task(slot, handle, Job(reader=form.reader, size_bytes=offset)))
        return None

    def _stored(self, parsed: Parsed, pending: _Pending) -> Text:
        """A worker's text, validated and put into the store."""
        if parsed.extracted.why:
            raise Unreadable(parsed.extracted.why)
        self._segments.begin()
        try:
            meter, parts = self._copy(parsed.spool, parsed.extracted.parts)
            if not meter.length:
                raise Unreadable("no text in it")
        except UnicodeDecodeError as error:
            self._segments.roll_back()
            raise Unreadable("its parser gave text that is not valid") from error
        except BaseException:
            self._segments.roll_back()
            raise
        self._segments.end()
        flags = FLAG_ASCII if meter.characters == meter.length else 0
        return self._finished(meter, pending.digest, pending.format, flags, parsed.extracted.meta, parts)

    def _copy(self, spool: int, given: Sequence[PartAt]) -> tuple[Meter, tuple[Part, ...]]:
        size = os.fstat(spool).st_size
        meter, parts = Meter(), []
        check = codecs.getincrementaldecoder("utf-8")("strict")
        given = [part for part in given if part.kind in PART_KINDS]
        starts = [part.start_byte for part in given]
        if starts != sorted(starts) or (starts and (starts[0] < 0 or starts[-1] > size)):
            raise Unreadable("its parser gave parts that are not in order")
        for number, end in enumerate([*starts, size]):
            while meter.length < end:
                piece = os.pread(spool, min(PIECE_BYTES, end - meter.length), meter.length)
                if not piece:
                    raise Unreadable("its text was cut")
                check.decode(piece)
                self._segments.append(piece)
                meter.feed(piece)
            if number < len(given):
                part = given[number]
                parts.append(
                    Part(part.kind, part.number & 0xFFFF_FFFF, meter.characters, end, part.label[:200])
                )
        check.decode(b"", final=True)
        return meter, tuple(parts)


def _is_settled(before: os.stat_result, after: os.stat_result) -> bool:
    """Whether the file's time can be trusted: not changed while it was read, nor a moment ago.

    Source:  the "racily clean" entries of git's index: a change within one tick of the clock is not seen.
    """
    if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
        return False
    tick = _COARSE_TICK_NS if after.st_mtime_ns % 1_000_000_000 == 0 else _FINE_TICK_NS
    return after.st_mtime_ns + tick < time.time_ns()
