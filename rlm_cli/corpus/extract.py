"""What an extractor of a foreign format gives back, and the table of extractors.

Extractors run in a worker process with limits (worker.py); nothing here is imported by the parent's readers
of plain text. An extractor writes text piece by piece and says where a part (a page, a cell) begins.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from importlib import import_module
from typing import Any

from msgspec import Struct

from rlm_cli.corpus.opening import Unreadable


class PartAt(Struct, frozen=True, array_like=True):
    """A part that begins at a byte of the extracted text."""

    kind: str
    number: int
    start_byte: int
    label: str = ""


class Extracted(Struct, frozen=True, kw_only=True):
    """The answer of a worker: the parts and metadata of the text that it wrote, or why there is none."""

    parts: list[PartAt] = []
    meta: dict[str, Any] = {}
    why: str = ""


class TextOut:
    """Where an extractor writes: a file, in valid UTF-8 with `\\n` for newlines."""

    def __init__(self, handle: int) -> None:
        self._handle = handle
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

    def flush(self) -> None:
        """Bring what was written to the file."""
        raw = b"".join(self._buffer)
        self._buffer.clear()
        self._pending = 0
        view = memoryview(raw)
        while view:
            view = view[os.write(self._handle, view) :]


Extractor = Callable[[bytes, TextOut, str], dict[str, Any]]
"""(the file's bytes, where to write, a hint) -> metadata. Raises Unreadable."""

_MODULES = {"pdf": "pdf", "docx": "word", "html": "web", "notebook": "notebook"}
READERS = frozenset(_MODULES)
"""The names of the extractors."""


def extract(reader: str, data: bytes, out: TextOut, hint: str) -> Extracted:
    """Run one extractor over the bytes of one file."""
    try:
        extractor: Extractor = import_module(f"rlm_cli.corpus.{_MODULES[reader]}").extract
        meta = extractor(data, out, hint)
        out.flush()
    except Unreadable as error:
        return Extracted(why=str(error))
    return Extracted(parts=out.parts, meta=meta)
