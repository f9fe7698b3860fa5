"""What a session's events say of the work that is done, as a `Past`: a pure fold."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace

from rlm_cli.engine.past import Past, PastCall, PastCell, PastQuestion, PastTurn, Step, TornChild, cell_of
from rlm_cli.events import Event, parent_span, run_span
from rlm_cli.events.bodies import (
    CellFinished,
    CellStarted,
    CitationMarked,
    CorpusLoaded,
    DraftUpdated,
    KernelRestarted,
    Notice,
    ReplyFinished,
    RunFinished,
    RunResumed,
    RunStarted,
    SubFinished,
    SubQueued,
    SubStarted,
    TurnStarted,
)
from rlm_cli.events.values import Citation, Usage
from rlm_cli.ports import CallReply

_NOT_SENT = ("cancelled", "refused")
_SUB_CALL = SubQueued | SubStarted | SubFinished

Calls = Mapping[str, list[tuple[str, SubQueued, SubFinished | None]]]
"""The calls of each cell by its span, in the order of asking: span, request, end."""


def past_of(events: Iterable[Event]) -> Past:
    """What these events say."""
    reader = _SessionReader()
    for event in events:
        reader.read(event)
    return reader.past()


class _SessionReader:
    """The whole tree of runs: what is known and paid in it, and a reader for each of its runs."""

    def __init__(self) -> None:
        self._root = _RunReader("root")
        self._children: dict[str, _RunReader] = {}
        self._known: dict[str, CallReply] = {}
        self._marks: dict[int, Citation] = {}
        self._torn: dict[str, TornChild] = {}
        self._queued: dict[str, int] = {}
        self._calls: dict[str, list[tuple[str, SubQueued, SubFinished | None]]] = defaultdict(list)

    def past(self) -> Past:
        children = {span: Past(reader.steps_with(self._calls)) for span, reader in self._children.items()}
        steps = self._root.steps_with(self._calls)
        return Past(steps, self._known, self._marks, tuple(self._torn.values()), children)

    def read(self, event: Event) -> None:
        span, body = event.span, event.body
        self._account(span, body)
        if isinstance(body, _SUB_CALL):
            return
        run = run_span(span)
        if isinstance(body, RunStarted) and run != "root":
            self._children[run] = _RunReader(run)
        reader = self._root if run == "root" else self._children.get(run)
        if reader is None:
            return
        if isinstance(body, RunResumed):
            for cell in reader.take_back(body):
                self._forget(cell)
        else:
            reader.read(span, body)

    def _account(self, span: str, body: object) -> None:
        """What is known and paid, in the whole tree of runs."""
        match body:
            case ReplyFinished():
                if body.request and body.finish == "stop":
                    self._known[body.request] = CallReply(text=body.text)
                above, _, turn = span.rpartition("/t")
                if above in self._torn and turn.isdigit():
                    self._torn[above].replies[int(turn)] = body
                is_root = span.count("/") <= 1
                self._root.pay(body.usage if is_root else Usage(), Usage() if is_root else body.usage)
            case RunStarted(question=question) if span != "root":
                self._torn[span] = TornChild(question)
            case SubQueued():
                calls = self._calls[parent_span(span)]
                self._queued[span] = len(calls)
                calls.append((span, body, None))
            case SubStarted():
                self._root.count_call()
            case SubFinished():
                self._sub_finished(span, body)
            case CitationMarked(mark=mark, citation=citation):
                self._marks[mark] = citation

    def _sub_finished(self, span: str, finished: SubFinished) -> None:
        if finished.status in ("ok", "recorded"):
            self._torn.pop(span, None)
        if span not in self._queued:
            return
        calls, place = self._calls[parent_span(span)], self._queued.pop(span)
        queued = calls[place][1]
        if queued.op == "llm":
            self._root.pay(Usage(), finished.usage)
        if queued.request and finished.status in ("ok", "recorded"):
            self._known[queued.request] = CallReply(text=finished.text)
        calls[place] = (span, queued, finished)

    def _forget(self, cell: PastCell) -> None:
        """A cell that was taken back: what it asked stays known, but no longer as asked by it."""
        self._calls.pop(cell.span, None)
        for span in [each for each in self._children if each.startswith(cell.span + "/")]:
            del self._children[span]


class _RunReader:
    """The steps of one run."""

    def __init__(self, span: str) -> None:
        self._span = span
        self._steps: list[Step] = []

    def steps_with(self, calls: Calls) -> tuple[Step, ...]:
        """The steps, each cell with its calls, and each turn with the message that followed it."""
        steps = [_with_calls(step, calls) for step in self._steps]
        turns = [place for place, step in enumerate(steps) if isinstance(step, PastTurn)]
        for here, there in itertools.pairwise(turns):
            following, step = steps[there], steps[here]
            assert isinstance(step, PastTurn) and isinstance(following, PastTurn)
            if following.asked:
                steps[here] = replace(step, report=following.asked[-1].content)
        return tuple(steps)

    def read(self, span: str, body: object) -> None:
        is_own = span == self._span
        match body:
            case RunStarted() if is_own:
                self._steps.append(PastQuestion(body, self._last_turn()))
            case RunFinished() if is_own:
                usages = {"root_usage": body.root_usage, "sub_usage": body.sub_usage}
                self._change_question(finished=body, **usages)
            case CorpusLoaded() if is_own:
                self._change_question(loaded=body)
            case Notice(code="direct"):
                self._change_question(is_direct=True)
            case TurnStarted(turn=turn):
                self._steps.append(PastTurn(turn))
            case ReplyFinished():
                self._change_turn(reply=body, asked=tuple(body.messages))
            case CellStarted():
                self._cell_started(span, body)
            case CellFinished():
                self._change_cell(finished=body)
            case KernelRestarted():
                self._change_cell(is_replaced=True)
            case DraftUpdated():
                self._change_question(draft=body)
                self._change_cell(draft=body)

    def take_back(self, resumed: RunResumed) -> list[PastCell]:
        """Go back to where the session goes on; the cells that do not stand any more.

        Shape:   the last question is open again when it is gone on with, or something of it was taken back.
        """
        questions = 0
        kept: list[Step] = []
        gone: list[PastCell] = []
        is_open = resumed.why == "resume"
        for step in self._steps:
            questions += isinstance(step, PastQuestion)
            is_later = isinstance(step, PastTurn) and step.number >= resumed.turn
            is_later = is_later or (isinstance(step, PastCell) and step.number >= resumed.cell)
            if questions <= resumed.questions and not is_later:
                kept.append(step)
                continue
            is_open = is_open or questions == resumed.questions
            if (cell := cell_of(step)) is not None:
                gone.append(cell)
        self._steps = kept
        if is_open:
            self._change_question(finished=None)
        return gone

    def pay(self, root: Usage, sub: Usage) -> None:
        """Add to what the last question has cost."""
        question = self._question()
        if question is not None:
            self._change_question(root_usage=question.root_usage + root, sub_usage=question.sub_usage + sub)

    def count_call(self) -> None:
        """Count a request of a sub-call."""
        question = self._question()
        if question is not None:
            self._change_question(calls=question.calls + 1)

    def _cell_started(self, span: str, started: CellStarted) -> None:
        cell = PastCell(span, started.cell, self._last_turn(), started.code, started.origin)
        if parent_span(span) == "root":
            self._steps.append(replace(cell, origin="user"))
        else:
            self._change_turn(cell=cell)

    def _change_turn(self, **changes: object) -> None:
        if self._steps and isinstance(self._steps[-1], PastTurn):
            self._steps[-1] = replace(self._steps[-1], **changes)  # type: ignore[arg-type]

    def _change_cell(self, **changes: object) -> None:
        last = self._steps[-1] if self._steps else None
        if isinstance(last, PastCell):
            self._steps[-1] = replace(last, **changes)  # type: ignore[arg-type]
        elif isinstance(last, PastTurn) and last.cell is not None:
            self._change_turn(cell=replace(last.cell, **changes))  # type: ignore[arg-type]

    def _change_question(self, **changes: object) -> None:
        for place in range(len(self._steps) - 1, -1, -1):
            step = self._steps[place]
            if isinstance(step, PastQuestion):
                self._steps[place] = replace(step, **changes)  # type: ignore[arg-type]
                return

    def _question(self) -> PastQuestion | None:
        return next((step for step in reversed(self._steps) if isinstance(step, PastQuestion)), None)

    def _last_turn(self) -> int:
        return max((step.number for step in self._steps if isinstance(step, PastTurn)), default=0)


def _with_calls(step: Step, calls: Calls) -> Step:
    cell = cell_of(step)
    if cell is None:
        return step
    answers: dict[tuple[str, str], list[PastCall]] = defaultdict(list)
    has_gaps = False
    for span, queued, finished in calls.get(cell.span, []):
        has_gaps = has_gaps or finished is None or finished.status in _NOT_SENT
        if finished is not None:
            reply = CallReply(text=finished.text, problem=finished.problem, recorded=True)
            answers[queued.op, queued.prompt].append(PastCall(span, queued.model, reply))
    cell = replace(cell, calls=dict(answers), has_gaps=has_gaps)
    return replace(step, cell=cell) if isinstance(step, PastTurn) else cell
