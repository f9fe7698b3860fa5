"""From events to a story in one pass; every text is cleaned on its way in, and what was removed counted."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import msgspec
from msgspec.structs import replace

from rlm_cli.base.ids import content_hash
from rlm_cli.base.text import head_and_tail, visible
from rlm_cli.events import Event, bodies, depth_of, parent_span
from rlm_cli.events.values import Citation, Usage
from rlm_cli.faces.export.secrets import Cleaner
from rlm_cli.faces.export.story import Call, Cell, Cited, Draft, Facts, Remark, Story, Turn
from rlm_cli.views import wording
from rlm_cli.views.differences import changes
from rlm_cli.views.drafts import without_marks
from rlm_cli.views.result import ended, place_of
from rlm_cli.views.run import RunView, reduce

_CONTEXT_CHARACTERS = 1_200
_FAR_TOO_LONG = 8
_SECRET_CHARACTERS = 8_000


@dataclass(frozen=True)
class Passage:
    """What stands around a quotation, and where that was found: `file`, `record`, or nowhere (empty)."""

    before: str = ""
    quote: str = ""
    after: str = ""
    origin: str = ""


@dataclass(frozen=True)
class Origin:
    """What a story needs besides the events: facts of the header, passages of citations by their id."""

    session: str
    started: str = ""
    program: str = ""
    argv: tuple[str, ...] = ()
    passages: dict[int, Passage] = field(default_factory=dict)


def story_of(events: Iterable[Event], origin: Origin, cleaner: Cleaner, limit: int = 40_000) -> Story:
    """The story of a session; texts longer than so many characters keep their beginning and their end."""
    return _Teller(origin, cleaner, limit).told(events)


class _Teller:
    def __init__(self, origin: Origin, cleaner: Cleaner, limit: int) -> None:
        self._origin = origin
        self._cleaner = cleaner
        self._limit = limit
        self._cut = 0
        self._view = RunView()
        self._question = ""
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
            facts=self._facts(end),
            answer=self._text(end.answer.strip()),
            data=self._value(end.data),
            citations=[self._cited(each) for each in end.citations],
            turns=list(self._turns.values()),
            cells=list(self._cells.values()),
            calls=list(self._calls.values()),
            drafts=self._drafts,
            remarks=self._remarks,
        )
        return replace(story, removed=self._cleaner.account(), cut=self._cut, limit=self._limit)

    def run_started(self, event: Event, body: bodies.RunStarted) -> None:
        if parent_span(event.span):
            return
        if self._question:
            self._remark(event, "info", f"next question: {body.question}")
        self._question = body.question

    def run_resumed(self, event: Event, body: Any) -> None:
        """What was taken back is not told; that it was, is."""
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
                prose=self._text(prose),
                replied=event.t,
                usd=used.usd,
                tokens_in=used.tokens_in,
                tokens_out=used.tokens_out,
            )

    def cell_started(self, event: Event, body: bodies.CellStarted) -> None:
        turn = parent_span(event.span)
        run = parent_span(turn) if turn in self._turns else turn
        code = self._text(body.code)
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
            output=self._text(body.shown),
            omitted=body.omitted,
            ended=event.t,
            seconds=body.seconds,
            waited=body.waited_seconds,
            problem=self._text(problem),
        )

    def sub_queued(self, event: Event, body: bodies.SubQueued) -> None:
        self._calls[event.span] = Call(
            span=event.span,
            cell=parent_span(event.span),
            op=body.op,
            model=body.model,
            prompt=self._text(body.prompt),
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
            text=self._text(body.text),
            finished=event.t,
            attempts=body.attempts,
            problem=self._text(f"{body.problem.kind}: {body.problem.message}" if body.problem else ""),
            usd=body.usage.usd,
            tokens_in=body.usage.tokens_in,
            tokens_out=body.usage.tokens_out,
        )

    def draft_updated(self, event: Event, body: bodies.DraftUpdated) -> None:
        if depth_of(event.span) > 0:
            return
        content = self._text(without_marks(body.content))
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
        self._remarks.append(Remark(event.t, level, self._text(text)))

    def _cited(self, citation: Citation) -> Cited:
        passage = self._origin.passages.get(citation.id, Passage())
        return Cited(
            id=citation.id,
            place=self._text(place_of(citation)),
            path=self._text(citation.path),
            quote=self._text(passage.quote or citation.quote),
            checked=citation.checked,
            why=self._text(citation.why),
            elsewhere=citation.elsewhere,
            before=self._text(passage.before[-_CONTEXT_CHARACTERS:]),
            after=self._text(passage.after[:_CONTEXT_CHARACTERS]),
            origin=passage.origin,
        )

    def _facts(self, end: bodies.RunFinished) -> Facts:
        view, origin = self._view, self._origin
        started, corpus = view.started, view.corpus
        total: Usage = end.root_usage + end.sub_usage
        title = (started.title or started.question) if started else origin.session
        return Facts(
            title=self._text(title),
            question=self._text(started.question if started else "not recorded"),
            session=origin.session,
            started=origin.started,
            status=end.status,
            stop=end.stop,
            ending=self._text(wording.ending(end)),
            models=self._text(wording.models(started) if started else "not recorded"),
            corpus=self._text(wording.corpus(corpus) if corpus else "no documents were read"),
            coverage=wording.coverage(end),
            spending=wording.spending(end),
            sandbox=self._text(end.sandbox or "no kernel was started"),
            seconds=end.seconds,
            usd=total.usd,
            inputs=[self._text(each) for each in (started.inputs if started else [])],
            command=self._text(" ".join(origin.argv)),
            skipped=self._text(wording.skipped(corpus) if corpus else ""),
            warnings=[self._text(each) for each in end.warnings],
            program=origin.program,
            usage=[("root model", end.root_usage), ("sub-calls", end.sub_usage)],
        )

    def _value(self, value: Any) -> Any:
        if value is None:
            return None
        text = self._text(msgspec.json.format(msgspec.json.encode(value), indent=2).decode())
        return text

    def _text(self, text: str) -> str:
        """A text as it leaves: no secret, nothing that acts on a screen, not longer than the limit."""
        if not text:
            return ""
        if len(text) > _FAR_TOO_LONG * self._limit:
            return self._ends_of(text)
        short, omitted = head_and_tail(self._cleaned(text), self._limit)
        self._cut += bool(omitted)
        return short

    def _ends_of(self, text: str) -> str:
        """The beginning and the end of a text that is not worth cleaning whole.

        More is cleaned than is kept, so that no secret is cut in the middle and then not known.
        """
        self._cut += 1
        window, head = max(2 * self._limit, _SECRET_CHARACTERS), self._limit * 2 // 3
        first = self._cleaned(text[:window])[:head]
        last = self._cleaned(text[-window:])[head - self._limit :]
        omitted = len(text) - self._limit
        return f"{first}\n[… {omitted:,} of {len(text):,} characters omitted …]\n{last}"

    def _cleaned(self, text: str) -> str:
        return visible(self._cleaner.clean(text))


_SUBS = (bodies.SubQueued, bodies.SubStarted, bodies.SubFinished, bodies.ReplyDelta, bodies.CellOutput)
_TELLERS: dict[type, Callable[[_Teller, Event, Any], None]] = {
    bodies.RunStarted: _Teller.run_started,
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
