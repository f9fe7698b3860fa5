"""Counting the terms of a query in one pass of the linear engine, in blocks of bytes: nothing is decoded."""

from __future__ import annotations

import re
from collections import Counter, deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from typing import TYPE_CHECKING

from rlm_cli.inkernel.blocks import BLOCK, BLOCK_SHIFT, SEGMENT_SHIFT, Blocks, Tally, shared_beginning
from rlm_cli.inkernel.extents import Extents, Piece
from rlm_cli.inkernel.linear import Scanner, scanner
from rlm_cli.inkernel.scanning import cores
from rlm_cli.inkernel.store import Store
from rlm_cli.inkernel.terms import forms
from rlm_cli.inkernel.watch import Deadline

if TYPE_CHECKING:
    from rlm_cli.inkernel.document import Library

TELLING = 4
"""A beginning of so many letters is enough to tell a word by."""
_COMMON = 0.05
_SAMPLE_BYTES, _SAMPLES = 1 << 20, 2
_AHEAD = 3


def swept(library: Library, extents: Extents, terms: list[str], deadline: Deadline) -> Tally | None:
    """What one pass over some documents finds; None without the engine."""
    chosen, known = _chosen(library.store, extents, terms)
    engine = scanner([_expression(term) for term in chosen], is_text=False)
    if engine is None:
        return None
    tally = Tally({term: Counter() for term in chosen}, {}, 0)
    pieces = (
        part for piece in extents.pieces() for part in extents.cut(library.store, piece, overlap_bytes=0)
    )
    tally.searched = count_into(tally.counted, library.store, pieces, engine, deadline)
    passages = max(1.0, extents.size_bytes / BLOCK)
    tally.share = {
        term: len(tally.counted[term]) / passages if term in tally.counted else known[term] for term in terms
    }
    return tally


def swept_pieces(
    store: Store, pieces: Iterator[Piece], terms: list[str], deadline: Deadline
) -> Blocks | None:
    """The blocks of some pieces in which each term stands; None without the engine."""
    engine = scanner([_expression(term) for term in terms], is_text=False)
    if engine is None:
        return None
    counted: Blocks = {term: Counter() for term in terms}
    count_into(counted, store, pieces, engine, deadline)
    return counted


def count_into(
    counted: Blocks, store: Store, pieces: Iterator[Piece], engine: Scanner, deadline: Deadline
) -> int:
    """Count the engine's expressions, which are those of the terms in order, in some pieces.

    Units:   the result is the number of the last document of the pieces that were gone through.
    """
    searched = 0
    for piece, tallies in _tallied(store, pieces, engine):
        for counter, blocks in zip(counted.values(), tallies, strict=True):
            counter.update(blocks)
        searched = max(searched, piece.last)
        if deadline.is_over(searched):
            break
    return searched


def _chosen(store: Store, extents: Extents, terms: list[str]) -> tuple[list[str], dict[str, float]]:
    """The terms whose places decide, and about in what part of the passages each of the others stands.

    Very common terms only count where others stand already.
    """
    sample = scanner([_expression(term) for term in terms], is_text=False)
    pieces = list(islice(extents.pieces(_SAMPLE_BYTES), _SAMPLES))
    if sample is None or not pieces or len(terms) == 1:
        return terms, {}
    blocks = sum(piece.end - piece.start for piece in pieces) / BLOCK
    tallies = [_tally(store, sample, piece) for piece in pieces]
    having = [len({block for tally in tallies for block in tally[number]}) for number in range(len(terms))]
    order = sorted(range(len(terms)), key=having.__getitem__)
    rare = [number for number in order if having[number] < blocks * _COMMON] or order[:2]
    chosen = [terms[number] for number in sorted(rare)]
    return chosen, {term: min(1.0, n / blocks) for term, n in zip(terms, having, strict=True)}


def _expression(term: str) -> str:
    """A term as an expression over bytes: what all its forms begin with, where that says enough."""
    if term.isascii():
        words = forms(term)
        root = shared_beginning(words)
        if len(root) >= TELLING:
            return rf"(?i:\b{re.escape(root)})"
        return rf"(?i:\b(?:{'|'.join(words)})\b)"
    cases = dict.fromkeys((term, term.upper(), term.title(), term.casefold()))
    return "|".join(re.escape(case) for case in cases)


def _tallied(
    store: Store, pieces: Iterator[Piece], engine: Scanner
) -> Iterator[tuple[Piece, list[list[int]]]]:
    """The blocks of each piece in which each term stands, once for each time it stands there."""
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
    base = piece.segment << SEGMENT_SHIFT
    with memoryview(store.segment_numbered(piece.segment)) as whole, whole[piece.start : piece.end] as view:
        return engine.tally(view, base + piece.start - 1, BLOCK_SHIFT)
