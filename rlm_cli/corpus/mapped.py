"""Reading texts out of a store on the host: by bytes or characters, in bounded pieces, by pread.

The host never maps segments: what it touches must not count as its own memory.
"""

from __future__ import annotations

import os

from rlm_cli.corpus.generation import Generation
from rlm_cli.corpus.layout import FLAG_ASCII, MARK_BYTES, Part, Record
from rlm_cli.corpus.segments import segment_name
from rlm_cli.corpus.store import Snapshot, Store


class Texts:
    """The texts of one generation."""

    def __init__(self, store: Store, snapshot: Snapshot) -> None:
        self._folder = store.folder
        self.snapshot = snapshot
        self.generation: Generation = snapshot.generation
        self._handles: dict[int, int] = {}
        self._parts: dict[int, tuple[Part, ...]] = {}

    def __del__(self) -> None:
        for handle in self._handles.values():
            os.close(handle)

    def raw(self, record: Record, start: int = 0, length: int | None = None) -> bytes:
        """Bytes of a text, from `start` on; fewer at its end."""
        wanted = record.length - start if length is None else min(length, record.length - start)
        return self.read(record.segment, record.start + start, max(0, wanted))

    def read(self, segment: int, start: int, length: int) -> bytes:
        """Bytes of a segment, of several texts perhaps; fewer at its end."""
        handle = self._handles.get(segment)
        if handle is None:
            path = self._folder / segment_name(segment)
            handle = self._handles[segment] = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        raw = os.pread(handle, length, start)
        while len(raw) < length and (more := os.pread(handle, length - len(raw), start + len(raw))):
            raw += more
        return raw

    def whole(self, record: Record) -> str:
        """The whole text."""
        return self.raw(record).decode()

    def slice(self, record: Record, start: int, end: int) -> str:
        """Characters `start` to `end` of a text, without reading the rest of a long one."""
        end = min(end, record.characters)
        if start >= end:
            return ""
        if record.flags & FLAG_ASCII:
            return self.raw(record, start, end - start).decode()
        first = self._mark_before(record, start)
        last = self._mark_before(record, end) + 1
        base, _ = self.generation.mark_of(record, first)
        raw = self.raw(record, first * MARK_BYTES, (last - first) * MARK_BYTES + 4)
        skipped = 0
        while skipped < len(raw) and raw[skipped] & 0xC0 == 0x80:
            skipped += 1
        return raw[skipped:].decode("utf-8", "ignore")[start - base : end - base]

    def line_of(self, record: Record, character: int) -> int:
        """The line, from 1, in which a character stands."""
        number = self._mark_before(record, character)
        base, newlines = self.generation.mark_of(record, number)
        return newlines + self.slice(record, base, character).count("\n") + 1

    def line_range(self, record: Record, number: int) -> tuple[int, int]:
        """The characters of a line that is counted from 1, with its newline."""
        low, high = 0, record.length // MARK_BYTES
        while low < high:
            middle = (low + high + 1) // 2
            if self.generation.mark_of(record, middle)[1] < number - 1:
                low = middle
            else:
                high = middle - 1
        start, newlines = self.generation.mark_of(record, low)
        while newlines < number - 1:
            start = self._after_newline(record, start)
            newlines += 1
        return start, self._after_newline(record, start)

    def _after_newline(self, record: Record, character: int) -> int:
        at = character
        while at < record.characters:
            block = self.slice(record, at, at + MARK_BYTES)
            found = block.find("\n")
            if found >= 0:
                return at + found + 1
            at += len(block)
        return record.characters

    def page_of(self, record: Record, character: int) -> int | None:
        """The page, from 1, on which a character stands; None where there are no pages."""
        page = None
        for part in self.parts_of(record):
            if part.start > character:
                break
            page = part.number if part.kind == "page" else page
        return page

    def parts_of(self, record: Record) -> tuple[Part, ...]:
        """The part map of a text."""
        if not record.parts_count:
            return ()
        if record.parts_start not in self._parts:
            if len(self._parts) >= 8:
                self._parts.clear()
            self._parts[record.parts_start] = self.generation.parts_of(record)
        return self._parts[record.parts_start]

    def _mark_before(self, record: Record, character: int) -> int:
        """The number of the last mark at or before a character."""
        low, high = 0, record.length // MARK_BYTES
        while low < high:
            middle = (low + high + 1) // 2
            if self.generation.mark_of(record, middle)[0] <= character:
                low = middle
            else:
                high = middle - 1
        return low
