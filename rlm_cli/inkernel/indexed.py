"""Ranked search with the kept index: its best blocks are looked into, what it does not cover is swept.

The index knows blocks of four kilobytes; where in them the terms stand is counted here, so that passages are
as short and scores the same as without an index.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from rlm_cli.inkernel.blocks import BLOCK, BLOCK_SHIFT, SEGMENT_SHIFT, Blocks, Tally, shared_beginning
from rlm_cli.inkernel.extents import Extents, Piece
from rlm_cli.inkernel.index import Index, Ranked
from rlm_cli.inkernel.index_layout import BLOCK_BYTES
from rlm_cli.inkernel.store import Store
from rlm_cli.inkernel.sweep import TELLING, swept_pieces
from rlm_cli.inkernel.terms import forms
from rlm_cli.inkernel.watch import Deadline

if TYPE_CHECKING:
    from rlm_cli.inkernel.document import Library

_FEWEST, _FOR_EACH = 40, 4
_WIDEST = 32
_LAST_WORD_BYTES = 64
_WORD = frozenset(b"abcdefghijklmnopqrstuvwxyz0123456789")


def looked_up(
    library: Library, indices: Sequence[int], terms: list[str], k: int, deadline: Deadline
) -> Tally | None:
    """Where the terms stand in the best blocks; None without an index that can say it."""
    index = library.index()
    if index is None:
        return None
    extents, store = library.extents(indices), library.store
    ranked = _ranked(index, store, extents, terms, _FEWEST + _FOR_EACH * k)
    if ranked is None:
        return None
    counted = _counted(store, ranked.blocks, terms)
    share = ranked.share
    uncovered = list(_uncovered(index, store, extents))
    if uncovered:
        more = swept_pieces(store, iter(uncovered), terms, deadline)
        if more is None:
            return None
        for term, counter in more.items():
            counted[term].update(counter)
        share = _weighed(share, more, uncovered, extents)
    return Tally(counted, share, len(extents))


def _ranked(index: Index, store: Store, extents: Extents, terms: list[str], most: int) -> Ranked | None:
    """The best blocks of the documents that are asked for; None where too few of the best are theirs."""
    if len(extents) == store.count:
        return index.best(terms, most)
    part = max(1, extents.size_bytes) / max(1, index.size_bytes)
    if part * _WIDEST < 1:
        return None
    wider = index.best(terms, int(most / part))
    if wider is None:
        return None
    own = [block for block in wider.blocks if _is_within(extents, block)]
    if len(own) < most // 2 and not wider.is_all:
        return None
    return wider._replace(blocks=own[:most])


def _is_within(extents: Extents, block: int) -> bool:
    segment, offset = _place(block)
    position = extents.around(segment, offset)
    return position is not None and extents.starts[extents.ids[position]] < offset + BLOCK_BYTES


def _place(block: int) -> tuple[int, int]:
    return divmod(block * BLOCK_BYTES, 1 << SEGMENT_SHIFT)


def _counted(store: Store, blocks: list[int], terms: list[str]) -> Blocks:
    """How often each term stands in each passage of some blocks of the index."""
    wanted = [(term, *needle) for term in terms for needle in _needles(term)]
    counted: Blocks = {term: Counter() for term in terms}
    for block in sorted(blocks):
        segment, offset = _place(block)
        raw = store.segment_numbered(segment)[offset : offset + BLOCK_BYTES + _LAST_WORD_BYTES].lower()
        first = (segment << SEGMENT_SHIFT) + offset >> BLOCK_SHIFT
        for term, needle, is_whole in wanted:
            if needle not in raw:
                continue
            counter = counted[term]
            if is_whole:
                counter.update(first + (at >> BLOCK_SHIFT) for at in _places(raw, needle))
                continue
            # What stands inside of words counts too; the passages that are read are counted exactly.
            more = len(needle) - 1
            for passage, start in enumerate(range(0, BLOCK_BYTES, BLOCK)):
                if n := raw.count(needle, start, start + BLOCK + more):
                    counter[first + passage] += n
    return counted


def _needles(term: str) -> list[tuple[bytes, bool]]:
    """What a term's forms begin with, or each of them as a whole word, as lowered bytes."""
    if not term.isascii():
        cases = dict.fromkeys((term, term.upper(), term.title(), term.casefold()))
        return [(case.encode().lower(), False) for case in cases]
    words = forms(term)
    root = shared_beginning(words)
    return [(root.encode(), False)] if len(root) >= TELLING else [(word.encode(), True) for word in words]


def _places(raw: bytes, word: bytes) -> Iterator[int]:
    """Where a word stands."""
    at = raw.find(word)
    while at >= 0:
        end = at + len(word)
        if not (at and raw[at - 1] in _WORD) and not (end < len(raw) and raw[end] in _WORD):
            yield at
        at = raw.find(word, end)


def _uncovered(index: Index, store: Store, extents: Extents) -> Iterator[Piece]:
    """The pieces of which the index knows nothing."""
    covered = index.covered.bytes_of
    sizes = {int(number): size for number, size in store.facts["segments"].items()}
    if all(covered.get(number, 0) >= size for number, size in sizes.items()):
        return
    for whole in extents.pieces():
        start = max(whole.start, covered.get(whole.segment, 0))
        if start < whole.end:
            yield from extents.cut(store, whole._replace(start=start), overlap_bytes=0)


def _weighed(
    share: dict[str, float], more: Blocks, uncovered: list[Piece], extents: Extents
) -> dict[str, float]:
    """The shares of both, by how much of the text each of them is."""
    size_bytes = sum(piece.end - piece.start for piece in uncovered)
    part = min(1.0, size_bytes / max(1, extents.size_bytes))
    passages = max(1.0, size_bytes / BLOCK)
    return {term: share[term] * (1 - part) + len(more[term]) / passages * part for term in share}
