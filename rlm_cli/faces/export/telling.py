"""From events to a story in one pass; every text is cleaned on its way in, and what was removed counted."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import msgspec
from msgspec.structs import replace

from rlm_cli.base.ids import content_hash
from rlm_cli.events import Event, bodies, depth_of, parent_span
from rlm_cli.events.values import Citation
from rlm_cli.faces.export.account import Origin, Passage, cited, facts_of
from rlm_cli.faces.export.secrets import Cleaner
from rlm_cli.faces.export.story import Answered, Call, Cell, Cited, Draft, Remark, Story, Turn
from rlm_cli.faces.export.texts import Texts
from rlm_cli.views import wording
from rlm_cli.views.differences import changes
from rlm_cli.views.drafts import without_marks
from rlm_cli.views.result import ended
from rlm_cli.views.run import RunView, reduce


def story_of(events: Iterable[Event], origin: Origin, cleaner: Cleaner, limit: int = 40_000) -> Story:
    """The story of a session; texts longer than so many characters keep their beginning and their end."""
    return _Teller(origin, cleaner, limit).told(events)


class _Teller:
    def __init__(self, origin: Origin, cleaner: Cleaner, limit: int) -> None:
        self._origin = origin
        self._cleaner = cleaner
        self._limit = limit
        self._texts = Texts(cleaner, limit)
        self._view = RunView()
        self._asked: list[tuple[str, bodies.RunFinished | None]] = []
        self._turns: dict[str, Turn] = {}
        self._cells: dict[str, Cell] = {}
        self._calls: dict[str, Call] = {}
        self._drafts: list[Draft] = []
        self._draft = ""
        self._remarks: list[Remark] = []

    def told(self, events: Iterable[Event]) -> Story:
        for event in events:
            if not isinstance(event.body, _SUBS):
                self._view = reduce(self._view, event)
            teller = _TELLERS.get(type(event.body))
            if teller is not None:
                teller(self, event, event.body)
        end = ended(self._view)
        story = Story(
            facts=facts_of(self._view, end, self._origin, self._texts),
            answer=self._texts.of(end.answer.strip()),
            data=self._value(end.data),
            citations=[self._cited(each) for each in end.citations],
            earlier=[self._answered(question, each) for question, each in self._asked[:-1]],
            turns=list(self._turns.values()),
            cells=list(self._cells.values()),
            calls=list(self._calls.values()),
            drafts=self._drafts,
            remarks=self._remarks,
        )
        return replace(story, removed=self._cleaner.account(), cut=self._texts.cut, limit=self._limit)

    def run_started(self, event: Event, body: bodies.RunStarted) -> None:
        if parent_span(event.span):
            return
        if self._asked:
            self._remark(event, "info", f"next question: {body.question}")
        self._asked.append((body.question, None))
        self._draft = ""

    def run_finished(self, event: Event, body: bodies.RunFinished) -> None:
        """The end of the question that was asked last."""
        if event.span == "root" and self._asked:
            self._asked[-1] = (self._asked[-1][0], body)

    def run_resumed(self, event: Event, body: Any) -> None:
        """What was taken back is not told; that it was, is."""
        self._asked = self._asked[: body.questions]
        kept = {span: cell for span, cell in self._cells.items() if _root_number(span, "c") < body.cell}
        self._cells = kept
        self._turns = {
            span: turn for span, turn in self._turns.items() if _root_number(span, "t") < body.turn
        }
        self._calls = {
            span: call for span, call in self._calls.items() if _root_number(span, "c") < body.cell
        }
        self._remark(event, "info", f"gone on with ({body.why}) before turn {body.turn}")

    def turn_started(self, event: Event, body: bodies.TurnStarted) -> None:
        self._turns[event.span] = Turn(event.span, parent_span(event.span), body.turn, event.t)

    def reply_finished(self, event: Event, body: bodies.ReplyFinished) -> None:
        turn = self._turns.get(event.span)
        if turn is not None:
            prose = wording.prose(body.text, 4_000)
            used = body.usage
            self._turns[event.span] = replace(
                turn,
                prose=self._texts.of(prose),
                replied=event.t,
                usd=used.usd,
                tokens_in=used.tokens_in,
                tokens_out=used.tokens_out,
            )

    def cell_started(self, event: Event, body: bodies.CellStarted) -> None:
        turn = parent_span(event.span)
        run = parent_span(turn) if turn in self._turns else turn
        code = self._texts.of(body.code)
        self._cells[event.span] = Cell(event.span, run, body.cell, code, event.t, body.origin)
        if turn in self._turns:
            self._turns[turn] = replace(self._turns[turn], cell=event.span)

    def cell_finished(self, event: Event, body: bodies.CellFinished) -> None:
        cell = self._cells.get(event.span)
        if cell is None:
            return
        problem = f"{body.problem.kind}: {body.problem.message}" if body.problem else ""
        self._cells[event.span] = replace(
            cell,
            status=body.status,
            output=self._texts.of(body.shown),
            omitted=body.omitted,
            ended=event.t,
            seconds=body.seconds,
            waited=body.waited_seconds,
            problem=self._texts.of(problem),
        )

    def sub_queued(self, event: Event, body: bodies.SubQueued) -> None:
        self._calls[event.span] = Call(
            span=event.span,
            cell=parent_span(event.span),
            op=body.op,
            model=body.model,
            prompt=self._texts.of(body.prompt),
            key=content_hash(body.prompt)[:32],
            queued=event.t,
            batch=body.batch,
        )

    def sub_started(self, event: Event, body: bodies.SubStarted) -> None:
        call = self._calls.get(event.span)
        if call is not None and call.started is None:
            self._calls[event.span] = replace(call, state="running", started=event.t)

    def sub_finished(self, event: Event, body: bodies.SubFinished) -> None:
        call = self._calls.get(event.span)
        if call is None:
            return
        self._calls[event.span] = replace(
            call,
            state=body.status,
            text=self._texts.of(body.text),
            finished=event.t,
            attempts=body.attempts,
            problem=self._texts.of(f"{body.problem.kind}: {body.problem.message}" if body.problem else ""),
            usd=body.usage.usd,
            tokens_in=body.usage.tokens_in,
            tokens_out=body.usage.tokens_out,
        )

    def draft_updated(self, event: Event, body: bodies.DraftUpdated) -> None:
        if depth_of(event.span) > 0:
            return
        content = self._texts.of(without_marks(body.content))
        changed = changes(self._draft, content)
        self._draft = content
        self._drafts.append(Draft(body.draft, event.t, event.span, changed, body.ready))

    def notice(self, event: Event, body: bodies.Notice) -> None:
        self._remark(event, body.level, body.text)

    def budget_warned(self, event: Event, body: bodies.BudgetWarned) -> None:
        self._remark(event, "warning", body.text)

    def kernel_restarted(self, event: Event, body: bodies.KernelRestarted) -> None:
        self._remark(event, "warning", wording.restarted(body))

    def corpus_changed(self, event: Event, body: bodies.CorpusChanged) -> None:
        self._remark(event, "warning", wording.corpus_changed(body))

    def _remark(self, event: Event, level: str, text: str) -> None:
        self._remarks.append(Remark(event.t, level, self._texts.of(text)))

    def _cited(self, citation: Citation) -> Cited:
        return cited(citation, self._origin.passages.get(citation.id, Passage()), self._texts)

    def _answered(self, question: str, end: bodies.RunFinished | None) -> Answered:
        """An earlier question with its answer; the passages of its citations are not looked up."""
        return Answered(
            question=self._texts.of(question),
            answer=self._texts.of(end.answer.strip()) if end is not None else "",
            ending=self._texts.of(wording.ending(end)) if end is not None else "it has no end",
            citations=[cited(each, Passage(), self._texts) for each in (end.citations if end else [])],
        )

    def _value(self, value: Any) -> Any:
        if value is None:
            return None
        text = self._texts.of(msgspec.json.format(msgspec.json.encode(value), indent=2).decode())
        return text


_SUBS = (bodies.SubQueued, bodies.SubStarted, bodies.SubFinished, bodies.ReplyDelta, bodies.CellOutput)
_TELLERS: dict[type, Callable[[_Teller, Event, Any], None]] = {
    bodies.RunStarted: _Teller.run_started,
    bodies.RunFinished: _Teller.run_finished,
    bodies.RunResumed: _Teller.run_resumed,
    bodies.TurnStarted: _Teller.turn_started,
    bodies.ReplyFinished: _Teller.reply_finished,
    bodies.CellStarted: _Teller.cell_started,
    bodies.CellFinished: _Teller.cell_finished,
    bodies.SubQueued: _Teller.sub_queued,
    bodies.SubStarted: _Teller.sub_started,
    bodies.SubFinished: _Teller.sub_finished,
    bodies.DraftUpdated: _Teller.draft_updated,
    bodies.Notice: _Teller.notice,
    bodies.BudgetWarned: _Teller.budget_warned,
    bodies.KernelRestarted: _Teller.kernel_restarted,
    bodies.CorpusChanged: _Teller.corpus_changed,
}


def _root_number(span: str, letter: str) -> int:
    """The number of the root run's turn or cell in a span; 0 where there is none."""
    found = [part[1:] for part in span.split("/")[1:3] if part[:1] == letter]
    return int(found[0]) if found and found[0].isdigit() else 0
