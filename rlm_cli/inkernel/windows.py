"""The texts around places in a document: the windows in which `re` decides what matches.

A window is the line of a place, the lines near it, or the whole document; windows never overlap. Positions
are counted in characters and lines from the start of the document.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from rlm_cli.inkernel.store import FLAG_ASCII, MARK_BYTES, Record, Store
from rlm_cli.inkernel.superset import LINE, WHOLE

_NEAR_BYTES = 1 << 12
_CLIP_BYTES = 1 << 15
_LONGEST_BYTES = 1 << 22
_LONGEST_OF_LINES_BYTES = 1 << 17
"""Whole lines may be parted anywhere: a caller that wants few matches of a document need not wait for all."""
_CONTINUATION = bytes(range(0x80, 0xC0))


class Window(NamedTuple):
    """A text with the characters and line ends that stand before it in its document.

    Shape:   is_cut_before, is_cut_after: it begins or ends inside a line. end is its end in bytes.
    """

    text: str
    characters: int
    lines: int
    is_cut_before: bool
    is_cut_after: bool
    end: int


def whole(store: Store, index: int) -> Window:
    """All of a document."""
    return Window(store.text(index), 0, 0, False, False, store.record(index).length)


def windows(
    store: Store, index: int, places: Sequence[int], reach: str, covered: int = 0
) -> Iterator[Window]:
    """The windows of some places, which are bytes of the document in order; the first `covered` are done."""
    record = store.record(index)
    if reach == WHOLE:
        if covered < record.length:
            yield whole(store, index)
        return
    around, cursor = _Around(store, record, reach), _Cursor(store, record)
    bounds: _Bounds | None = None
    for place in places:
        if place < covered or (bounds is not None and bounds.holds(place, around.near, record.length)):
            continue
        more = around.bounds(place, covered)
        if bounds is not None:
            if more.low <= bounds.high and more.high - bounds.low <= around.longest:
                bounds = _Bounds(bounds.low, max(bounds.high, more.high), bounds.is_before, more.is_after)
                continue
            yield cursor.window(bounds)
            covered = bounds.high
        bounds = more if more.low >= covered else more._replace(low=covered)
    if bounds is not None:
        yield cursor.window(bounds)


class _Bounds(NamedTuple):
    """The bytes of a window, and whether it begins or ends inside a line."""

    low: int
    high: int
    is_before: bool
    is_after: bool

    def holds(self, place: int, near: int, length: int) -> bool:
        return place < (self.high if self.high >= length else self.high - near)


class _Around:
    """How far a window goes."""

    def __init__(self, store: Store, record: Record, reach: str) -> None:
        self._segment = store.segment(record)
        self._start, self._end = record.start, record.start + record.length
        self.near, self.longest = 0, _LONGEST_OF_LINES_BYTES
        if reach != LINE:
            self.near, self.longest = _NEAR_BYTES, _LONGEST_BYTES

    def bounds(self, place: int, covered: int) -> _Bounds:
        """The window of one place."""
        segment, start, end = self._segment, self._start, self._end
        at = min(start + place, end)
        first = max(start + covered, at - self.near)
        bound = max(start + covered, first - _CLIP_BYTES)
        low = segment.rfind(b"\n", bound, first) + 1
        is_before = not low and bound > start + covered
        low = low or bound
        while low < at and segment[low] & 0xC0 == 0x80:
            low += 1
        last = min(end, at + self.near)
        bound = min(end, last + _CLIP_BYTES)
        high = segment.find(b"\n", last, bound)
        is_after = high < 0 and bound < end
        high = high + 1 if high >= 0 else bound
        while at < high < end and segment[high] & 0xC0 == 0x80:
            high -= 1
        return _Bounds(low - start, high - start, is_before, is_after)


class _Cursor:
    """Counts characters and lines on the way through a document."""

    def __init__(self, store: Store, record: Record) -> None:
        self._store, self._record = store, record
        self._at, self._characters, self._lines = 0, 0, 0
        self._is_ascii = bool(record.flags & FLAG_ASCII)

    def window(self, bounds: _Bounds) -> Window:
        """A window that stands behind all that came before."""
        self._move(bounds.low)
        raw = self._store.raw(self._record, bounds.low, bounds.high)
        text = raw.decode()
        window = Window(text, self._characters, self._lines, bounds.is_before, bounds.is_after, bounds.high)
        self._lines += text.count("\n")
        self._characters += len(text)
        self._at = bounds.high
        return window

    def _move(self, to: int) -> None:
        mark = to // MARK_BYTES
        if mark > self._at // MARK_BYTES:
            self._characters, self._lines = self._store.mark(self._record, mark)
            self._at = mark * MARK_BYTES
        self._count(self._store.raw(self._record, self._at, to))
        self._at = to

    def _count(self, raw: bytes) -> None:
        self._lines += raw.count(b"\n")
        self._characters += (
            len(raw) if self._is_ascii or raw.isascii() else len(raw.translate(None, _CONTINUATION))
        )
