"""The passages around blocks of a segment, cut out at lines and scored by what they truly hold.

A block is a kilobyte of a segment; whoever has found that it may hold what is searched for, gives its number.
"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from rlm_cli.inkernel.extents import Extents
from rlm_cli.inkernel.store import Store
from rlm_cli.inkernel.terms import RUN, WORD, forms
from rlm_cli.inkernel.weights import PASSAGE_CHARACTERS, score

if TYPE_CHECKING:
    from rlm_cli.inkernel.document import Library

BLOCK_SHIFT = 10
BLOCK = 1 << BLOCK_SHIFT
SEGMENT_SHIFT = 40
"""The number of a block is that of its segment, shifted so far, and its first byte, divided by its length."""


Blocks = dict[str, Counter[int]]
"""How often each term stands in each block."""


@dataclass(slots=True)
class Tally:
    """Where the terms of a query stand.

    Units:   share is the part of all passages in which a term stands; searched counts documents in the
             order of the extents.
    """

    counted: Blocks
    share: dict[str, float]
    searched: int


class Passage(NamedTuple):
    """A passage: bytes of a document, its score, the terms that stand in it."""

    score: float
    document: int
    start: int
    text: str
    terms: tuple[str, ...]


def best_blocks(counted: Blocks, worth: Mapping[str, float], most: int) -> list[int]:
    """The blocks with the highest scores."""
    totals: dict[int, float] = {}
    for term, counter in counted.items():
        for block, n in counter.items():
            totals[block] = totals.get(block, 0.0) + worth[term] * _saturated(n)
    return heapq.nlargest(most, totals, key=lambda block: (totals[block], -block))


def _saturated(n: int) -> float:
    return n * 2.2 / (n + 1.2)


def shared_beginning(words: list[str]) -> str:
    """What sorted words begin with, all of them."""
    first, last = words[0], words[-1]
    at = next(
        (at for at, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), min(len(first), len(last))
    )
    return first[:at]


def read_blocks(
    library: Library,
    extents: Extents,
    terms: list[str],
    blocks: list[int],
    weight: Mapping[str, float],
    k: int,
) -> list[Passage]:
    """The passages around some blocks, scored by what they hold; of two that overlap the better one."""
    counts_of = _Counting(terms)
    found: list[Passage] = []
    for block in blocks:
        segment, offset = divmod(block << BLOCK_SHIFT, 1 << SEGMENT_SHIFT)
        for document, start, text in _cut_out(library.store, extents, segment, offset):
            counts = counts_of(text)
            if counts:
                worth = score(counts, weight, max(len(text), PASSAGE_CHARACTERS // 4))
                found.append(Passage(worth, document, start, text, tuple(t for t in terms if t in counts)))
    found.sort(key=lambda passage: (-passage.score, passage.document, passage.start))
    kept: list[Passage] = []
    for passage in found:
        if len(kept) < k and not any(_overlaps(passage, other) for other in kept):
            kept.append(passage)
    return kept


class _Counting:
    """Counts terms in texts by the words that are forms of them."""

    def __init__(self, terms: list[str]) -> None:
        self._pairs = [term for term in terms if RUN.match(term)]
        spaced = [(term, forms(term)) for term in terms if not RUN.match(term)]
        self._term_of = {form: term for term, words in reversed(spaced) for form in words}
        self._roots = [(term, shared_beginning(words)) for term, words in spaced]

    def __call__(self, text: str) -> dict[str, int]:
        lowered = text.lower()
        counts = {pair: n for pair in self._pairs if (n := lowered.count(pair))}
        for term, root in self._roots:
            n, at = 0, lowered.find(root)
            while at >= 0:
                word = WORD.match(lowered, at)
                is_begun = at > 0 and WORD.match(lowered, at - 1) is not None
                if word is not None and not is_begun and self._term_of.get(word.group()) == term:
                    n += 1
                at = lowered.find(root, at + len(root))
            if n:
                counts[term] = n
        return counts


def _cut_out(store: Store, extents: Extents, segment: int, offset: int) -> Iterator[tuple[int, int, str]]:
    """The passages that a block of bytes touches: a document each, the first byte in it, the text."""
    at, seen = offset, set()
    while at < offset + BLOCK:
        position = extents.around(segment, at)
        if position is None:
            return
        index = extents.ids[position]
        begin, length = extents.starts[index], extents.lengths[index]
        if begin > at:
            at = begin
            continue
        if index not in seen and length:
            seen.add(index)
            low, high = _borders(store, index, max(0, at - begin), min(length, offset + BLOCK - begin))
            record = store.record(index)
            yield index, low, store.raw(record, low, high).decode("utf-8", "ignore")
        at = begin + length + 1


def _borders(store: Store, index: int, low: int, high: int) -> tuple[int, int]:
    """A range of bytes moved to the paragraphs, lines or words near its ends."""
    record = store.record(index)
    before = max(0, low - BLOCK // 4)
    raw = store.raw(record, before, min(record.length, high + BLOCK // 4))
    start = _border(raw, 0, low - before) if before else 0
    is_end = before + len(raw) >= record.length
    end = len(raw) if is_end else _border(raw, high - before, len(raw))
    return before + start, before + max(end, start)


def _border(raw: bytes, low: int, high: int) -> int:
    for border in (b"\n\n", b"\n", b". ", b" "):
        at = raw.rfind(border, max(0, low), high)
        if at >= 0:
            return at + len(border)
    at = high
    while 0 < at < len(raw) and raw[at] & 0xC0 == 0x80:
        at -= 1
    return at


def _overlaps(one: Passage, other: Passage) -> bool:
    return (
        one.document == other.document
        and one.start < other.start + len(other.text.encode())
        and other.start < one.start + len(one.text.encode())
    )
