"""The writer of segments: append-only UTF-8 files that hold the texts of a corpus, one after another.

It knows bytes and nothing of documents' names. Every text is followed by a newline, so that no search over
a segment joins two of them. What is not yet part of a generation may be rolled back; nothing else is ever
changed.
"""

from __future__ import annotations

import errno
import os
from pathlib import Path

from rlm_cli.corpus.layout import MARK, MARK_BYTES

SEGMENT_BYTES = 1 << 30
_BUFFER_BYTES = 1 << 20
_PIECES_A_WRITE = 512
_CONTINUATION = bytes(range(0x80, 0xC0))


def segment_name(number: int) -> str:
    """The file name of a segment."""
    return f"segment-{number:06}.txt"


class SegmentWriter:
    """Appends texts to the last segment of a store; a new segment begins past a gigabyte.

    Errors:  OSError when the disk is full; what a generation refers to is never touched.
    """

    def __init__(self, directory: Path, committed: dict[int, int], first: int = 1) -> None:
        self._directory = directory
        self.sizes = dict(committed)
        self._number = max(committed, default=first)
        self._handle = -1
        self._buffer: list[bytes] = []
        self._buffered = 0
        self._flushed = 0
        self.start = 0

    @property
    def number(self) -> int:
        """The segment that the current text goes to."""
        return self._number

    @property
    def position(self) -> int:
        """The byte in the segment where the next piece goes."""
        return self._flushed + self._buffered

    def begin(self) -> None:
        """Start a text."""
        if self._handle < 0:
            self._open(self._number)
        elif self.position >= SEGMENT_BYTES:
            self._close()
            self._open(self._number + 1)
        self.start = self.position

    def append(self, piece: bytes) -> None:
        """Add a piece of the current text."""
        self._buffer.append(piece)
        self._buffered += len(piece)
        if self._buffered >= _BUFFER_BYTES or len(self._buffer) >= _PIECES_A_WRITE:
            self._flush()

    def end(self) -> None:
        """Finish the current text."""
        self.append(b"\n")

    def roll_back(self) -> None:
        """Forget the current text."""
        if self.start < self._flushed:
            self._buffer.clear()
            self._buffered = 0
            os.ftruncate(self._handle, self.start)
            os.lseek(self._handle, self.start, os.SEEK_SET)
            self._flushed = self.sizes[self._number] = self.start
            return
        while self.position > self.start:
            self._buffered -= len(self._buffer.pop())

    def copy(self, segment: int, start: int, length: int) -> tuple[int, int]:
        """Append a text that lies in another segment; its new place."""
        self.begin()
        handle = os.open(self._directory / segment_name(segment), os.O_RDONLY | os.O_CLOEXEC)
        try:
            done = 0
            while done < length:
                piece = os.pread(handle, min(_BUFFER_BYTES, length - done), start + done)
                if not piece:
                    raise OSError(errno.EIO, "a segment is shorter than its texts")
                self.append(piece)
                done += len(piece)
        finally:
            os.close(handle)
        self.end()
        return self._number, self.start

    def sync(self) -> dict[int, int]:
        """Bring everything to the disk; the sizes of all segments in bytes."""
        if self._handle >= 0:
            self._flush()
            os.fsync(self._handle)
        return dict(self.sizes)

    def close(self) -> None:
        """Give the file back; what was appended after the last `sync` may be lost."""
        if self._handle >= 0:
            os.close(self._handle)
            self._handle = -1

    def _open(self, number: int) -> None:
        self._number = number
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
        self._handle = os.open(self._directory / segment_name(number), flags, 0o600)
        size = self.sizes.setdefault(number, 0)
        os.ftruncate(self._handle, size)
        os.lseek(self._handle, size, os.SEEK_SET)
        self._flushed = size

    def _flush(self) -> None:
        waiting = self._buffer
        while waiting:
            written = os.writev(self._handle, waiting)
            self._flushed += written
            self._buffered -= written
            while waiting and written >= len(waiting[0]):
                written -= len(waiting.pop(0))
            if written:
                waiting[0] = waiting[0][written:]
        self.sizes[self._number] = self._flushed

    def _close(self) -> None:
        self._flush()
        os.fsync(self._handle)
        os.close(self._handle)
        self._handle = -1


class Meter:
    """Counts a text as its pieces pass: bytes, characters, lines, and a mark every 64 KiB.

    Shape:   the pieces are valid UTF-8 when joined; a piece may begin or end inside a character.
    """

    def __init__(self) -> None:
        self.length = 0
        self.characters = 0
        self.newlines = 0
        self.last = b""
        self.marks = bytearray()

    def feed(self, piece: bytes) -> None:
        """Count a piece."""
        if not piece:
            return
        at = 0
        while at < len(piece):
            room = MARK_BYTES - self.length % MARK_BYTES
            block = piece[at : at + room] if at or len(piece) > room else piece
            self.newlines += block.count(b"\n")
            self.characters += len(block) if block.isascii() else len(block.translate(None, _CONTINUATION))
            self.length += len(block)
            at += len(block)
            if self.length % MARK_BYTES == 0:
                self.marks += MARK.pack(self.characters, self.newlines)
        self.last = piece[-1:]

    @property
    def lines(self) -> int:
        """Lines of the text; a last line need not end in a newline."""
        return self.newlines + (1 if self.length and self.last != b"\n" else 0)
