"""Generations: a snapshot of a corpus, built slot by slot, written at once, read without being parsed.

Builder and reader of the layout. Directories, locks and the choice of a generation are not known here.
"""

from __future__ import annotations

import json
import mmap
import os
import struct
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from rlm_cli.corpus.layout import (
    FLAG_DROPPED,
    HEADER,
    MAGIC,
    MARK,
    MARK_BYTES,
    PART,
    PART_KINDS,
    RECORD,
    SECTIONS,
    SKIP,
    U64,
    VERSION,
    Part,
    Record,
    Skip,
    Text,
)
from rlm_cli.corpus.walk import Found

Buffer = bytes | bytearray | memoryview

_FLAGS = struct.Struct("<H")
_FLAGS_AT = struct.calcsize("<10Q5I1H")
_EMPTY = Record._make((*(0,) * 16, FLAG_DROPPED, 0, 0, bytes(16)))


class Damaged(Exception):
    """A generation that cannot be used: not whole, or of another version."""


class Builder:
    """A generation in the making. Slots keep the order of the walk, however late a text arrives."""

    def __init__(self) -> None:
        self._records = bytearray()
        self._paths = bytearray()
        self._parts = bytearray()
        self._marks = bytearray()
        self._strings = bytearray()
        self._whys: dict[int, tuple[str, bool]] = {}
        self._kinds: dict[str, int] = {}

    def reserve(self, found: Found) -> int:
        """A slot for a file; it is dropped unless `fill` is called."""
        path = found.path.encode("utf-8", "replace")
        record = _EMPTY._replace(
            disk_bytes=found.size_bytes,
            mtime_ns=found.mtime_ns & U64,
            inode=found.inode & U64,
            path_start=len(self._paths),
            path_length=len(path),
            source=found.source,
        )
        self._paths += path
        self._records += RECORD.pack(*record)
        return len(self._records) // RECORD.size - 1

    def fill(self, slot: int, text: Text, mtime_ns: int | None = None) -> None:
        """Give a slot its text; mtime_ns replaces the walk's, 0 makes the next run read the file again."""
        old = self.record(slot)
        parts_start = len(self._parts) // PART.size
        for part in text.parts:
            label = part.label.encode("utf-8", "replace")
            self._parts += PART.pack(
                part.start,
                part.start_byte,
                self._keep(label),
                len(label),
                part.number,
                PART_KINDS.index(part.kind),
                0,
            )
        record = old._replace(
            start=text.start,
            length=text.length,
            characters=text.characters,
            mtime_ns=old.mtime_ns if mtime_ns is None else mtime_ns & U64,
            parts_start=parts_start,
            parts_count=len(text.parts),
            marks_start=len(self._marks) // MARK.size,
            meta_start=self._keep(text.meta),
            meta_length=len(text.meta),
            lines=min(text.lines, (1 << 32) - 1),
            segment=text.segment,
            kind=self._kinds.setdefault(text.kind, len(self._kinds)),
            flags=text.flags,
            reader=text.reader,
            digest=text.digest,
        )
        self._marks += text.marks
        RECORD.pack_into(self._records, slot * RECORD.size, *record)

    def skip(self, slot: int, why: str, is_rule: bool = False) -> None:
        """Say why the file of a slot is not in the corpus."""
        self._whys[slot] = (why, is_rule)

    @property
    def skipped_count(self) -> int:
        """How many files are not in the corpus so far."""
        return len(self._whys)

    def skips(self) -> Iterator[Skip]:
        """Every file that is not in the corpus, in order."""
        for slot in sorted(self._whys):
            record, (why, is_rule) = self.record(slot), self._whys[slot]
            identity = (record.source, record.disk_bytes, record.mtime_ns, record.inode)
            yield Skip(self._path(record), why, *identity, is_rule)

    def move(self, place: Callable[[Record], tuple[int, int]]) -> None:
        """Give every filled slot's text a new place: (segment, start)."""
        for slot in range(len(self._records) // RECORD.size):
            record = self.record(slot)
            if not record.flags & FLAG_DROPPED:
                segment, start = place(record)
                RECORD.pack_into(
                    self._records, slot * RECORD.size, *record._replace(segment=segment, start=start)
                )

    def record(self, slot: int) -> Record:
        """The record of a slot."""
        return Record(*RECORD.unpack_from(self._records, slot * RECORD.size))

    def text(self, slot: int) -> Text:
        """What lies in a filled slot."""
        kinds = list(self._kinds)
        return _text_of(self.record(slot), kinds, self._parts, self._marks, self._strings)

    def records(self) -> Iterator[tuple[Record, str]]:
        """Every filled slot with its path, in order."""
        for fields in RECORD.iter_unpack(self._records):
            record = Record(*fields)
            if not record.flags & FLAG_DROPPED:
                yield record, self._path(record)

    @property
    def kinds(self) -> list[str]:
        """The kinds of the documents, by their number in the records."""
        return list(self._kinds)

    def write(self, path: Path, facts: dict[str, Any]) -> None:
        """Write the generation: a temporary file, fsync, then its name.

        Errors:  OSError when the disk is full; nothing is left behind then.
        """
        whole = {**facts, "kinds": list(self._kinds), "part_kinds": list(PART_KINDS)}
        packed = json.dumps(whole, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
        skipped_paths, skipped_whys, skips = self._packed_skips()
        sections: tuple[list[Buffer], ...] = (
            self._filled(),
            [self._paths, skipped_paths],
            [self._parts],
            [self._marks],
            [self._strings, skipped_whys],
            [skips],
            [packed],
        )
        offsets: list[int] = []
        pieces: list[Buffer] = []
        at = HEADER.size
        for section in sections:
            length = sum(map(len, section))
            offsets += [at, length]
            pieces += [*section, bytes(-length % 8)]
            at += length + -length % 8
        _write_whole(path, [HEADER.pack(MAGIC, VERSION, len(SECTIONS), at, *offsets), *pieces])

    def _filled(self) -> list[Buffer]:
        """The records of filled slots, as runs of them."""
        view, runs, start = memoryview(self._records), [], 0
        for at in range(0, len(view) + RECORD.size, RECORD.size):
            is_end = at == len(view)
            if is_end or _FLAGS.unpack_from(view, at + _FLAGS_AT)[0] & FLAG_DROPPED:
                if at > start:
                    runs.append(bytes(view[start:at]) if at - start < 1 << 16 else view[start:at])
                start = at + RECORD.size
        return list(runs)

    def _packed_skips(self) -> tuple[bytes, bytes, bytes]:
        """More paths, more strings, and the packed skips that name ranges in them."""
        paths, strings, packed = bytearray(), bytearray(), bytearray()
        for skip in self.skips():
            path, why = skip.path.encode("utf-8", "replace"), skip.why.encode("utf-8", "replace")
            packed += SKIP.pack(
                *(len(self._paths) + len(paths), len(self._strings) + len(strings)),
                *(skip.disk_bytes, skip.mtime_ns & U64, skip.inode & U64),
                *(len(path), len(why), skip.source, 1 if skip.is_rule else 0),
            )
            paths += path
            strings += why
        return bytes(paths), bytes(strings), bytes(packed)

    def _path(self, record: Record) -> str:
        return self._paths[record.path_start : record.path_start + record.path_length].decode()

    def _keep(self, string: bytes) -> int:
        start = len(self._strings)
        self._strings += string
        return start


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
        return _text_of(record, self.kinds, *views)

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
            yield Skip(path, why, source, disk_bytes, mtime_ns, inode, bool(flags & 1))

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


def _text_of(record: Record, kinds: list[str], parts: Buffer, marks: Buffer, strings: Buffer) -> Text:
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


def _write_whole(path: Path, pieces: list[Buffer]) -> None:
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        try:
            for piece in pieces:
                view = memoryview(piece)
                while view:
                    view = view[os.write(handle, view) :]
            os.fsync(handle)
        finally:
            os.close(handle)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
