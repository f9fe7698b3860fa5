"""The layout of a generation: one snapshot of a corpus as a file that is mapped, never parsed whole.

A generation holds fixed-width records (one a document, in the order of the walk), their paths, part maps
(page → character), marks (characters and lines before every 64 KiB of a text), strings, what was skipped,
and a small JSON object of facts. Texts are not here: a record names a range of an append-only segment.
`rlm_cli/inkernel/store.py` reads the same layout with the standard library alone; a test holds them equal.

    header    magic, version, sections, bytes of the whole file, then (offset, length) of each section
    sections  records · paths · parts · marks · strings · skips · facts

Everything is little-endian. A text's position is counted in characters of its UTF-8.
"""

from __future__ import annotations

import struct
from typing import NamedTuple

MAGIC = b"rlmcorp\n"
VERSION = 1
SECTIONS = ("records", "paths", "parts", "marks", "strings", "skips", "facts")
HEADER = struct.Struct("<8sIIQ14Q")
RECORD = struct.Struct("<10Q5I4H16s4x")
PART = struct.Struct("<3Q2I2H4x")
MARK = struct.Struct("<2Q")
SKIP = struct.Struct("<5Q2I2H4x")
MARK_BYTES = 1 << 16
"""A mark stands at every so many bytes of a text, none at its start."""

U64 = (1 << 64) - 1
PART_KINDS = (
    *("page", "cell", "sheet", "slide", "section", "message"),
    *("row", "notes", "footnote", "endnote", "header", "footer", "table"),
    *("deleted", "comment"),
)
"""What a part may be. A `row` begins a run of sheet rows, a line each: number is the first row, label the
address of its first cell (`B7`), and the cells of a line are parted by tabs. `notes` belong to the slide
before them, a `row` to the sheet before it."""

FLAG_ASCII = 1
"""Bytes and characters of the text are the same positions."""
FLAG_REPLACED = 2
"""Some bytes of the file could not be decoded; they stand as U+FFFD."""
FLAG_MEMBER = 4
"""A document inside of a file (an archive, a mail); mtime_ns and inode are those of that file."""
FLAG_DROPPED = 1 << 15
"""A slot that was reserved and not used; never in a finished generation."""


class Record(NamedTuple):
    """One document. start and length are bytes in its segment; parts_start and marks_start are numbers
    of entries in their sections; disk_bytes, mtime_ns and inode are the file's when it was read."""

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
    """A place that a person would look for: page 4 begins at this character and byte of the text."""

    kind: str
    number: int
    start: int
    start_byte: int
    label: str = ""


class Text(NamedTuple):
    """A stored text: where it lies, how long it is, its marks (packed) and parts, and its metadata.

    Units:   start and length are bytes; digest is that of the file it was read from.
    """

    segment: int
    start: int
    length: int
    characters: int
    lines: int
    flags: int
    digest: bytes
    kind: str
    reader: int
    marks: bytes = b""
    parts: tuple[Part, ...] = ()
    meta: bytes = b""


class Skip(NamedTuple):
    """A file that is not in the corpus, and why; with the identity it had, so that it is not tried again.

    Shape:   is_rule: a choice, not a problem. is_opened: an archive whose members are documents; it is not
             left out at all. is_member: it lies inside of a file, whose time and inode these are.
    """

    path: str
    why: str
    source: int
    disk_bytes: int
    mtime_ns: int
    inode: int
    is_rule: bool = False
    is_opened: bool = False
    is_member: bool = False

    @property
    def flags(self) -> int:
        """The three claims as the bits that are stored."""
        return self.is_rule | self.is_opened << 1 | self.is_member << 2
