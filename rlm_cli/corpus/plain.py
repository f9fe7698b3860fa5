"""Plain text into the store: decoded as it streams, newlines made `\\n`, counted, never held whole.

The text of a document is what `open(path, encoding=…).read()` gives: no byte order mark, `\\r\\n` and `\\r`
read as `\\n`. Bytes that cannot be decoded stand as U+FFFD, and are counted.
"""

from __future__ import annotations

import codecs
import io
from collections.abc import Callable
from dataclasses import dataclass, field

from xxhash import xxh3_128

from rlm_cli.corpus.encoding import guess, leading_encoding
from rlm_cli.corpus.kinds import HEAD_BYTES
from rlm_cli.corpus.layout import FLAG_ASCII, FLAG_REPLACED
from rlm_cli.corpus.opening import Window
from rlm_cli.corpus.segments import Meter, SegmentWriter

PIECE_BYTES = 1 << 18
_LINES_TOLD = 20


@dataclass(slots=True)
class Stored:
    """What a stream became: its measures, the digest of the file's bytes, how it was decoded."""

    meter: Meter
    digest: bytes
    size_bytes: int
    encoding: str = "utf-8"
    replaced: int = 0
    replaced_lines: list[int] = field(default_factory=list)

    def note_replaced(self, text: str) -> None:
        """Count the characters that could not be decoded in the next piece, and remember the first lines."""
        self.replaced += text.count("\ufffd")
        for number, line in enumerate(text.split("\n"), self.meter.newlines + 1):
            if len(self.replaced_lines) >= _LINES_TOLD:
                return
            if "\ufffd" in line and number not in self.replaced_lines:
                self.replaced_lines.append(number)

    @property
    def flags(self) -> int:
        """The flags of its record."""
        ascii_flag = FLAG_ASCII if self.meter.characters == self.meter.length else 0
        return ascii_flag | (FLAG_REPLACED if self.replaced else 0)


Pulse = Callable[[int], None]
"""Called with the bytes read so far of one document, from time to time; may raise to stop the reading."""


def store_plain(window: Window, segments: SegmentWriter, first: bytes, pulse: Pulse) -> Stored:
    """Append a file's text to the segments, whatever sane encoding it is in.

    Shape:   first is what `window.read(PIECE_BYTES, 0)` has given.
    Errors:  Unreadable when it is not text; OSError of the store. The segment holds no part of it then.
    """
    head = first[:HEAD_BYTES]
    encoding = leading_encoding(head)
    if encoding in (None, "utf-8"):
        segments.begin()
        attempt = _Utf8(window, segments)
        try:
            stored = attempt.run(first, pulse)
        except BaseException:
            segments.roll_back()
            raise
        if stored is not None:
            return stored
        segments.roll_back()
        around = window.read(1 << 14, max(0, attempt.byte - (1 << 13)))
        encoding = encoding or guess(head, around)
    segments.begin()
    try:
        return _decode(window, segments, encoding, pulse)
    except BaseException:
        segments.roll_back()
        raise


class _Utf8:
    """Copies a file that is valid UTF-8; stops at the first byte that is not."""

    def __init__(self, window: Window, segments: SegmentWriter) -> None:
        self._window = window
        self._segments = segments
        self.byte = 0

    def run(self, raw: bytes, pulse: Pulse) -> Stored | None:
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
            pulse(offset)
            raw = self._window.read(PIECE_BYTES, offset)


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


def _decode(window: Window, segments: SegmentWriter, encoding: str, pulse: Pulse) -> Stored:
    decoder = codecs.getincrementaldecoder(encoding)("replace")
    newlines = io.IncrementalNewlineDecoder(decoder, translate=True)
    stored = Stored(Meter(), b"", 0, encoding.replace("_", "-"))
    digest = xxh3_128()
    while True:
        raw = window.read(PIECE_BYTES, stored.size_bytes)
        pulse(stored.size_bytes)
        digest.update(raw)
        stored.size_bytes += len(raw)
        text = newlines.decode(raw, final=not raw)
        if stored.meter.length == 0 and text.startswith("\ufeff"):
            text = text[1:]
        if "\ufffd" in text:
            stored.note_replaced(text)
        piece = text.encode("utf-8", "replace")
        segments.append(piece)
        stored.meter.feed(piece)
        if not raw:
            segments.end()
            stored.digest = digest.digest()
            return stored
