"""A run as a screen follows it: the run, the few facts of the moment, and the lines that stay.

A fold over the events, like everything that is seen: a live run and its replay leave the same lines.
"""

from __future__ import annotations

from msgspec import Struct
from msgspec.structs import replace

from rlm_cli.events import Event, depth_of, parent_span
from rlm_cli.events.bodies import CellStarted, Notice, ReplyDelta, ReplyFinished, SubFinished, TurnStarted
from rlm_cli.views import wording
from rlm_cli.views.line import Line, Moment, Told, Verbosity
from rlm_cli.views.lines import tell
from rlm_cli.views.prose import whole_blocks
from rlm_cli.views.run import RunView, reduce
from rlm_cli.views.telling_facts import READING
from rlm_cli.views.telling_steps import SAID

_REPLIES = 3


class Watched(Struct, frozen=True):
    """What a screen shows.

    Units:   step_began is when the turn, or its cell, began, in seconds since the run began; kept is how many
             characters of the reply stand among the lines that stay.
    Shape:   reading is how far the reading of the documents is; replies are the spans of the last sub-calls
             of the root run that came back, the newest last; told decides which lines are told.
    """

    run: RunView = RunView()
    told: Told = Told()
    step_began: float = 0.0
    kept: int = 0
    reading: str = ""
    replies: tuple[str, ...] = ()

    @property
    def answers_at_once(self) -> bool:
        """Whether the reply is the answer itself: the corpus was put to the model whole, without a kernel."""
        return self.run.kernel is None

    @property
    def answers_in_one_call(self) -> bool:
        """Whether the one call that gives the answer is under way."""
        return self.answers_at_once and self.run.phase == "asking"


def watch(before: Watched, event: Event, verbosity: Verbosity) -> tuple[Watched, list[Line]]:
    """What is shown after an event, and the lines of it that stay.

    Shape:   lines that only say how far something is are left out: the moving part of the screen says that.
             What the root model says is one line for each block of its Markdown, as soon as that is whole.
    """
    run = reduce(before.run, event)
    told, lines = tell(before.told, Moment(run, event, verbosity))
    after = replace(before, run=run, told=told, **_of_the_moment(before, event))
    lines = [line for line in lines if not line.is_passing]
    if depth_of(event.span) == 0 and verbosity is not Verbosity.QUIET:
        match event.body:
            case ReplyDelta() if not after.answers_at_once:
                return _streamed(before, after, event)
            case ReplyFinished() as reply:
                told_lines = [line for line in lines if line.tone != SAID]
                return _said(before, after, reply, told_lines, event.t - run.began)
    return after, lines


def _of_the_moment(before: Watched, event: Event) -> dict[str, object]:
    if depth_of(event.span) > 0:
        return {}
    match event.body:
        case TurnStarted() | CellStarted():
            return {"step_began": event.t, "replies": (), "kept": 0}
        case SubFinished(status="ok" | "recorded") if not _is_of_child(event.span):
            return {"replies": (*before.replies, event.span)[-_REPLIES:]}
        case Notice(code=code, text=text) if code == READING:
            return {"reading": text}
    return {}


def _streamed(before: Watched, after: Watched, event: Event) -> tuple[Watched, list[Line]]:
    kept, lines = before.kept, []
    if not after.run.reply.startswith(before.run.reply):
        kept = 0
        text, t = "the reply broke off; it begins again", event.t - after.run.began
        lines = [Line(text, "warning", t)] if before.kept else []
    blocks, kept = whole_blocks(after.run.reply, kept)
    return replace(after, kept=kept), [*lines, *map(_block, blocks)]


def _said(
    before: Watched, after: Watched, reply: ReplyFinished, lines: list[Line], t: float
) -> tuple[Watched, list[Line]]:
    how = wording.reply_origin(reply)
    origin = [Line(f"reply {how}", "dim", t)] if how else []
    if after.answers_at_once:
        return after, [*origin, *lines]
    kept = before.kept if reply.text.startswith(before.run.reply[: before.kept]) else 0
    blocks, kept = whole_blocks(reply.text, kept, is_ended=True)
    return replace(after, kept=len(reply.text)), [*map(_block, blocks), *origin, *lines]


def _block(text: str) -> Line:
    return Line(text, "markdown")


def _is_of_child(span: str) -> bool:
    return depth_of(parent_span(span)) > 0
