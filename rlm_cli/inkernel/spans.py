"""Which stretches of a text something has happened to: ordered spans, joined where they touch."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator

_SPANS_KEPT = 2000


class Spans:
    """Stretches of one text, in characters.

    Shape:   stretches closer than `near` characters count as one: short lines between two that were seen.
    """

    def __init__(self, near: int = 0, spans: list[tuple[int, int]] | None = None) -> None:
        self._near = near
        self._starts = [start for start, _ in spans or []]
        self._ends = [end for _, end in spans or []]

    def add(self, start: int, end: int) -> None:
        """Something happened from one character to before another."""
        low = bisect_left(self._ends, start - self._near)
        high = low
        while high < len(self._starts) and self._starts[high] <= end + self._near:
            start, end = min(start, self._starts[high]), max(end, self._ends[high])
            high += 1
        self._starts[low:high], self._ends[low:high] = [start], [end]
        if len(self._starts) > _SPANS_KEPT:
            self._near = 2 * self._near + 1
            whole = list(self)
            self._starts, self._ends = [], []
            for first, last in whole:
                self.add(first, last)

    @property
    def characters(self) -> int:
        """How many characters the stretches have."""
        return sum(self._ends) - sum(self._starts)

    def __iter__(self) -> Iterator[tuple[int, int]]:
        return zip(self._starts, self._ends, strict=True)
