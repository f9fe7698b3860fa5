"""Plain text into the store: decoded as it streams, newlines made `\\n`, counted, never held whole.

The text of a document is what `open(path, encoding=…).read()` gives: no byte order mark, `\\r\\n` and `\\r`
read as `\\n`. Bytes that cannot be decoded stand as U+FFFD, and are counted.
"""

from __future__ import annotations

import codecs
import io
import os
from dataclasses import dataclass

from xxhash import xxh3_128

from rlm_cli.corpus.encoding import guess, leading_encoding
from rlm_cli.corpus.kinds import HEAD_BYTES
from rlm_cli.corpus.layout import FLAG_ASCII, FLAG_REPLACED
from rlm_cli.corpus.segments import Meter, SegmentWriter

PIECE_BYTES = 1 << 18


@dataclass(slots=True)
class Stored:
    """What a stream became: its measures, the digest of the file's bytes, how it was decoded."""

    meter: Meter
    digest: bytes
    size_bytes: int
    encoding: str = "utf-8"
    replaced: int = 0

    @property
    def flags(self) -> int:
        """The flags of its record."""
        ascii_flag = FLAG_ASCII if self.meter.characters == self.meter.length else 0
        return ascii_flag | (FLAG_REPLACED if self.replaced else 0)


def store_plain(handle: int, segments: SegmentWriter, first: bytes) -> Stored:
    """Append a file's text to the segments, whatever sane encoding it is in.

    Shape:   first is what `os.pread(handle, PIECE_BYTES, 0)` has given.
    Errors:  Unreadable when it is not text; OSError of the store. The segment holds no part of it then.
    """
    head = first[:HEAD_BYTES]
    encoding = leading_encoding(head)
    if encoding in (None, "utf-8"):
        segments.begin()
        attempt = _Utf8(handle, segments)
        stored = attempt.run(first)
        if stored is not None:
            return stored
        segments.roll_back()
        around = os.pread(handle, 1 << 14, max(0, attempt.byte - (1 << 13)))
        encoding = encoding or guess(head, around)
    segments.begin()
    try:
        return _decode(handle, segments, encoding)
    except BaseException:
        segments.roll_back()
        raise


class _Utf8:
    """Copies a file that is valid UTF-8; stops at the first byte that is not."""

    def __init__(self, handle: int, segments: SegmentWriter) -> None:
        self._handle = handle
        self._segments = segments
        self.byte = 0

    def run(self, raw: bytes) -> Stored | None:
        meter, digest, offset, rest = Meter(), xxh3_128(), 0, b""
        while True:
            digest.update(raw)
            piece = (
                raw[3:] if offset == 0 and raw.startswith(codecs.BOM_UTF8) else rest + raw if rest else raw
            )
            offset += len(raw)
            is_last = len(raw) < PIECE_BYTES
            is_ascii = piece.isascii()
            rest = b"" if is_last or (is_ascii and piece[-1:] != b"\r") else _unfinished(piece)
            if rest:
                piece = piece[: -len(rest)]
            if not is_ascii:
                try:
                    piece.decode()
                except UnicodeDecodeError as error:
                    self.byte = max(0, offset - len(piece) - len(rest)) + error.start
                    return None
            if b"\r" in piece:
                piece = piece.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
            self._segments.append(piece)
            meter.feed(piece)
            if is_last:
                self._segments.end()
                return Stored(meter, digest.digest(), offset)
            raw = os.pread(self._handle, PIECE_BYTES, offset)


def _unfinished(piece: bytes) -> bytes:
    """The last bytes of a piece that only the next one completes: half a character, a carriage return."""
    if piece.endswith(b"\r"):
        return b"\r"
    for back in range(1, min(3, len(piece)) + 1):
        byte = piece[-back]
        if byte >= 0xC0:
            wanted = 2 if byte < 0xE0 else 3 if byte < 0xF0 else 4
            return piece[-back:] if back < wanted else b""
        if byte < 0x80:
            return b""
    return b""


def _decode(handle: int, segments: SegmentWriter, encoding: str) -> Stored:
    decoder = codecs.getincrementaldecoder(encoding)("replace")
    newlines = io.IncrementalNewlineDecoder(decoder, translate=True)
    stored = Stored(Meter(), b"", 0, encoding.replace("_", "-"))
    digest = xxh3_128()
    while True:
        raw = os.pread(handle, PIECE_BYTES, stored.size_bytes)
        digest.update(raw)
        stored.size_bytes += len(raw)
        text = newlines.decode(raw, final=not raw)
        if stored.meter.length == 0 and text.startswith("\ufeff"):
            text = text[1:]
        stored.replaced += text.count("\ufffd")
        piece = text.encode("utf-8", "replace")
        segments.append(piece)
        stored.meter.feed(piece)
        if not raw:
            segments.end()
            stored.digest = digest.digest()
            return stored
