"""The rows of what is under way: a reply that streams in, a cell's output, its sub-calls, its child runs."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from rlm_cli.base.text import cells, counted, cut_to, elapsed, one_line, visible
from rlm_cli.events import depth_of, parent_span
from rlm_cli.views.calls import Batch, Call
from rlm_cli.views.grid import Piece, calls_of, grid, pace_of
from rlm_cli.views.prose import being_written
from rlm_cli.views.watched import Watched

_TAIL_CHARACTERS = 4_000
_TAB = 4
_GRID_ROWS = 3
_SLOW_SECONDS = 3.0
_REPLIES = 2


@dataclass(frozen=True)
class Space:
    """How much room the moving part has.

    Units:   cells and rows.
    """

    width: int
    height: int
    is_ascii: bool = False


@dataclass(frozen=True)
class Row:
    """A row of the moving part; rank says how soon it is left out: 0 last."""

    pieces: list[Piece]
    rank: int = 0


def waiting_rows(watched: Watched, space: Space) -> list[Row]:
    """The end of the reply that streams in, as far as it does not stand above."""
    if watched.answers_at_once:
        rest, is_code = watched.run.reply, False
    else:
        rest, is_code = being_written(watched.run.reply, watched.kept)
    text = visible(rest[-_TAIL_CHARACTERS:]).expandtabs(_TAB).rstrip()
    if not text:
        return []
    tone = "code" if is_code else "plain"
    room = space.width - 2
    rows = [
        row for line in text.split("\n") for row in (_cut(line, room) if is_code else _folded(line, room))
    ]
    shown = rows[-max(1, space.height - 2) :]
    return [Row([("  ", "plain"), (row, tone)], 3) for row in shown]


def working_rows(watched: Watched, space: Space, now: float) -> list[Row]:
    """The sub-calls of the cell that runs; the end of its output when it makes none."""
    cell = watched.run.cell
    if cell is None:
        return []
    batches = watched.run.calls.batches_of(cell.span)
    if batches:
        return [*_batch_rows(watched, batches[-1], space, now), *_child_rows(watched)]
    lines = visible(cell.output[-_TAIL_CHARACTERS:]).expandtabs(_TAB).rstrip().split("\n")
    shown = [line for line in lines if line.strip()][-4:]
    return [Row([("  ", "plain"), (line, "output")], 4) for line in shown]


def _batch_rows(watched: Watched, batch: Batch, space: Space, now: float) -> list[Row]:
    calls = calls_of(watched.run.calls, batch)
    pace = pace_of(batch, calls, now)
    glyphs = grid(
        batch, calls, space.width - 2, min(_GRID_ROWS, max(1, space.height - 5)), is_ascii=space.is_ascii
    )
    rows = [Row([("  ", "plain"), *line], 1) for line in glyphs]
    rows.append(Row([("  ", "plain"), *_counts(batch, pace.median_seconds)], 2))
    rows += _slow_row(pace.slowest, pace.seconds_left, now)
    known = watched.run.calls.calls
    for span in watched.replies[-_REPLIES:]:
        call = known.get(span)
        if call is not None and call.text:
            said = f"  #{call_number(call)} {one_line(call.label, 40)}".rstrip()
            rows.append(Row([(f"{said}: ", "dim"), (f'"{one_line(call.text, 200)}"', "plain")], 6))
    return rows


def _counts(batch: Batch, median_seconds: float | None) -> list[Piece]:
    pieces: list[Piece] = [(f"ok {batch.count('ok'):,}", "ok")]
    if batch.count("recorded"):
        pieces.append((f" · recorded {batch.count('recorded'):,}", "ok"))
    if batch.count("retried"):
        pieces.append((f" · again {batch.count('retried'):,}", "warning"))
    bad = batch.count("failed", "refused", "cancelled")
    if bad:
        kinds = ", ".join(one_line(kind, 20) for kind, _ in batch.problems[:2])
        pieces.append((f" · failed {bad:,}" + (f" ({kinds})" if kinds else ""), "failed"))
    if median_seconds is not None:
        pieces.append((f" · p50 {median_seconds:.1f} s", "dim"))
    return pieces


def _slow_row(slowest: Call | None, seconds_left: float | None, now: float) -> list[Row]:
    said = []
    if slowest is not None and slowest.started is not None and now - slowest.started >= _SLOW_SECONDS:
        said.append(f"slow #{call_number(slowest)} {now - slowest.started:.0f} s")
    if seconds_left is not None and seconds_left >= 1:
        said.append(f"about {elapsed(seconds_left)} left")
    return [Row([(f"  {' · '.join(said)}", "dim")], 4)] if said else []


def _child_rows(watched: Watched) -> list[Row]:
    """One row for each depth at which child runs work."""
    run = watched.run
    working = [child for child in run.children.values() if child.finished is None]
    if not working:
        return []
    depths = Counter(depth_of(f"{child.span}/t") for child in working)
    spans = {child.span for child in working}
    calls = Counter[int]()
    settled = Counter[int]()
    for call in run.calls.calls.values():
        depth = depth_of(parent_span(call.span))
        if depth and any(call.span.startswith(f"{span}/") for span in spans):
            calls[depth] += 1
            settled[depth] += call.finished is not None
    rows = []
    for depth in sorted(depths):
        text = f"  depth {depth}: {counted(depths[depth], 'child run')}"
        turn = max(child.turn for child in working if depth_of(f"{child.span}/t") == depth)
        text += f" · turn {turn}" if turn else " · starting"
        text += f" · {settled[depth]:,}/{calls[depth]:,} sub-calls" if calls[depth] else ""
        rows.append(Row([(text, "plain")], 2))
    return rows


def call_number(call: Call) -> str:
    """The number of a call in its cell, as `/calls` and plain lines have it."""
    return call.span.rpartition("/s")[2]


def _cut(line: str, width: int) -> list[str]:
    return [cut_to(line, width)]


def _folded(line: str, width: int) -> list[str]:
    rows, row = [], ""
    for word in line.split(" "):
        joined = f"{row} {word}" if row else word
        if row and cells(joined) > width:
            rows.append(row)
            row = word
        else:
            row = joined
    return [*rows, cut_to(row, width)]
