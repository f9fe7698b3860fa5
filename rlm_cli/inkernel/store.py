"""The mapped store: records, paths and texts of one generation, read with `mmap` and `struct` alone.

The reader's half of the layout that `rlm_cli/corpus/layout.py` describes; a test holds the two equal. Nothing
is parsed when a store is opened: a million documents open as fast as one. Positions are characters.
"""

from __future__ import annotations

import json
import mmap
import os
import struct
from bisect import bisect_right
from collections import OrderedDict
from typing import Any, NamedTuple

MAGIC = b"rlmcorp\n"
VERSION = 1
SECTIONS = ("records", "paths", "parts", "marks", "strings", "skips", "facts")
HEADER = struct.Struct("<8sIIQ14Q")
RECORD = struct.Struct("<10Q5I4H16s4x")
PART = struct.Struct("<3Q2I2H4x")
MARK = struct.Struct("<2Q")
MARK_BYTES = 1 << 16
FLAG_ASCII = 1
RELEASE_CHARACTERS = 1 << 26
"""After so many scanned characters the pages of the segments are given back."""
_CONTINUATION = bytes(range(0x80, 0xC0))
_SEGMENT_AT = struct.calcsize("<10Q4I")
TEXTS_KEPT_BYTES = 1 << 27
"""Decoded texts are kept up to so many bytes of UTF-8."""


class Record(NamedTuple):
    """One document: where its text lies, how long it is, what it is. See the layout."""

    start: int
    length: int
    characters: int
    disk_bytes: int
    mtime_ns: int
    inode: int
    path_start: int
    parts_start: int
    marks_start: int
    meta_start: int
    path_length: int
    parts_count: int
    meta_length: int
    lines: int
    segment: int
    kind: int
    flags: int
    source: int
    reader: int
    digest: bytes


class Part(NamedTuple):
    """A place that a person would look for, such as page 4, and the character at which it begins."""

    kind: str
    number: int
    start: int
    label: str


class Store:
    """One generation and its segments, mapped for reading."""

    def __init__(self, folder: str, generation: str) -> None:
        """Map a generation.

        Errors:  ValueError when the file is not a generation of this version.
        """
        self.folder = folder
        self._map = _mapped(os.path.join(folder, generation))  # noqa: PTH118 - pathlib costs 8 ms to import
        magic, version, sections, size, *offsets = HEADER.unpack_from(self._map)
        if magic != MAGIC or version != VERSION or sections != len(SECTIONS) or size != len(self._map):
            raise ValueError(f"{generation} is not a corpus store of this version")
        self._at = {name: (offsets[2 * i], offsets[2 * i + 1]) for i, name in enumerate(SECTIONS)}
        start, length = self._at["facts"]
        self.facts: dict[str, Any] = json.loads(self._map[start : start + length])
        self.kinds: list[str] = self.facts["kinds"]
        self.count = self._at["records"][1] // RECORD.size
        self._segments: dict[int, mmap.mmap] = {}
        self._texts: OrderedDict[int, str] = OrderedDict()
        self._kept_bytes = 0
        self._parts: dict[int, list[Part]] = {}

    def record(self, index: int) -> Record:
        """The record of a document."""
        return Record._make(RECORD.unpack_from(self._map, self._at["records"][0] + index * RECORD.size))

    def path(self, record: Record) -> str:
        """The path of a document."""
        start = self._at["paths"][0] + record.path_start
        return self._map[start : start + record.path_length].decode()

    def meta(self, record: Record) -> dict[str, Any]:
        """What the file says of itself, and what was found out while it was read."""
        start = self._at["strings"][0] + record.meta_start
        raw = self._map[start : start + record.meta_length]
        return json.loads(raw) if raw else {}

    def segment(self, record: Record) -> mmap.mmap:
        """The map that holds a document's bytes, from `record.start` on."""
        return self.segment_numbered(record.segment)

    def segment_numbered(self, number: int) -> mmap.mmap:
        """The map of a segment."""
        found = self._segments.get(number)
        if found is None:
            name = f"segment-{number:06}.txt"
            found = self._segments[number] = _mapped(os.path.join(self.folder, name))  # noqa: PTH118
        return found

    def columns(self) -> tuple[memoryview, memoryview, memoryview]:
        """The starts, lengths and segments of all texts, by document; views of the map, nothing is copied."""
        start, length = self._at["records"]
        records = memoryview(self._map)[start : start + length]
        words, halves = records.cast("Q"), records.cast("I")
        return (
            words[:: RECORD.size // 8],
            words[1 :: RECORD.size // 8],
            halves[_SEGMENT_AT // 4 :: RECORD.size // 4],
        )

    def text(self, index: int) -> str:
        """A document's whole text, decoded once and kept while there is room."""
        text = self._texts.get(index)
        if text is not None:
            self._texts.move_to_end(index)
            return text
        record = self.record(index)
        text = self.raw(record, 0, record.length).decode()
        self._texts[index] = text
        self._kept_bytes += record.length
        while self._kept_bytes > TEXTS_KEPT_BYTES and len(self._texts) > 1:
            old, _ = self._texts.popitem(last=False)
            self._kept_bytes -= self.record(old).length
        return text

    def raw(self, record: Record, start: int, end: int) -> bytes:
        """Bytes `start` to `end` of a document's text."""
        end = min(end, record.length)
        return self.segment(record)[record.start + start : record.start + end]

    def slice(self, index: int, start: int, end: int) -> str:
        """Characters `start` to `end` of a document, without decoding the rest of a long one."""
        record = self.record(index)
        end = min(end, record.characters)
        if start >= end:
            return ""
        if index in self._texts:
            return self._texts[index][start:end]
        if record.flags & FLAG_ASCII:
            return self.raw(record, start, end).decode()
        first, last = self._mark_before(record, start), self._mark_before(record, end) + 1
        base = self.mark(record, first)[0]
        raw = self.raw(record, first * MARK_BYTES, last * MARK_BYTES + 4)
        skipped = 0
        while skipped < len(raw) and raw[skipped] & 0xC0 == 0x80:
            skipped += 1
        return raw[skipped:].decode("utf-8", "ignore")[start - base : end - base]

    def before(self, index: int, byte: int) -> tuple[int, int]:
        """Characters and newlines before a byte of a document, which is the first of a character."""
        record = self.record(index)
        number = byte // MARK_BYTES
        characters, newlines = self.mark(record, number)
        raw = self.raw(record, number * MARK_BYTES, byte)
        return characters + len(raw.translate(None, _CONTINUATION)), newlines + raw.count(b"\n")

    def line_at(self, index: int, character: int) -> int:
        """The line, from 1, in which a character stands."""
        record = self.record(index)
        number = self._mark_before(record, character)
        base, newlines = self.mark(record, number)
        return newlines + self.slice(index, base, character).count("\n") + 1

    def parts(self, index: int) -> list[Part]:
        """The part map of a document; empty where its format has none."""
        found = self._parts.get(index)
        if found is None:
            record = self.record(index)
            if len(self._parts) > 4096:
                self._parts.clear()
            found = self._parts[index] = self._parts_of(record) if record.parts_count else []
        return found

    def page_at(self, index: int, character: int) -> int | None:
        """The page, from 1, on which a character stands; None where there are no pages."""
        parts = self.parts(index)
        if not parts or parts[0].kind != "page":
            return None
        at = bisect_right(parts, character, key=_start) - 1
        return parts[max(0, at)].number

    def mark(self, record: Record, number: int) -> tuple[int, int]:
        """Characters and newlines before byte `number` × 64 KiB of a text."""
        if number == 0:
            return 0, 0
        at = self._at["marks"][0] + (record.marks_start + number - 1) * MARK.size
        characters, newlines = MARK.unpack_from(self._map, at)
        return characters, newlines

    def release_bytes(self, segment: int, start: int, end: int) -> None:
        """Give the pages of some bytes of a segment back; they are read again when they are needed."""
        low = start & -mmap.PAGESIZE
        high = end & -mmap.PAGESIZE
        if high > low:
            self._segments[segment].madvise(mmap.MADV_DONTNEED, low, high - low)

    def release(self) -> None:
        """Give the pages of scanned segments back, so that a scan does not count as this process's memory."""
        for segment in self._segments.values():
            segment.madvise(mmap.MADV_DONTNEED)

    def _parts_of(self, record: Record) -> list[Part]:
        kinds: list[str] = self.facts["part_kinds"]
        base, strings = self._at["parts"][0], self._at["strings"][0]
        found = []
        for number in range(record.parts_start, record.parts_start + record.parts_count):
            start, _, label, length, place, kind, _ = PART.unpack_from(self._map, base + number * PART.size)
            text = self._map[strings + label : strings + label + length].decode()
            found.append(Part(kinds[kind], place, start, text))
        return found

    def _mark_before(self, record: Record, character: int) -> int:
        low, high = 0, record.length // MARK_BYTES
        while low < high:
            middle = (low + high + 1) // 2
            if self.mark(record, middle)[0] <= character:
                low = middle
            else:
                high = middle - 1
        return low


def _start(part: Part) -> int:
    return part.start


def _mapped(path: str) -> mmap.mmap:
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        return mmap.mmap(handle, 0, access=mmap.ACCESS_READ)
    finally:
        os.close(handle)
