"""The last rows of the moving part: the draft, how much was read, tokens, money and time."""

from __future__ import annotations

from rlm_cli.base.text import counted, elapsed, money
from rlm_cli.views import wording
from rlm_cli.views.controls import Controls
from rlm_cli.views.grid import Piece
from rlm_cli.views.region_work import Row
from rlm_cli.views.watched import Watched


def footer(watched: Watched, controls: Controls, now: float) -> list[Row]:
    """What the run has come to, and what it has cost so far.

    Units:   now is seconds since the run began.
    """
    if watched.run.phase in ("starting", "loading"):
        return []
    return [*_come_to(watched), _spent(watched, controls, now)]


def _come_to(watched: Watched) -> list[Row]:
    run = watched.run
    rows = []
    if run.draft.number:
        draft = f"draft {run.draft.number}: {counted(len(run.draft.content.split()), 'word')}"
        if run.draft.citations:
            draft += f", {counted(run.draft.citations, 'citation')}"
        rows.append(Row([(draft, "draft")], 3))
    seen = run.coverage
    if seen.documents and (seen.read_by_model or seen.searched_by_code):
        text = f"read by a model: {seen.read_by_model:,} of {seen.documents:,}"
        text += f" · by code: {seen.searched_by_code:,}"
        rows.append(Row([(text, "dim")], 4))
    return rows


def _spent(watched: Watched, controls: Controls, now: float) -> Row:
    run = watched.run
    total = run.spend.total
    limit = run.started.limits.usd if run.started is not None else None
    cost = money(total.usd) + (f"/{money(limit)}" if limit is not None and total.usd is not None else "")
    near = any(warned.limit == "usd" for warned in run.warnings)
    tokens = f"in {_packed(total.tokens_in)} · out {_packed(total.tokens_out)} · "
    pieces: list[Piece] = [(tokens, "dim"), (cost, "warning" if near else "plain")]
    pieces.append((f" · {elapsed(now - run.began)}", "dim"))
    if controls.has_keys:
        pieces.append((" · ? hides keys" if controls.shows_keys else " · ? keys", "dim"))
    return Row(pieces)


def _packed(number: int) -> str:
    return wording.short(number).replace(" ", "")
