"""Parts of a run: which events a replay shows that was asked for cells, calls, drafts or the answer alone."""

from __future__ import annotations

from msgspec.structs import replace

from rlm_cli.base.errors import ExitCode
from rlm_cli.events import Event, bodies
from rlm_cli.events.bodies import RunFinished
from rlm_cli.views.result import ended
from rlm_cli.views.run import RunView

PARTS: dict[str, tuple[type, ...]] = {
    "cells": (
        bodies.CellStarted,
        bodies.CellOutput,
        bodies.CellFinished,
        bodies.KernelRestarted,
    ),
    "calls": (bodies.SubQueued, bodies.SubStarted, bodies.SubFinished),
    "drafts": (bodies.DraftUpdated,),
    "answer": (bodies.CitationChecked, bodies.RunFinished),
}
"""The events of each part, by the word that asks for it."""


def is_in(part: str, event: Event) -> bool:
    """Whether an event belongs to a part."""
    return isinstance(event.body, PARTS[part])


def cut_short(view: RunView, turn: int) -> RunFinished:
    """The end of a run that is shown up to a turn and no further: the draft as it was then."""
    end = ended(view)
    status = "partial" if end.answer.strip() else "failed"
    return replace(end, status=status, stop=f"shown_up_to_turn_{turn}", exit_code=int(ExitCode.COMPLETE))
