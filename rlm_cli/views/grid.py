"""Sub-calls as a grid of glyphs, and how quickly they go. Pure, and quick with thousands of calls."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from rlm_cli.views.calls import STATES, Batch, Call, CallTree

Piece = tuple[str, str]
"""A text and its tone: those of `line.Line`, and `ok`, `running`, `queued`."""

ASCII = {"·": ".", "■": "#", "↻": "r", "✓": "v", "▒": "c", "✗": "x"}
"""The glyphs of terminals that do not show UTF-8."""

_WORST_FIRST = ("failed", "refused", "cancelled", "retried", "running", "queued", "recorded", "ok")
_RANK = {state: rank for rank, state in enumerate(_WORST_FIRST)}
_TONES = {"ok": "ok", "recorded": "ok", "running": "running", "retried": "warning", "queued": "dim"}
_ENOUGH_TO_ESTIMATE = 3


@dataclass(frozen=True)
class Pace:
    """How quickly the calls of a batch go.

    Units:   seconds; None when nothing can be said yet.
    Shape:   slowest is the call that has been under way for the longest time.
    """

    median_seconds: float | None = None
    slowest: Call | None = None
    seconds_left: float | None = None


def calls_of(tree: CallTree, batch: Batch) -> list[Call]:
    """The calls of a batch, in their order; those that were not asked for yet are not among them."""
    span, length = batch.cell_span + "/s", len(batch.cell_span) + 2
    found = [
        call
        for call in tree.calls.values()
        if call.batch == batch.number and call.span.startswith(span) and call.span.find("/", length) < 0
    ]
    return sorted(found, key=lambda call: (call.index, call.order))


def bucketed(states: Sequence[str], cells: int) -> list[str]:
    """One state for each cell of a grid; a cell that stands for several calls shows the worst of them.

    Shape:   as many as there are calls, at most `cells`; the calls are spread evenly.
    """
    count = len(states)
    if count <= cells:
        return list(states)
    if cells <= 0:
        return []
    edges = [number * count // cells for number in range(cells + 1)]
    return [min(states[edges[n] : edges[n + 1]], key=lambda state: _RANK.get(state, 0)) for n in range(cells)]


def grid(batch: Batch, calls: Sequence[Call], width: int, rows: int, *, is_ascii: bool) -> list[list[Piece]]:
    """The rows of the grid: at most so many, each at most so wide."""
    states = [call.state for call in calls] + ["queued"] * max(0, batch.of - len(calls))
    cells = bucketed(states, width * rows)
    lines = [cells[start : start + width] for start in range(0, len(cells), width)]
    return [
        [
            ((ASCII[STATES[state]] if is_ascii else STATES[state]) * len(list(run)), _tone(state))
            for state, run in groupby(line)
        ]
        for line in lines
    ]


def pace_of(batch: Batch, calls: Sequence[Call], now: float) -> Pace:
    """How quickly a batch goes. Replies from the record say nothing about the time that is left.

    Units:   now is seconds since the run began.
    """
    took = [
        call.finished - call.started
        for call in calls
        if call.state == "ok" and call.finished is not None and call.started is not None
    ]
    under_way = [call for call in calls if call.state in ("running", "retried") and call.started is not None]
    slowest = min(under_way, key=lambda call: call.started or 0.0, default=None)
    paid = batch.settled - batch.count("recorded")
    open_ = batch.of - batch.settled
    left = (now - batch.began) / paid * open_ if open_ and paid >= _ENOUGH_TO_ESTIMATE else None
    return Pace(statistics.median(took) if took else None, slowest, left)


def _tone(state: str) -> str:
    return _TONES.get(state, "failed")
