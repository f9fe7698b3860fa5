"""The lines of what a run is about and of what befalls it: models, corpus, kernel, warnings, decisions."""

from __future__ import annotations

from dataclasses import replace

from rlm_cli.base.text import one_line
from rlm_cli.events.bodies import (
    BudgetWarned,
    CitationChecked,
    CorpusChanged,
    CorpusLoaded,
    DecisionAsked,
    DecisionMade,
    HistoryCompacted,
    KernelReady,
    KernelRestarted,
    Notice,
    RunFinished,
    RunStarted,
)
from rlm_cli.views import wording
from rlm_cli.views.line import Line, Moment, Telling, Told, call_name
from rlm_cli.views.result import place_of

READING = "reading"
"""The code of the notices that say how far the reading of the documents is."""


def run_started(told: Told, now: Moment, body: RunStarted) -> Telling:
    """The question; models, where passages go and limits, unless they are known already."""
    if now.is_child:
        return told, [
            Line(f"child run {call_name(now.span)}: {one_line(body.question, 200)}", "title", now.t)
        ]
    question = Line(f"question: {one_line(body.question, 2000)}", "title", now.t)
    if now.view.is_asked_as_before:
        return told, [question]
    return told, [question, Line(wording.models(body)), Line(wording.limits(body.limits), "dim")]


def corpus_loaded(told: Told, now: Moment, body: CorpusLoaded) -> Telling:
    """How much there is to read, and what was left out."""
    if now.is_child and not now.is_verbose:
        return told, []
    lines = [Line(wording.corpus(body), t=now.t)]
    if skipped := wording.skipped(body):
        lines.append(Line(skipped, "dim"))
    if now.is_verbose:
        lines += [Line(f"skipped: {each.path} ({each.why})", "dim", None, 2) for each in body.skipped[3:]]
    return told, lines


def kernel_ready(told: Told, now: Moment, body: KernelReady) -> Telling:
    """Which protections are on."""
    if now.is_child and not now.is_verbose:
        return told, []
    tone = "warning" if wording.is_unprotected(body) else "dim"
    lines = [Line(wording.sandbox(body), tone, now.t)]
    if now.is_verbose:
        lines.append(Line(f"Python {body.python}, ready in {body.seconds:.2f} s", "dim"))
    return told, lines


def budget_warned(told: Told, now: Moment, body: BudgetWarned) -> Telling:
    """A limit is near, reached, or cannot be kept."""
    named = {"near": "near a limit", "reached": "limit reached", "unknown": "limit cannot be kept"}
    return told, [Line(f"{named.get(body.state, body.state)}: {body.text}", "warning", now.t)]


def decision_asked(told: Told, now: Moment, body: DecisionAsked) -> Telling:
    """What the user is asked."""
    default = f" (default: {body.default})" if body.default else ""
    return told, [Line(f"decision: {body.question} [{' / '.join(body.options)}]{default}", "title", now.t)]


def decision_made(told: Told, now: Moment, body: DecisionMade) -> Telling:
    """What was decided, and by whom."""
    return told, [Line(f"decided: {body.choice} (by {body.by})", t=now.t)]


def corpus_changed(told: Told, now: Moment, body: CorpusChanged) -> Telling:
    """Which files have changed."""
    return told, [Line(wording.corpus_changed(body), t=now.t)]


def kernel_restarted(told: Told, now: Moment, body: KernelRestarted) -> Telling:
    """The kernel was replaced."""
    return told, [Line(wording.restarted(body), "warning", now.t)]


def history_compacted(told: Told, now: Moment, body: HistoryCompacted) -> Telling:
    """Turns have left the conversation."""
    is_one = body.first_turn == body.last_turn
    which = f"turn {body.first_turn}" if is_one else f"turns {body.first_turn} to {body.last_turn}"
    sizes = f"{body.characters_before:,} to {body.characters_after:,} characters"
    return told, [
        Line(f"{which} left the conversation ({sizes}); the kernel still has all of it", "dim", now.t)
    ]


def notice(told: Told, now: Moment, body: Notice) -> Telling:
    """Something that the user should know."""
    if body.level == "info":
        return told, [Line(body.text, t=now.t, is_passing=body.code == READING)]
    level = "error" if body.level == "error" else "warning"
    return told, [Line(f"{level}: {body.text}", level, now.t)]


def citation_checked(told: Told, now: Moment, body: CitationChecked) -> Telling:
    """A quotation that was not found; those that were are counted, and told together."""
    citation = body.citation
    if not citation.checked:
        return told, [Line(wording.unverified(citation), "warning", now.t)]
    if not now.is_verbose:
        return replace(told, checked=told.checked + 1), []
    place = place_of(citation)
    return told, [Line(f'citation {citation.id}: {place}: "{one_line(citation.quote, 400)}"', t=now.t)]


def run_finished(told: Told, now: Moment, body: RunFinished) -> Telling:
    """A child's end; the end of the whole run is told by `lines.closing_lines`, after the answer."""
    if not now.is_child:
        return told, []
    text = f"child run {call_name(now.span)} {wording.ending(body)}"
    return told, [Line(text, t=now.t)]
