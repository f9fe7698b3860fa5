"""The moving part of a screen: what happens now, in a few short rows. Pure; knows no terminal.

Bounded in height and width, so that it never makes scrollback; where there is little room, the least
important rows are left out first.
"""

from __future__ import annotations

from dataclasses import dataclass

from rlm_cli.base.text import cells, cut_to, elapsed, one_line
from rlm_cli.views.controls import Controls, keys_line
from rlm_cli.views.grid import Piece
from rlm_cli.views.region_footer import footer
from rlm_cli.views.region_work import Row, Space, waiting_rows, working_rows
from rlm_cli.views.watched import Watched

MOST_ROWS = 12
MOST_CELLS = 58
_ALWAYS, _FIRST_LEFT_OUT = 0, 9


@dataclass(frozen=True)
class Look:
    """How large a terminal is, and what it can show.

    Units:   columns and rows of the terminal.
    """

    columns: int
    rows: int
    is_ascii: bool = False


def region(watched: Watched, controls: Controls, look: Look, now: float) -> list[list[Piece]]:
    """The rows of the moving part, from the top.

    Units:   now is seconds since the run began.
    Shape:   at most 12 rows and half of the terminal's, each at most 58 cells wide and narrower than the
             terminal; pieces hold one visible line of text.
    """
    space = Space(
        width=max(1, min(MOST_CELLS, look.columns - 1)),
        height=max(1, min(MOST_ROWS, look.rows // 2)),
        is_ascii=look.is_ascii,
    )
    rows = [Row([], _FIRST_LEFT_OUT), _head(watched, controls, now)]
    if not controls.is_folded:
        rows += _middle(watched, space, now)
    rows += footer(watched, controls, now)
    rows += _of_the_user(watched, controls, space)
    return [fitted(row.pieces, space.width) for row in _most_important(rows, space.height)]


def fitted(pieces: list[Piece], width: int) -> list[Piece]:
    """The pieces of a row, cut with `…` where they are wider."""
    found: list[Piece] = []
    left = width
    for number, (text, tone) in enumerate(pieces):
        follows = number + 1 < len(pieces)
        used = cells(text)
        if used > left or (follows and used == left):
            found.append((cut_to(text + " ", left) if used <= left else cut_to(text, left), tone))
            break
        found.append((text, tone))
        left -= used
    return found


def _most_important(rows: list[Row], height: int) -> list[Row]:
    """So many rows; the first of those that matter least go first, the order stays."""
    while len(rows) > height:
        least = max(row.rank for row in rows)
        rows.remove(next(row for row in rows if row.rank == least))
    return rows


def _head(watched: Watched, controls: Controls, now: float) -> Row:
    run = watched.run
    tone = "title"
    if run.phase in ("starting", "loading"):
        what = one_line(watched.reading, 200) or ("starting" if run.corpus is None else "starting the kernel")
        return Row([(what, tone), (f" · {elapsed(now - run.began)}", "dim")])
    step = f" · {elapsed(max(0.0, now - watched.step_began))}"
    limit = f"/{run.turn_limit}" if run.turn_limit is not None else ""
    pieces: list[Piece] = [(f"turn {run.turn}{limit}", tone)]
    if controls.is_paused:
        is_between = run.phase == "working" and run.cell is not None and run.cell.status != "running"
        pieces.append((" · paused, p goes on" if is_between else " · pausing", "warning"))
    if run.decision is not None:
        return Row([*pieces, (" · waits for you", "warning")])
    if run.phase == "asking" and run.started is not None:
        verb = "answers" if watched.answers_at_once else "writes"
        asked = f" · {one_line(run.started.root_model, 60)} {verb if run.reply else 'thinks'}"
        return Row([*pieces, (asked, "plain"), (step, "dim")])
    cell = run.cell
    if cell is None or run.phase == "finished":
        return Row([*pieces, (step, "dim")])
    pieces.append((f" · cell {cell.number}", "plain"))
    pieces += _calls_in_head(watched) if cell.status == "running" else []
    return Row([*pieces, (step, "dim")])


def _calls_in_head(watched: Watched) -> list[Piece]:
    cell = watched.run.cell
    batches = watched.run.calls.batches_of(cell.span) if cell is not None else []
    if not batches:
        return [(" · computing", "plain")]
    batch = batches[-1]
    running = batch.count("running", "retried")
    return [(f" · {batch.settled:,}/{batch.of:,}", "plain"), (f" · {running:,} running", "running")]


def _middle(watched: Watched, space: Space, now: float) -> list[Row]:
    run = watched.run
    if run.decision is not None:
        options = " · ".join(f"{number} {each}" for number, each in enumerate(run.decision.options, 1))
        return [
            Row([(f"  {one_line(run.decision.question, 400)}", "title")], _ALWAYS),
            Row([(f"  {one_line(options, 400)}", "plain")], _ALWAYS),
        ]
    if run.phase == "asking":
        return waiting_rows(watched, space)
    if run.phase == "working" and run.cell is not None and run.cell.status == "running":
        return working_rows(watched, space, now)
    return []


def _of_the_user(watched: Watched, controls: Controls, space: Space) -> list[Row]:
    rows = []
    if controls.said:
        rows.append(Row([(one_line(controls.said, 400), "dim")], 5))
    if controls.queued:
        count = len(controls.queued)
        rows.append(Row([(f"{count} queued · next: {one_line(controls.queued[0], 400)}", "dim")], 5))
    if controls.shows_keys:
        rows.append(Row([(keys_line(controls), "dim")], _ALWAYS))
    if controls.writes:
        label = f"{controls.writes}: "
        room = max(4, space.width - len(label) - 1)
        rows.append(Row([(label, "title"), (_end_of(controls.text, room), "plain"), ("_", "dim")], _ALWAYS))
    return rows


def _end_of(text: str, width: int) -> str:
    """The end of a text that is being written: the part that fits."""
    kept = ""
    for character in reversed(text[-width:]):
        if cells(character + kept) > width:
            break
        kept = character + kept
    return kept
