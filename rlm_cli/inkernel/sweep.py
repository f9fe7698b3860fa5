"""Ranked search in one pass of the linear engine: terms are counted in blocks of bytes, the best are read.

Blocks of a kilobyte stand for passages while terms are counted, so that nothing is decoded; then the best of
them are cut out at lines and scored by what they truly hold.
"""

from __future__ import annotations

import heapq
import re
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from rlm_cli.inkernel.extents import Extents, Piece
from rlm_cli.inkernel.linear import Scanner, scanner
from rlm_cli.inkernel.scanning import cores
from rlm_cli.inkernel.store import Store
from rlm_cli.inkernel.terms import RUN, WORD, forms
from rlm_cli.inkernel.watch import Deadline
from rlm_cli.inkernel.weights import PASSAGE_CHARACTERS, score, weights

if TYPE_CHECKING:
    from rlm_cli.inkernel.document import Library

_SHIFT = 10
_BLOCK = 1 << _SHIFT
_FEWEST_READ, _READ_FOR_EACH = 60, 4
_MANY_READ = 800
_TELLING = 4
_COMMON = 0.05
_SAMPLE_BYTES, _SAMPLES = 1 << 20, 2
_AHEAD = 3
_SEGMENT_SHIFT = 40


class Passage(NamedTuple):
    """A passage: bytes of a document, its score, the terms that stand in it."""

    score: float
    document: int
    start: int
    text: str
    terms: tuple[str, ...]


def swept(
    library: Library, indices: Sequence[int], terms: list[str], k: int, deadline: Deadline
) -> list[Passage] | None:
    """The best passages, best first; None without the engine. The ledger learns what was searched."""
    extents = library.extents(indices)
    chosen = _chosen(library.store, extents, terms)
    engine = scanner([_expression(term) for term in chosen], is_text=False)
    if engine is None:
        return None
    counted = {term: Counter[int]() for term in chosen}
    searched = 0
    for piece, tallies in _tallied(library.store, extents, engine):
        for term, blocks in zip(chosen, tallies, strict=True):
            counted[term].update(blocks)
        searched = max(searched, piece.last)
        if deadline.is_over(searched):
            break
    library.ledger.searched_all(extents.ids[:searched])
    passages = max(1.0, extents.size_bytes / _BLOCK)
    having = {term: len(counted[term]) if term in counted else int(passages * _COMMON) for term in terms}
    worth = weights(having, passages)
    most = _FEWEST_READ + _READ_FOR_EACH * k if len(chosen) == len(terms) else _MANY_READ
    return _read(library, extents, terms, _best_blocks(counted, worth, most), worth, k)


def _chosen(store: Store, extents: Extents, terms: list[str]) -> list[str]:
    """The terms whose places decide; very common ones only count where others stand already."""
    sample = scanner([_expression(term) for term in terms], is_text=False)
    pieces = list(islice(extents.pieces(_SAMPLE_BYTES), _SAMPLES))
    if sample is None or not pieces or len(terms) == 1:
        return terms
    blocks = sum(piece.end - piece.start for piece in pieces) / _BLOCK
    tallies = [_tally(store, sample, piece) for piece in pieces]
    having = [len({block for tally in tallies for block in tally[number]}) for number in range(len(terms))]
    order = sorted(range(len(terms)), key=having.__getitem__)
    rare = [number for number in order if having[number] < blocks * _COMMON] or order[:2]
    return [terms[number] for number in sorted(rare)]


def _expression(term: str) -> str:
    """A term as an expression over bytes: what all its forms begin with, where that says enough."""
    if term.isascii():
        words = forms(term)
        root = _shared(words)
        if len(root) >= _TELLING:
            return rf"(?i:\b{re.escape(root)})"
        return rf"(?i:\b(?:{'|'.join(words)})\b)"
    cases = dict.fromkeys((term, term.upper(), term.title(), term.casefold()))
    return "|".join(re.escape(case) for case in cases)


def _shared(words: list[str]) -> str:
    """What sorted words begin with, all of them."""
    first, last = words[0], words[-1]
    at = next(
        (at for at, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), min(len(first), len(last))
    )
    return first[:at]


def _tallied(store: Store, extents: Extents, engine: Scanner) -> Iterator[tuple[Piece, list[list[int]]]]:
    """The blocks of each piece in which each term stands, once for each time it stands there."""
    pieces = (part for piece in extents.pieces() for part in extents.cut(store, piece, overlap_bytes=0))
    waiting: deque[tuple[Piece, Future[list[list[int]]]]] = deque()
    with ThreadPoolExecutor(cores()) as pool:

        def submit() -> None:
            piece = next(pieces, None)
            if piece is not None:
                store.segment_numbered(piece.segment)
                waiting.append((piece, pool.submit(_tally, store, engine, piece)))

        try:
            for _ in range(cores() + _AHEAD):
                submit()
            while waiting:
                piece, future = waiting.popleft()
                tallies = future.result()
                submit()
                yield piece, tallies
                store.release_bytes(piece.segment, piece.start, piece.end)
        finally:
            engine.is_stopped = True


def _tally(store: Store, engine: Scanner, piece: Piece) -> list[list[int]]:
    base = piece.segment << _SEGMENT_SHIFT
    with memoryview(store.segment_numbered(piece.segment)) as whole, whole[piece.start : piece.end] as view:
        return engine.tally(view, base + piece.start - 1, _SHIFT)


def _best_blocks(counted: dict[str, Counter[int]], worth: dict[str, float], most: int) -> list[int]:
    """The blocks with the highest scores."""
    totals: dict[int, float] = {}
    for term, counter in counted.items():
        for block, n in counter.items():
            totals[block] = totals.get(block, 0.0) + worth[term] * _saturated(n)
    return heapq.nlargest(most, totals, key=lambda block: (totals[block], -block))


def _saturated(n: int) -> float:
    return n * 2.2 / (n + 1.2)


def _read(
    library: Library,
    extents: Extents,
    terms: list[str],
    blocks: list[int],
    weight: dict[str, float],
    k: int,
) -> list[Passage]:
    """The passages around some blocks, scored by what they hold; of two that overlap the better one."""
    counts_of = _Counting(terms)
    found: list[Passage] = []
    for block in blocks:
        segment, offset = divmod(block << _SHIFT, 1 << _SEGMENT_SHIFT)
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
        spaced = [term for term in terms if not RUN.match(term)]
        self._term_of = {form: term for term in reversed(spaced) for form in forms(term)}

    def __call__(self, text: str) -> Counter[str]:
        lowered = text.lower()
        words = WORD.findall(lowered)
        counts = Counter(term for term in map(self._term_of.get, words) if term is not None)
        for pair in self._pairs:
            if n := lowered.count(pair):
                counts[pair] = n
        return counts


def _cut_out(store: Store, extents: Extents, segment: int, offset: int) -> Iterator[tuple[int, int, str]]:
    """The passages that a block of bytes touches: a document each, the first byte in it, the text."""
    at, seen = offset, set()
    while at < offset + _BLOCK:
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
            low, high = _borders(store, index, max(0, at - begin), min(length, offset + _BLOCK - begin))
            record = store.record(index)
            yield index, low, store.raw(record, low, high).decode("utf-8", "ignore")
        at = begin + length + 1


def _borders(store: Store, index: int, low: int, high: int) -> tuple[int, int]:
    """A range of bytes moved to the paragraphs, lines or words near its ends."""
    record = store.record(index)
    before = max(0, low - _BLOCK // 4)
    raw = store.raw(record, before, min(record.length, high + _BLOCK // 4))
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
