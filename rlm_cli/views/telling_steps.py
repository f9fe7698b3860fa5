"""The lines of the steps of a run: turns, cells, outputs, drafts."""

from __future__ import annotations

from dataclasses import replace

from rlm_cli.base.text import counted, money
from rlm_cli.events.bodies import (
    CellFinished,
    CellOutput,
    CellStarted,
    DraftUpdated,
    ReplyFinished,
    TurnStarted,
)
from rlm_cli.views import wording
from rlm_cli.views.line import Line, Moment, Telling, Told, call_name

CODE_LINES = 40
CODE_HEAD = 12
OUTPUT_HEAD = 8
OUTPUT_TAIL = 4
DRAFT_SECONDS = 1.0
PROSE_CHARACTERS = 240
SAID = "said"
"""The tone of what a model says; a screen that shows it as it is written leaves that line out."""


def turn_started(told: Told, now: Moment, body: TurnStarted) -> Telling:
    """A turn begins; the root model is asked."""
    if now.is_child and not now.is_verbose:
        return told, []
    limit = f"/{body.limit}" if body.limit is not None else ""
    asked = f", asking {now.view.started.root_model}" if now.view.started and not now.is_child else ""
    return told, [Line(f"turn {body.turn}{limit}{asked}", "title", now.t)]


def reply_finished(told: Told, now: Moment, body: ReplyFinished) -> Telling:
    """What the root model says, without its code."""
    limit = 100_000 if now.is_verbose else PROSE_CHARACTERS
    said = wording.prose(body.text, limit) or "(code without a word)"
    who = f"{call_name(now.span)}: " if now.is_child else ""
    how = wording.reply_origin(body)
    lines = [Line(f"{who}{said}" + (f" ({how})" if how else ""), SAID, now.t)]
    if now.is_verbose:
        used = body.usage
        tokens = f"{used.tokens_in:,} tokens in ({used.tokens_cached:,} cached), {used.tokens_out:,} out"
        lines.append(Line(f"{tokens}, {money(used.usd)}, {body.seconds:.1f} s", "dim"))
    return told, lines


def cell_started(told: Told, now: Moment, body: CellStarted) -> Telling:
    """The code, whole or its first lines."""
    if now.is_child and not now.is_verbose:
        return told, []
    code = _lines(body.code)
    shown, rest = code, []
    if not now.is_verbose and len(code) > CODE_LINES:
        shown, rest = code[:CODE_HEAD], [Line(f"… {len(code) - CODE_HEAD:,} more lines", "dim", None, 4)]
    title = f"cell {body.cell}" if body.origin == "model" else f"cell {body.cell}, yours"
    return told, [Line(title, "title", now.t), *(Line(each, "code", None, 4) for each in shown), *rest]


def cell_output(told: Told, now: Moment, body: CellOutput) -> Telling:
    """Whole lines as they come, when all is told; otherwise the cell's end shows its head and tail."""
    if not now.is_verbose:
        return told, []
    is_first = now.span not in told.partial
    *whole, rest = (told.partial.get(now.span, "") + body.text).split("\n")
    told = replace(told, partial={**told.partial, now.span: rest})
    title = [Line(f"output of cell {body.cell}", "dim", now.t)] if is_first else []
    return told, [*title, *(Line(each, "output", None, 4) for each in whole)]


def cell_finished(told: Told, now: Moment, body: CellFinished) -> Telling:
    """The head and tail of the output, the calls that were made one by one, and how the cell ended."""
    if now.is_child and not now.is_verbose:
        return told, []
    was_streamed = now.span in told.partial
    if was_streamed:
        rest = told.partial[now.span]
        shown = [rest] if rest else []
        told = replace(told, partial={k: v for k, v in told.partial.items() if k != now.span})
    else:
        shown = _head_and_tail(_lines(body.shown))
    singles = next((batch for batch in now.view.calls.batches_of(now.span) if batch.number == 0), None)
    lines = [Line(f"output of cell {body.cell}", "dim", now.t)] if shown and not now.is_verbose else []
    lines += [Line(each, "output", None, 4) for each in shown]
    if singles is not None:
        lines.append(Line(wording.batch_end(singles, now.event.t), t=now.t))
    for batch in now.view.calls.batches_of(now.span):
        if batch.number and not batch.is_over:
            lines.append(Line(wording.batch_end(batch, now.event.t), "failed", now.t))
    return told, [*lines, Line(wording.cell_end(body), "dim" if body.status == "ok" else "failed", now.t)]


def draft_updated(told: Told, now: Moment, body: DraftUpdated) -> Telling:
    """At most one line a second: a cell may grow its draft in a loop. What is held back is told later."""
    if now.is_child:
        text = f"{call_name(now.span)}: draft {body.draft}, {counted(len(body.content), 'character')}"
        return told, [Line(text, "draft", now.t)] if now.is_verbose else []
    if now.event.t - told.draft_t < DRAFT_SECONDS and not body.ready:
        return replace(told, is_draft_due=True), []
    told = replace(told, is_draft_due=False, draft_t=now.event.t)
    return told, [Line(wording.draft(now.view.draft), "draft", now.t)]


def _lines(text: str) -> list[str]:
    """The lines of a text, without empty ones at its ends; none when it is blank."""
    return text.strip("\n").split("\n") if text.strip() else []


def _head_and_tail(lines: list[str]) -> list[str]:
    omitted = len(lines) - OUTPUT_HEAD - OUTPUT_TAIL
    if omitted <= 1:
        return lines
    return [*lines[:OUTPUT_HEAD], f"… {omitted:,} more lines", *lines[-OUTPUT_TAIL:]]
