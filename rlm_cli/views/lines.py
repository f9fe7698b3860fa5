"""A run as plain lines: what `plain` prints, and what every other face must be able to say as well.

`tell` is pure: from what was told so far, the view after an event and the event, to the lines. Times are
those of the events, so that a replay prints the same lines as the live run did.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from rlm_cli.base.text import counted
from rlm_cli.events import Unknown, bodies
from rlm_cli.views import telling_calls, telling_facts, telling_sessions, telling_steps, wording
from rlm_cli.views.drafts import Draft, difference
from rlm_cli.views.line import Line, Moment, Telling, Told, Verbosity
from rlm_cli.views.result import SessionFacts, ended
from rlm_cli.views.run import RunView


def tell(told: Told, now: Moment) -> Telling:
    """The lines of an event, and what has been told after it."""
    told, lines = _due(told, now)
    teller = TELLERS.get(type(now.event.body))
    if teller is not None:
        told, more = teller(told, now, now.event.body)
        lines += [replace(line, indent=line.indent + 2 * now.depth) for line in more]
    if now.verbosity is Verbosity.QUIET:
        lines = [line for line in lines if line.tone in ("warning", "error")]
    return told, lines


def closing_lines(view: RunView, session: SessionFacts, verbosity: Verbosity) -> list[Line]:
    """What stands below the answer: how the run ended, what was read, what it cost, where its record is."""
    end = ended(view)
    seconds = view.t - view.began
    is_good = end.status == "complete"
    first = Line(
        wording.ending(end), "title" if is_good else "error" if end.status == "failed" else "warning", seconds
    )
    said = {notice.text for notice in view.notices}
    is_first_told = verbosity is not Verbosity.QUIET or not is_good
    below = None if is_first_told else seconds
    warnings = [Line(f"warning: {text}", "warning", below) for text in end.warnings if text not in said]
    if verbosity is Verbosity.QUIET:
        return [first, *warnings] if is_first_told else warnings
    facts = [Line(wording.coverage(end)), Line(wording.spending(end, seconds))]
    if session.id:
        facts.append(Line(f"session {session.id}; see it again: rlm replay {session.id}", "dim"))
    return [first, *warnings, *facts]


def difference_lines(draft: Draft) -> list[Line]:
    """How the last draft differs from the one before, sentence by sentence."""
    if not draft.number:
        return [Line("there is no draft yet", "dim")]
    title = Line(f"draft {draft.number} beside the one before:", "draft")
    tones = {"+": "added", "-": "removed"}
    changes = [Line(f"{sign} {sentence}", tones[sign], None, 2) for sign, sentence in difference(draft)]
    return [title, *(changes or [Line("no sentence has changed", "dim", None, 2)])]


def _due(told: Told, now: Moment) -> Telling:
    """What was held back and cannot wait for this event: citations that were found, a draft."""
    lines: list[Line] = []
    body = now.event.body
    if told.checked and not isinstance(body, bodies.CitationChecked):
        lines.append(Line(f"{counted(told.checked, 'citation')} found word for word", t=now.t))
        told = replace(told, checked=0)
    ends_step = isinstance(body, bodies.CellFinished | bodies.TurnStarted | bodies.RunFinished)
    if told.is_draft_due and ends_step and not now.is_child:
        lines.append(Line(wording.draft(now.view.draft), "draft", now.t))
        told = replace(told, is_draft_due=False, draft_t=now.event.t)
    return told, lines


def _unknown(told: Told, now: Moment, body: Unknown) -> Telling:
    return told, [Line(f"event of an unknown kind: {body.kind}", "dim", now.t)] if now.is_verbose else []


def _nothing(told: Told, now: Moment, body: bodies.ReplyDelta) -> Telling:
    """A reply is told when it is whole."""
    return told, []


TELLERS: dict[type, Callable[[Told, Moment, Any], Telling]] = {
    bodies.RunStarted: telling_facts.run_started,
    bodies.RunResumed: telling_sessions.run_resumed,
    bodies.CorpusLoaded: telling_facts.corpus_loaded,
    bodies.KernelReady: telling_facts.kernel_ready,
    bodies.TurnStarted: telling_steps.turn_started,
    bodies.ReplyDelta: _nothing,
    bodies.ReplyFinished: telling_steps.reply_finished,
    bodies.CellStarted: telling_steps.cell_started,
    bodies.CellOutput: telling_steps.cell_output,
    bodies.CellFinished: telling_steps.cell_finished,
    bodies.SubQueued: telling_calls.sub_queued,
    bodies.SubStarted: telling_calls.sub_started,
    bodies.SubFinished: telling_calls.sub_finished,
    bodies.DraftUpdated: telling_steps.draft_updated,
    bodies.CitationMarked: telling_sessions.citation_marked,
    bodies.CitationChecked: telling_facts.citation_checked,
    bodies.BudgetWarned: telling_facts.budget_warned,
    bodies.DecisionAsked: telling_facts.decision_asked,
    bodies.DecisionMade: telling_facts.decision_made,
    bodies.CorpusChanged: telling_facts.corpus_changed,
    bodies.KernelRestarted: telling_facts.kernel_restarted,
    bodies.HistoryCompacted: telling_facts.history_compacted,
    bodies.Notice: telling_facts.notice,
    bodies.RunFinished: telling_facts.run_finished,
    Unknown: _unknown,
}
"""How each kind of event is told."""
