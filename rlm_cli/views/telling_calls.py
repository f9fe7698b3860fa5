"""The lines of sub-calls: one a batch, its progress, and each call when all is told."""

from __future__ import annotations

from dataclasses import replace

from rlm_cli.base.text import one_line
from rlm_cli.events.bodies import SubFinished, SubQueued, SubStarted
from rlm_cli.views import wording
from rlm_cli.views.calls import Batch
from rlm_cli.views.line import Line, Moment, Telling, Told, call_name
from rlm_cli.views.run import RunView

PROGRESS_SECONDS = 5.0


def sub_queued(told: Told, now: Moment, body: SubQueued) -> Telling:
    """A batch begins."""
    lines = []
    batch = _batch(now.view, now.span)
    is_first = batch is not None and body.batch and sum(number for _, number in batch.states) == 1
    if batch is not None and is_first and batch.of > 1:
        lines.append(Line(f"{wording.batch_name(batch)} to {body.model}", t=now.t, is_passing=True))
        told = replace(told, progress_t=now.event.t)
    if now.is_verbose:
        lines.append(Line(f"{call_name(now.span)} asked: {one_line(body.prompt, 400)}", "dim", now.t, 2))
    return told, lines


def sub_started(told: Told, now: Moment, body: SubStarted) -> Telling:
    """A call is sent, or sent again."""
    if body.attempt > 1 and now.is_verbose:
        return told, [Line(f"{call_name(now.span)} attempt {body.attempt}", "dim", now.t, 2)]
    return _progress(told, now)


def sub_finished(told: Told, now: Moment, body: SubFinished) -> Telling:
    """A call has ended, and perhaps its batch; or how far the batch has come."""
    lines = []
    if now.is_verbose:
        said = f"{body.problem.kind}: {body.problem.message}" if body.problem else one_line(body.text, 400)
        text = f"{call_name(now.span)} {body.status} in {body.seconds:.1f} s: {said}"
        lines.append(Line(text, "failed" if body.problem else "dim", now.t, 2))
    batch = _batch(now.view, now.span)
    if batch is not None and batch.number and batch.is_over:
        bad = batch.count("failed", "refused", "cancelled")
        lines.append(Line(wording.batch_end(batch, now.event.t), "failed" if bad else "plain", now.t))
        return told, lines
    told, progress = _progress(told, now)
    return told, lines + progress


def _progress(told: Told, now: Moment) -> Telling:
    batch = _batch(now.view, now.span)
    if batch is None or now.event.t - max(told.progress_t, batch.began) < PROGRESS_SECONDS:
        return told, []
    text = wording.batch_progress(batch)
    if text == told.progress:
        return told, []
    return replace(told, progress_t=now.event.t, progress=text), [Line(text, "dim", now.t, is_passing=True)]


def _batch(view: RunView, span: str) -> Batch | None:
    call = view.calls.calls.get(span)
    return view.calls.batch_of(call) if call is not None else None
