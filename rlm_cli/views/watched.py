"""A run as a screen follows it: the run, the few facts of the moment, and the lines that stay.

A fold over the events, like everything that is seen: a live run and its replay leave the same lines.
"""

from __future__ import annotations

from msgspec import Struct
from msgspec.structs import replace

from rlm_cli.events import Event, depth_of, parent_span
from rlm_cli.events.bodies import CellStarted, Notice, SubFinished, TurnStarted
from rlm_cli.views.line import Line, Moment, Told, Verbosity
from rlm_cli.views.lines import tell
from rlm_cli.views.run import RunView, reduce
from rlm_cli.views.telling_facts import READING

_REPLIES = 3


class Watched(Struct, frozen=True):
    """What a screen shows.

    Units:   step_began is when the turn, or its cell, began, in seconds since the run began.
    Shape:   reading is how far the reading of the documents is; replies are the spans of the last sub-calls
             of the root run that came back, the newest last; told decides which lines are told.
    """

    run: RunView = RunView()
    told: Told = Told()
    step_began: float = 0.0
    reading: str = ""
    replies: tuple[str, ...] = ()


def watch(before: Watched, event: Event, verbosity: Verbosity) -> tuple[Watched, list[Line]]:
    """What is shown after an event, and the lines of it that stay.

    Shape:   lines that only say how far something is are left out: the moving part of the screen says that.
    """
    run = reduce(before.run, event)
    told, lines = tell(before.told, Moment(run, event, verbosity))
    after = replace(before, run=run, told=told, **_of_the_moment(before, event))
    return after, [line for line in lines if not line.is_passing]


def _of_the_moment(before: Watched, event: Event) -> dict[str, object]:
    if depth_of(event.span) > 0:
        return {}
    match event.body:
        case TurnStarted() | CellStarted():
            return {"step_began": event.t, "replies": ()}
        case SubFinished(status="ok" | "recorded") if not _is_of_child(event.span):
            return {"replies": (*before.replies, event.span)[-_REPLIES:]}
        case Notice(code=code, text=text) if code == READING:
            return {"reading": text}
    return {}


def _is_of_child(span: str) -> bool:
    return depth_of(parent_span(span)) > 0
