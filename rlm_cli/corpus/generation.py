"""Generations: a snapshot of a corpus, read without being parsed.

The reader of the layout; `builder.py` writes it. Directories, locks and the choice of a generation are not
known here.
"""

from __future__ import annotations

import json
import mmap
import os
from collections.abc import Iterator
from typing import Any

from rlm_cli.corpus.layout import (
    HEADER,
    MAGIC,
    MARK,
    MARK_BYTES,
    PART,
    PART_KINDS,
    RECORD,
    SECTIONS,
    SKIP,
    VERSION,
    Part,
    Record,
    Skip,
    Text,
)

Buffer = bytes | bytearray | memoryview


class Damaged(Exception):
    """A generation that cannot be used: not whole, or of another version."""


class Generation:
    """A generation opened for reading over a map: records, paths, parts, marks, skips, facts."""

    def __init__(self, handle: int) -> None:
        """Map a whole generation file.

        Errors:  Damaged when it is not one.
        """
        self.size = os.fstat(handle).st_size
        if self.size < HEADER.size:
            raise Damaged("too short")
        self._map = mmap.mmap(handle, self.size, access=mmap.ACCESS_READ)
        magic, version, sections, size, *offsets = HEADER.unpack_from(self._map)
        if magic != MAGIC or version != VERSION or sections != len(SECTIONS) or size != self.size:
            raise Damaged("not a generation of this version, or not whole")
        self._at = {name: (offsets[2 * i], offsets[2 * i + 1]) for i, name in enumerate(SECTIONS)}
        try:
            self.facts: dict[str, Any] = json.loads(self._section("facts"))
        except ValueError as error:
            raise Damaged("its facts cannot be read") from error
        self.kinds: list[str] = self.facts["kinds"]
        self.count = self._at["records"][1] // RECORD.size

    def record(self, index: int) -> Record:
        """The record of a document."""
        return Record(*RECORD.unpack_from(self._map, self._at["records"][0] + index * RECORD.size))

    def records(self) -> Iterator[Record]:
        """Every record in order, a bounded block of them in memory."""
        for at in range(0, self.count, 4096):
            start = self._at["records"][0] + at * RECORD.size
            block = self._map[start : start + min(4096, self.count - at) * RECORD.size]
            yield from map(Record._make, RECORD.iter_unpack(block))

    def path_of(self, record: Record) -> str:
        """The path of a record's document."""
        return self._slice("paths", record.path_start, record.path_length).decode()

    def meta_of(self, record: Record) -> dict[str, Any]:
        """The metadata of a record's document."""
        raw = self._slice("strings", record.meta_start, record.meta_length)
        return json.loads(raw) if raw else {}

    def text_of(self, record: Record) -> Text:
        """The stored text of a record, to be put into the next generation."""
        views = [self._view(name) for name in ("parts", "marks", "strings")]
        return text_of(record, self.kinds, *views)

    def parts_of(self, record: Record) -> tuple[Part, ...]:
        """The part map of a record's document."""
        return _parts_of(record, self._view("parts"), self._view("strings"))

    def mark_of(self, record: Record, number: int) -> tuple[int, int]:
        """Characters and newlines before byte `number` × 64 KiB of a text; number counts from 0."""
        if number == 0:
            return 0, 0
        at = self._at["marks"][0] + (record.marks_start + number - 1) * MARK.size
        characters, newlines = MARK.unpack_from(self._map, at)
        return characters, newlines

    def skips(self) -> Iterator[Skip]:
        """Every skip in the order in which it was found."""
        for fields in SKIP.iter_unpack(self._section("skips")):
            path_start, why_start, disk_bytes, mtime_ns, inode, path_length, why_length, source, flags = (
                fields
            )
            path = self._slice("paths", path_start, path_length).decode()
            why = self._slice("strings", why_start, why_length).decode()
            claims = (bool(flags & 1), bool(flags & 2), bool(flags & 4))
            yield Skip(path, why, source, disk_bytes, mtime_ns, inode, *claims)

    def _section(self, name: str) -> bytes:
        start, length = self._at[name]
        return self._map[start : start + length]

    def _view(self, name: str) -> memoryview:
        start, length = self._at[name]
        return memoryview(self._map)[start : start + length]

    def _slice(self, name: str, start: int, length: int) -> bytes:
        base, whole = self._at[name]
        if start + length > whole:
            raise Damaged(f"a range of {name} lies outside of it")
        return self._map[base + start : base + start + length]


def _parts_of(record: Record, parts: Buffer, strings: Buffer) -> tuple[Part, ...]:
    found = []
    for number in range(record.parts_start, record.parts_start + record.parts_count):
        start, start_byte, label_start, label_length, place, kind, _ = PART.unpack_from(
            parts, number * PART.size
        )
        label = bytes(strings[label_start : label_start + label_length]).decode()
        found.append(Part(PART_KINDS[kind], place, start, start_byte, label))
    return tuple(found)


def text_of(record: Record, kinds: list[str], parts: Buffer, marks: Buffer, strings: Buffer) -> Text:
    """The stored text that a record names, with its parts, marks and metadata, from their sections."""
    first = record.marks_start * MARK.size
    return Text(
        segment=record.segment,
        start=record.start,
        length=record.length,
        characters=record.characters,
        lines=record.lines,
        flags=record.flags,
        digest=record.digest,
        kind=kinds[record.kind],
        reader=record.reader,
        marks=bytes(marks[first : first + record.length // MARK_BYTES * MARK.size]),
        parts=_parts_of(record, parts, strings),
        meta=bytes(strings[record.meta_start : record.meta_start + record.meta_length]),
    )
