"""The whole of a run as one immutable value, and the pure function that takes it from event to event.

`reduce` is total: an event that comes out of order, or of a kind that is not known, is no error. Everything
that a face shows is here or in `lines`; `fold(live) == fold(read(file))`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from rlm_cli.events import Event, depth_of, parent_span
from rlm_cli.events.bodies import (
    BudgetWarned,
    CellFinished,
    CellOutput,
    CellStarted,
    CitationChecked,
    CorpusChanged,
    CorpusLoaded,
    DecisionAsked,
    DecisionMade,
    DraftUpdated,
    HistoryCompacted,
    KernelReady,
    KernelRestarted,
    Notice,
    ReplyDelta,
    ReplyFinished,
    RunFinished,
    RunResumed,
    RunStarted,
    TurnStarted,
)
from rlm_cli.events.values import Citation, Coverage, Problem, Variable
from rlm_cli.views.calls import CallTree, reduce_calls
from rlm_cli.views.drafts import Draft, draft_after
from rlm_cli.views.spend import Spend, reduce_spend
from rlm_cli.views.table import Table

_OUTPUT_CHARACTERS = 16 * 1024
_ROOT = "root"
_STANDING = (RunStarted, CorpusLoaded, KernelReady)


class CellView(Struct, frozen=True):
    """A cell: its code, how it went, and what the model was shown of its output.

    Units:   began and seconds are seconds; output is the last 16,384 characters while the cell runs.
    """

    number: int
    span: str
    code: str
    origin: str
    began: float
    status: str = "running"
    output: str = ""
    shown: str = ""
    omitted: int = 0
    seconds: float = 0.0
    waited_seconds: float = 0.0
    problem: Problem | None = None


class ChildView(Struct, frozen=True):
    """A child run, by the sub-call that it stands for; finished is None while it works."""

    span: str
    question: str
    turn: int = 0
    finished: RunFinished | None = None


class RunView(Struct, frozen=True):
    """A run as far as its events tell it.

    Units:   t is the time of the last event, began that at which the question was asked: 0 for the first one,
             whose documents had to be read.
    Shape:   phase is `starting`, `loading`, `asking` (the root model), `working` (a cell), `deciding` or
             `finished`; is_asked_as_before: with the models and limits of the question before; reply is what
             streams in; cells are those of the root run.
    """

    seq: int = 0
    t: float = 0.0
    began: float = 0.0
    phase: str = "starting"
    started: RunStarted | None = None
    is_asked_as_before: bool = False
    corpus: CorpusLoaded | None = None
    kernel: KernelReady | None = None
    turn: int = 0
    turn_limit: int | None = None
    reply: str = ""
    reply_attempt: int = 0
    cells: tuple[CellView, ...] = ()
    variables: tuple[Variable, ...] = ()
    children: Table[ChildView] = Table()
    calls: CallTree = CallTree()
    spend: Spend = Spend()
    draft: Draft = Draft()
    citations: tuple[Citation, ...] = ()
    coverage: Coverage = Coverage()
    notices: tuple[Notice, ...] = ()
    warnings: tuple[BudgetWarned, ...] = ()
    decision: DecisionAsked | None = None
    restarts: tuple[KernelRestarted, ...] = ()
    compactions: int = 0
    corpus_changes: int = 0
    finished: RunFinished | None = None

    @property
    def cell(self) -> CellView | None:
        """The cell that runs, or the last one."""
        return self.cells[-1] if self.cells else None


def reduce(view: RunView, event: Event) -> RunView:
    """The view after an event."""
    body = event.body
    change = _CHANGES.get(type(body))
    changes = change(view, event, body) if change is not None else {}
    calls = reduce_calls(view.calls, event)
    if calls is not view.calls:
        changes["calls"] = calls
    spend = reduce_spend(view.spend, event)
    if spend is not view.spend:
        changes["spend"] = spend
    return replace(view, seq=event.seq, t=event.t, **changes)


def standing(events: Sequence[Event], *, is_open: bool) -> RunView:
    """What a face has to know of a session when its next question is asked: what was asked, and what is open.

    Shape:   a view of the end of the events that knows neither cells nor calls; blank where there are none.
             is_open: documents and kernel are at hand; otherwise they are read and started again.
    """
    if not events:
        return RunView()
    last: dict[type, Any] = {}
    for event in events:
        if event.span == _ROOT and isinstance(event.body, _STANDING):
            last[type(event.body)] = event.body
    return RunView(
        seq=events[-1].seq,
        t=events[-1].t,
        began=events[-1].t,
        phase="finished" if is_open and RunStarted in last else "starting",
        started=last.get(RunStarted),
        corpus=last.get(CorpusLoaded) if is_open else None,
        kernel=last.get(KernelReady) if is_open else None,
    )


def fold(events: Iterable[Event]) -> RunView:
    """The view after all of these events."""
    view = RunView()
    for event in events:
        view = reduce(view, event)
    return view


Changes = dict[str, Any]


def _run_started(view: RunView, event: Event, body: RunStarted) -> Changes:
    if parent_span(event.span):
        child = ChildView(event.span, body.question)
        return {"children": view.children.with_entry(event.span, child)}
    blank = RunView()
    kept = ("seq", "t", "notices", "calls", "spend", "corpus", "kernel")
    fresh = {name: getattr(blank, name) for name in blank.__struct_fields__ if name not in kept}
    is_first = view.started is None and not view.cells
    return {
        **fresh,
        "started": body,
        "phase": "loading",
        "began": 0.0 if is_first else event.t,
        "is_asked_as_before": view.started is not None and _terms(view.started) == _terms(body),
    }


def _terms(started: RunStarted) -> tuple[object, ...]:
    """Who answers, where passages go, and what it may cost."""
    return started.root_model, started.sub_model, started.endpoints, started.limits


def _run_resumed(view: RunView, event: Event, body: RunResumed) -> Changes:
    cells = tuple(cell for cell in view.cells if cell.number < body.cell)
    return {
        "cells": cells,
        "finished": None,
        "reply": "",
        "citations": (),
        "decision": None,
        "phase": "loading",
    }


def _corpus_loaded(view: RunView, event: Event, body: CorpusLoaded) -> Changes:
    if parent_span(event.span):
        return {}
    return {"corpus": body, "coverage": Coverage(documents=body.documents)}


def _kernel_ready(view: RunView, event: Event, body: KernelReady) -> Changes:
    return {} if parent_span(event.span) else {"kernel": body}


def _turn_started(view: RunView, event: Event, body: TurnStarted) -> Changes:
    if depth_of(event.span) == 0:
        return {"turn": body.turn, "turn_limit": body.limit, "phase": "asking", "reply": ""}
    child = view.children.get(parent_span(event.span))
    if child is None:
        return {}
    return {"children": view.children.with_entry(child.span, replace(child, turn=body.turn))}


def _reply_delta(view: RunView, event: Event, body: ReplyDelta) -> Changes:
    if depth_of(event.span) > 0:
        return {}
    before = view.reply if body.attempt == view.reply_attempt else ""
    return {"reply": before + body.text, "reply_attempt": body.attempt}


def _reply_finished(view: RunView, event: Event, body: ReplyFinished) -> Changes:
    return {} if depth_of(event.span) > 0 else {"reply": body.text, "reply_attempt": 0}


def _cell_started(view: RunView, event: Event, body: CellStarted) -> Changes:
    if depth_of(event.span) > 0:
        return {}
    cell = CellView(body.cell, event.span, body.code, body.origin, event.t)
    return {"cells": (*view.cells, cell), "phase": "working"}


def _cell_output(view: RunView, event: Event, body: CellOutput) -> Changes:
    cell = view.cell
    if cell is None or cell.span != event.span:
        return {}
    output = (cell.output + body.text)[-_OUTPUT_CHARACTERS:]
    return {"cells": (*view.cells[:-1], replace(cell, output=output))}


def _cell_finished(view: RunView, event: Event, body: CellFinished) -> Changes:
    cell = view.cell
    if cell is None or cell.span != event.span:
        return {}
    ended = replace(
        cell,
        status=body.status,
        shown=body.shown,
        omitted=body.omitted,
        seconds=body.seconds,
        waited_seconds=body.waited_seconds,
        problem=body.problem,
    )
    changes: Changes = {"cells": (*view.cells[:-1], ended), "variables": tuple(body.variables)}
    if body.coverage is not None:
        changes["coverage"] = body.coverage
    return changes


def _draft_updated(view: RunView, event: Event, body: DraftUpdated) -> Changes:
    return {} if depth_of(event.span) > 0 else {"draft": draft_after(view.draft, body)}


def _citation_checked(view: RunView, event: Event, body: CitationChecked) -> Changes:
    others = tuple(each for each in view.citations if each.id != body.citation.id)
    return {"citations": (*others, body.citation)}


def _budget_warned(view: RunView, event: Event, body: BudgetWarned) -> Changes:
    return {"warnings": (*view.warnings, body)}


def _decision_asked(view: RunView, event: Event, body: DecisionAsked) -> Changes:
    return {"decision": body, "phase": "deciding"}


def _decision_made(view: RunView, event: Event, body: DecisionMade) -> Changes:
    return {"decision": None, "phase": "working" if view.cells else "loading"}


def _corpus_changed(view: RunView, event: Event, body: CorpusChanged) -> Changes:
    return {"corpus_changes": view.corpus_changes + 1}


def _kernel_restarted(view: RunView, event: Event, body: KernelRestarted) -> Changes:
    return {} if depth_of(event.span) > 0 else {"restarts": (*view.restarts, body)}


def _history_compacted(view: RunView, event: Event, body: HistoryCompacted) -> Changes:
    return {} if depth_of(event.span) > 0 else {"compactions": view.compactions + 1}


def _notice(view: RunView, event: Event, body: Notice) -> Changes:
    return {"notices": (*view.notices, body)}


def _run_finished(view: RunView, event: Event, body: RunFinished) -> Changes:
    if not parent_span(event.span):
        return {"finished": body, "phase": "finished", "coverage": body.coverage}
    child = view.children.get(event.span)
    if child is None:
        return {}
    return {"children": view.children.with_entry(event.span, replace(child, finished=body))}


_CHANGES: dict[type, Callable[[RunView, Event, Any], Changes]] = {
    RunStarted: _run_started,
    RunResumed: _run_resumed,
    CorpusLoaded: _corpus_loaded,
    KernelReady: _kernel_ready,
    TurnStarted: _turn_started,
    ReplyDelta: _reply_delta,
    ReplyFinished: _reply_finished,
    CellStarted: _cell_started,
    CellOutput: _cell_output,
    CellFinished: _cell_finished,
    DraftUpdated: _draft_updated,
    CitationChecked: _citation_checked,
    BudgetWarned: _budget_warned,
    DecisionAsked: _decision_asked,
    DecisionMade: _decision_made,
    CorpusChanged: _corpus_changed,
    KernelRestarted: _kernel_restarted,
    HistoryCompacted: _history_compacted,
    Notice: _notice,
    RunFinished: _run_finished,
}
