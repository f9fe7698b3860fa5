"""Two patterns that stand near each other: the stretches of text that have both."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from rlm_cli.inkernel.grep import spans_of
from rlm_cli.inkernel.hits import Hit, Hits
from rlm_cli.inkernel.query import Query

if TYPE_CHECKING:
    from rlm_cli.inkernel.document import Library

_MATCHES = 200_000


def near(
    library: Library, indices: Sequence[int], one: Query, other: Query, within: int, max_hits: int
) -> Hits:
    """Every place where two patterns match at most `within` characters apart, one hit for both.

    Shape:   a hit begins with the first of the two and ends with the second.
    """
    first, said = spans_of(library, indices, replace(one, max_hits=_MATCHES))
    second, said_too = spans_of(library, sorted(first), replace(other, max_hits=_MATCHES))
    hits = Hits()
    for index in indices:
        for start, end in _pairs(first.get(index, []), second.get(index, []), within):
            if len(hits) >= max_hits:
                hits.truncated = f"stopped at max_hits={max_hits:,}: there are more"
                return hits
            hits.append(_hit(library, index, start, end))
    hits.truncated = "; ".join(filter(None, (said, said_too)))
    return hits


def _pairs(
    ones: list[tuple[int, int]], others: list[tuple[int, int]], within: int
) -> Iterator[tuple[int, int]]:
    """Stretches from one match to the nearest of the others, none inside of another."""
    last_end = -1
    at = 0
    for start, end in ones:
        while at < len(others) and others[at][1] < start - within:
            at += 1
        best: tuple[int, int] | None = None
        for low, high in others[at:]:
            if low > end + within:
                break
            stretch = min(start, low), max(end, high)
            if (low, high) != (start, end) and (best is None or stretch[1] - stretch[0] < best[1] - best[0]):
                best = stretch
        if best is not None and best[1] > last_end:
            last_end = best[1]
            yield best


def _hit(library: Library, index: int, start: int, end: int) -> Hit:
    document = library.document(index)
    text = document.peek(start, end)
    hit = Hit(document, start, end, document.line_at(start), text, text)
    hit.served(start)
    return hit
