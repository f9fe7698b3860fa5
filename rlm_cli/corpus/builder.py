"""A generation in the making, slot by slot, and written at once.

Slots keep the order of the walk, however late a text arrives; members of a file come right after it. What a
generation is for, and which one is served, is not known here.
"""

from __future__ import annotations

import json
import os
import struct
from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import Any

from rlm_cli.corpus.generation import Buffer, text_of
from rlm_cli.corpus.layout import (
    FLAG_DROPPED,
    FLAG_MEMBER,
    HEADER,
    MAGIC,
    MARK,
    PART,
    PART_KINDS,
    RECORD,
    SECTIONS,
    SKIP,
    U64,
    VERSION,
    Record,
    Skip,
    Text,
)
from rlm_cli.corpus.walk import Found

_FLAGS = struct.Struct("<H")
_FLAGS_AT = struct.calcsize("<10Q5I1H")
_EMPTY = Record._make((*(0,) * 16, FLAG_DROPPED, 0, 0, bytes(16)))


class Builder:
    """A generation in the making."""

    def __init__(self) -> None:
        self._records = bytearray()
        self._paths = bytearray()
        self._parts = bytearray()
        self._marks = bytearray()
        self._strings = bytearray()
        self._left: dict[int, tuple[str, bool, bool]] = {}
        self._members: dict[int, list[int]] = {}
        self._inner: set[int] = set()
        self._kinds: dict[str, int] = {}

    def reserve(self, found: Found, outer: int | None = None) -> int:
        """A slot for a file, or for a member of the file in slot `outer`; dropped unless `fill` is called."""
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
        slot = len(self._records) // RECORD.size - 1
        if outer is not None:
            self._members.setdefault(outer, []).append(slot)
            self._inner.add(slot)
        return slot

    def fill(self, slot: int, text: Text) -> None:
        """Give a slot its text."""
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
            parts_start=parts_start,
            parts_count=len(text.parts),
            marks_start=len(self._marks) // MARK.size,
            meta_start=self._keep(text.meta),
            meta_length=len(text.meta),
            lines=min(text.lines, (1 << 32) - 1),
            segment=text.segment,
            kind=self._kinds.setdefault(text.kind, len(self._kinds)),
            flags=text.flags & ~FLAG_MEMBER | (FLAG_MEMBER if slot in self._inner else 0),
            reader=text.reader,
            digest=text.digest,
        )
        self._marks += text.marks
        RECORD.pack_into(self._records, slot * RECORD.size, *record)

    def skip(self, slot: int, why: str, is_rule: bool = False) -> None:
        """Say why the file of a slot is not in the corpus."""
        self._left[slot] = (why, is_rule, False)

    def opened(self, slot: int) -> None:
        """The file of a slot has no text of its own; its members are documents."""
        self._left[slot] = ("", False, True)

    def distrust(self, slot: int) -> None:
        """Make the next run look at the file of a slot again."""
        record = self.record(slot)._replace(mtime_ns=0)
        RECORD.pack_into(self._records, slot * RECORD.size, *record)

    def skips(self) -> Iterator[Skip]:
        """Every file that is not in the corpus, and every one that was opened, in order."""
        for slot in self._slots() if self._left else ():
            if slot in self._left:
                record, (why, is_rule, is_opened) = self.record(slot), self._left[slot]
                identity = (record.source, record.disk_bytes, record.mtime_ns, record.inode)
                yield Skip(self._path(record), why, *identity, is_rule, is_opened, slot in self._inner)

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
        return text_of(self.record(slot), kinds, self._parts, self._marks, self._strings)

    def text_meta(self, record: Record) -> bytes:
        """The packed metadata of a record."""
        return bytes(self._strings[record.meta_start : record.meta_start + record.meta_length])

    def records(self) -> Iterator[tuple[Record, str]]:
        """Every filled slot with its path, in order."""
        for slot in self._slots():
            record = self.record(slot)
            if not record.flags & FLAG_DROPPED:
                yield record, self._path(record)

    @property
    def kinds(self) -> list[str]:
        """The kinds of the documents, by their number in the records."""
        return list(self._kinds)

    def write(self, path: Path, facts: dict[str, Any], untrusted: Collection[int] = ()) -> None:
        """Write the generation: a temporary file, fsync, then its name.

        Shape:   the next run looks again at the files of the untrusted slots.
        Errors:  OSError when the disk is full; nothing is left behind then.
        """
        times = {slot: self.record(slot) for slot in untrusted}
        for slot in untrusted:
            self.distrust(slot)
        try:
            self._write(path, facts)
        finally:
            for slot, record in times.items():
                RECORD.pack_into(self._records, slot * RECORD.size, *record)

    def _write(self, path: Path, facts: dict[str, Any]) -> None:
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
        view = memoryview(self._records)
        runs: list[Buffer] = []
        start = end = 0
        for slot in self._slots():
            at = slot * RECORD.size
            if _FLAGS.unpack_from(view, at + _FLAGS_AT)[0] & FLAG_DROPPED:
                continue
            if at != end:
                runs.append(view[start:end])
                start = at
            end = at + RECORD.size
        return [*runs, view[start:end]]

    def _slots(self) -> Iterator[int]:
        """All slots: a file, then its members, then the next file."""
        count = len(self._records) // RECORD.size
        if not self._inner:
            yield from range(count)
            return
        for outer in range(count):
            if outer in self._inner:
                continue
            if outer not in self._members:
                yield outer
                continue
            stack = [outer]
            while stack:
                slot = stack.pop()
                yield slot
                stack += reversed(self._members.get(slot, ()))

    def _packed_skips(self) -> tuple[bytes, bytes, bytes]:
        """More paths, more strings, and the packed skips that name ranges in them."""
        paths, strings, packed = bytearray(), bytearray(), bytearray()
        for skip in self.skips():
            path, why = skip.path.encode("utf-8", "replace"), skip.why.encode("utf-8", "replace")
            packed += SKIP.pack(
                *(len(self._paths) + len(paths), len(self._strings) + len(strings)),
                *(skip.disk_bytes, skip.mtime_ns & U64, skip.inode & U64),
                *(len(path), len(why), skip.source, skip.flags),
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
