"""Where the texts of some documents lie in the segments, in the order of the bytes, cut into pieces.

Documents with the same content share one text. Nothing of a text is read here but the line ends at which a
very long one is cut.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from functools import cached_property
from mmap import mmap
from operator import gt
from typing import NamedTuple

from rlm_cli.inkernel.store import Store

PIECE_BYTES = 1 << 24
_BLOCK = 1 << 16
_GAP_BYTES = 1 << 12
_SPARSE = 0.5
_LONG_BYTES = 1 << 26
_OVERLAP_BYTES = 1 << 14


class Piece(NamedTuple):
    """Bytes `start` to `end` of a segment; its documents have positions `first` to `last`."""

    segment: int
    start: int
    end: int
    first: int
    last: int


class Extents:
    """Some documents in the order of their bytes.

    Shape:   `ids` are numbers of documents; a position counts in them.
    """

    def __init__(self, store: Store, indices: Sequence[int]) -> None:
        columns = store.columns()
        self.starts, self.lengths, self.segments = columns
        self.ids: Sequence[int] = indices
        if not self._is_ordered():
            place = [self.segments[index] << 48 | self.starts[index] for index in range(store.count)]
            self.ids = array("Q", sorted(indices, key=place.__getitem__))
        self._borders = self._segment_borders()

    def __len__(self) -> int:
        return len(self.ids)

    @cached_property
    def size_bytes(self) -> int:
        """Bytes of all texts, each counted as often as documents have it."""
        if isinstance(self.ids, range):
            return sum(self.lengths)
        lengths = self.lengths
        return sum(lengths[index] for index in self.ids)

    def pieces(self, size_bytes: int = PIECE_BYTES) -> Iterator[Piece]:
        """All texts in pieces of about so many bytes: whole documents, but for very long ones."""
        for first, last in self._borders:
            if last > first:
                if self._is_dense(first, last):
                    yield from self._dense(first, last, size_bytes)
                else:
                    yield from self._sparse(first, last, size_bytes)

    def cut(
        self,
        store: Store,
        piece: Piece,
        overlap_bytes: int = _OVERLAP_BYTES,
        long_bytes: int = _LONG_BYTES,
    ) -> Iterator[Piece]:
        """A piece as it is, or in overlapping parts, each of them whole characters, when it is very long."""
        start = piece.start
        if piece.end - start <= long_bytes:
            yield piece
            return
        segment = store.segment_numbered(piece.segment)
        while piece.end - start > long_bytes:
            end = segment.rfind(b"\n", start + long_bytes // 2, start + long_bytes) + 1
            if not end:
                end = _character_start(segment, start + long_bytes)
            yield piece._replace(start=start, end=end)
            start = _character_start(segment, end - overlap_bytes)
        yield piece._replace(start=start)

    def at(self, piece: Piece, offset: int) -> list[int]:
        """The positions of the documents that have a byte of the piece's segment; none for a gap."""
        starts, ids = self.starts, self.ids
        found = bisect_right(ids, offset, piece.first, piece.last, key=starts.__getitem__) - 1
        positions: list[int] = []
        while found >= piece.first:
            index = ids[found]
            if positions and starts[index] != starts[ids[positions[0]]]:
                break
            if offset <= starts[index] + self.lengths[index]:
                positions.append(found)
            elif self.lengths[index]:
                break
            found -= 1
        return positions[::-1]

    def around(self, segment: int, offset: int) -> int | None:
        """The position of the first document that ends at or behind a byte of a segment."""
        for first, last in self._borders:
            if self.segments[self.ids[first]] == segment:
                found = bisect_right(self.ids, offset, first, last, key=self.starts.__getitem__) - 1
                while found > first and self.starts[self.ids[found - 1]] == self.starts[self.ids[found]]:
                    found -= 1
                if found < first or self._end(found) < offset:
                    found += 1
                while found < last and self._end(found) < offset:
                    found += 1
                return found if found < last else None
        return None

    def _is_ordered(self) -> bool:
        starts, segments, last = self.starts, self.segments, -1
        for at in range(0, len(self.ids), _BLOCK):
            ids = self.ids[at : at + _BLOCK]
            places = [segments[index] << 48 | starts[index] for index in ids]
            if places[0] < last or any(map(gt, places, places[1:])):
                return False
            last = places[-1]
        return True

    def _segment_borders(self) -> list[tuple[int, int]]:
        borders: list[tuple[int, int]] = []
        first = 0
        while first < len(self.ids):
            segment = self.segments[self.ids[first]]
            last = bisect_right(self.ids, segment, first, key=self.segments.__getitem__)
            borders.append((first, last))
            first = last
        return borders

    def _is_dense(self, first: int, last: int) -> bool:
        if isinstance(self.ids, range):
            return True
        span = self._end(last - 1) - self.starts[self.ids[first]]
        return sum(self.lengths[self.ids[at]] for at in range(first, last)) > span * _SPARSE

    def _dense(self, first: int, last: int, size_bytes: int) -> Iterator[Piece]:
        starts, ids = self.starts, self.ids
        while first < last:
            start = starts[ids[first]]
            next_first = bisect_left(ids, start + size_bytes, first + 1, last, key=starts.__getitem__)
            while next_first < last and starts[ids[next_first]] == starts[ids[next_first - 1]]:
                next_first += 1
            yield Piece(self.segments[ids[first]], start, self._end(next_first - 1), first, next_first)
            first = next_first

    def _sparse(self, first: int, last: int, size_bytes: int) -> Iterator[Piece]:
        segment = self.segments[self.ids[first]]
        start, end, begin = self.starts[self.ids[first]], self._end(first), first
        for at in range(first + 1, last):
            here = self.starts[self.ids[at]]
            if here > end + _GAP_BYTES or (here >= start + size_bytes and here >= end):
                yield Piece(segment, start, end, begin, at)
                start, begin = here, at
            end = max(end, self._end(at))
        yield Piece(segment, start, end, begin, last)

    def _end(self, position: int) -> int:
        index = self.ids[position]
        return self.starts[index] + self.lengths[index]


def _character_start(segment: mmap, at: int) -> int:
    while segment[at] & 0xC0 == 0x80:
        at -= 1
    return at
