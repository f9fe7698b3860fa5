"""Places that the linear engine has found in the mapped bytes, on all cores, in the order of the bytes.

Pieces are scanned ahead of the one that is looked at, a bounded number of them; a reader that has enough
stops the rest. It knows nothing of patterns beyond their scanner.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import NamedTuple

from rlm_cli.inkernel.extents import Extents, Piece
from rlm_cli.inkernel.linear import FLOOD, Scanner
from rlm_cli.inkernel.store import Store

_AHEAD = 3
_BEHIND_BYTES = 1 << 13


class Found(NamedTuple):
    """The places in one piece: offsets in its segment, each of the last byte of a match."""

    piece: Piece
    offsets: list[int]


def cores() -> int:
    """How many threads may run at once."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def places(store: Store, extents: Extents, scanner: Scanner, most: int = FLOOD) -> Iterator[Found]:
    """Every place in some documents, piece by piece in the order of the bytes, about `most` at a time.

    Shape:   a place may come twice where very long documents are cut.
    """
    waiting: deque[tuple[Piece, Future[tuple[list[int], int | None]]]] = deque()
    pieces = (part for piece in extents.pieces() for part in extents.cut(store, piece))
    threads = cores()
    pool = ThreadPoolExecutor(threads)

    def submit() -> None:
        piece = next(pieces, None)
        if piece is not None:
            store.segment_numbered(piece.segment)
            waiting.append((piece, pool.submit(_scan, store, scanner, piece, most)))

    try:
        for _ in range(threads + _AHEAD):
            submit()
        while waiting:
            piece, future = waiting.popleft()
            offsets, resume = future.result()
            submit()
            yield Found(piece, offsets)
            while resume is not None:
                future = pool.submit(_scan, store, scanner, piece._replace(start=resume), most)
                offsets, resume = future.result()
                yield Found(piece, offsets)
            store.release_bytes(piece.segment, piece.start, piece.end)
    finally:
        scanner.is_stopped = True
        pool.shutdown(wait=True, cancel_futures=True)


def _scan(store: Store, scanner: Scanner, piece: Piece, most: int) -> tuple[list[int], int | None]:
    """The places of a piece, and where to go on when there are too many at once."""
    segment = store.segment_numbered(piece.segment)
    with memoryview(segment) as whole, whole[piece.start : piece.end] as view:
        ends, is_all = scanner.ends(view, most)
    offsets = [piece.start + end - 1 for end in ends]
    if is_all or not offsets:
        return offsets, None
    resume = segment.rfind(b"\n", piece.start, max(piece.start, offsets[-1] - _BEHIND_BYTES)) + 1
    return offsets, resume if resume > piece.start else offsets[-1]
