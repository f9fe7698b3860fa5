"""What an extractor of a foreign format gives back, and the table of extractors.

Extractors run in a worker process with limits (worker.py); nothing here is imported by the parent's readers
of plain text. An extractor writes text piece by piece and says where a part (a page, a cell) begins.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from importlib import import_module
from typing import Any, BinaryIO

from msgspec import Struct

from rlm_cli.corpus.opening import Unreadable

MORE = "more"
"""Under this name a reader's metadata holds the hint with which it goes on."""
_BATCH_BYTES = 1 << 28
_BATCH_MEMBERS = 10_000


class PartAt(Struct, frozen=True, array_like=True):
    """A part that begins at a byte of the extracted text."""

    kind: str
    number: int
    start_byte: int
    label: str = ""


class MemberAt(Struct, frozen=True, array_like=True):
    """A document inside of the file: its name there, where its bytes are in the spool, or why it has none."""

    name: str
    start_byte: int = 0
    size_bytes: int = 0
    why: str = ""


class Extracted(Struct, frozen=True, kw_only=True):
    """The answer of a worker: the parts and metadata of the text that it wrote, or why there is none.

    Shape:   the text is text_bytes of the spool from start_byte on; the bytes of the members follow it. more
             is the hint with which the reader goes on after them, empty when these were the last.
    """

    parts: list[PartAt] = []
    meta: dict[str, Any] = {}
    why: str = ""
    start_byte: int = 0
    text_bytes: int = 0
    members: list[MemberAt] = []
    more: str = ""


class Allowance(Struct, frozen=True, kw_only=True):
    """How much may come out of a file with members, in bytes: all of them together, and one."""

    all_bytes: int = 1 << 62
    member_bytes: int = 1 << 62


class Cut(Exception):
    """No more members fit: into this spool, or into the allowance."""


class TextOut:
    """Where an extractor writes: a file, in valid UTF-8 with `\\n` for newlines.

    Shape:   start_byte is where in the file the text begins: behind that of the documents before it.
    """

    def __init__(self, handle: int, allowance: Allowance | None = None, start_byte: int = 0) -> None:
        self._handle = handle
        self.start_byte = start_byte
        self._allowance = allowance or Allowance()
        self.members: list[MemberAt] = []
        self.members_bytes = 0
        self._buffer: list[bytes] = []
        self._pending = 0
        self.length = 0
        self.parts: list[PartAt] = []
        self.visible = 0

    def part(self, kind: str, number: int, label: str = "") -> None:
        """The next text belongs to this part."""
        self.parts.append(PartAt(kind, number, self.length, label))

    def write(self, text: str) -> None:
        """Add text."""
        clean = text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "")
        if not clean.isascii():
            clean = clean.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        raw = clean.encode()
        self.visible += len(raw) - raw.count(b" ") - raw.count(b"\n")
        self.length += len(raw)
        self._buffer.append(raw)
        self._pending += len(raw)
        if self._pending > 1 << 20:
            self.flush()

    @property
    def is_full(self) -> bool:
        """Whether the next member should wait for the next spool."""
        return self.members_bytes >= _BATCH_BYTES or len(self.members) >= _BATCH_MEMBERS

    def member(self, name: str, pieces: Iterable[bytes]) -> None:
        """Add a document that lies inside of this one; after the first no text may be written.

        Errors:  Cut when the allowance of the whole file is used up; the member is told as left out.
        """
        self.flush()
        start = self.start_byte + self.length + self.members_bytes
        try:
            size = self._bring_member(name, pieces)
        except BaseException:
            self._take_back(start)
            raise
        if size is None:
            self._take_back(start)
            return
        self.members.append(MemberAt(name[:4096], start, size))
        self.members_bytes += size

    def _bring_member(self, name: str, pieces: Iterable[bytes]) -> int | None:
        """Bytes of a member that was written, None when it is too large."""
        size, room = 0, self._allowance.all_bytes - self.members_bytes
        for piece in pieces:
            size += len(piece)
            if size > self._allowance.member_bytes:
                self.left_out(name, f"larger than {self._allowance.member_bytes / 1e6:,.0f} MB when unpacked")
                return None
            if size > room:
                self.left_out(name, "its archive unpacks to too much: this and what follows is not read")
                raise Cut
            self._bring(piece)
        return size

    def _take_back(self, start: int) -> None:
        os.ftruncate(self._handle, start)
        os.lseek(self._handle, start, os.SEEK_SET)

    def left_out(self, name: str, why: str) -> None:
        """Name a member that has no bytes to read."""
        self.members.append(MemberAt(name[:4096], why=why))

    def flush(self) -> None:
        """Bring what was written to the file."""
        raw = b"".join(self._buffer)
        self._buffer.clear()
        self._pending = 0
        self._bring(raw)

    def _bring(self, raw: bytes) -> None:
        view = memoryview(raw)
        while view:
            view = view[os.write(self._handle, view) :]


Extractor = Callable[[Any, TextOut, str], dict[str, Any]]
"""(bytes, or the file of a streamed format; where to write; a hint) -> metadata. Raises Unreadable."""

STREAMED = {"mailbox": "mailbox", "zip": "archive", "tar": "archive", "packed": "archive"}
"""The readers that are given a file and read it in pieces."""
_MODULES = {
    "pdf": "pdf",
    "docx": "word",
    "html": "web",
    "notebook": "notebook",
    "sheets": "sheets",
    "slides": "slides",
    "open_document": "open_document",
    "book": "book",
    "rich_text": "rich_text",
    "parquet": "parquet",
    "mail": "mail",
    **STREAMED,
}
READERS = frozenset(_MODULES)
"""The names of the extractors."""


def extract(reader: str, data: bytes | BinaryIO, out: TextOut, hint: str) -> Extracted:
    """Run one extractor over one file: over its bytes, or over the file where its format is streamed."""
    name = "extract" if _MODULES[reader] != "archive" else f"extract_{reader}"
    try:
        extractor: Extractor = getattr(import_module(f"rlm_cli.corpus.{_MODULES[reader]}"), name)
        meta = extractor(data, out, hint)
        out.flush()
    except Unreadable as error:
        return Extracted(why=str(error), members=out.members)
    return Extracted(
        parts=out.parts,
        more=str(meta.pop(MORE, "")),
        meta=meta,
        start_byte=out.start_byte,
        text_bytes=out.length,
        members=out.members,
    )
