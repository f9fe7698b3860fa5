"""What a session's events say of the work that is done: questions, turns, cells, replies, marks, spending.

A pure fold. It knows which turns are whole; what is done with them is decided elsewhere.
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from rlm_cli.engine.replies import Code, read_reply
from rlm_cli.events import Event, depth_of, parent_span
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
from rlm_cli.events.values import Citation, Message, Usage
from rlm_cli.ports import CallReply

_BROKEN_OFF = ("interrupted", "died")
_NOT_SENT = ("cancelled", "refused")


@dataclass(frozen=True)
class PastCell:
    """A cell that was started; finished is None when the record ends before it did.

    Shape:   calls holds what each call was answered with, by its operation and prompt, in the order of
             asking; has_gaps: some of them were cancelled or refused. is_replaced: the kernel was replaced
             behind it.
    """

    number: int
    turn: int
    code: str
    origin: str = "model"
    finished: CellFinished | None = None
    calls: dict[tuple[str, str], list[CallReply]] = field(default_factory=dict)
    has_gaps: bool = False
    is_replaced: bool = False


@dataclass(frozen=True)
class PastTurn:
    """A turn: the reply of the root model, and its cell if it had one.

    Shape:   asked are the messages that its request added to the conversation; report is the message that
             followed its reply, None when it was never sent.
    """

    number: int
    asked: tuple[Message, ...] = ()
    reply: ReplyFinished | None = None
    cell: PastCell | None = None
    report: str | None = None

    @property
    def is_whole(self) -> bool:
        """Whether the reply is there, and its code, if it holds any, has run to an end."""
        if self.reply is None:
            return False
        if self.cell is None:
            return self.reply.finish != "stop" or not isinstance(read_reply(self.reply.text), Code)
        return self.cell.finished is not None

    @property
    def is_sound(self) -> bool:
        """Whether it is whole, and nothing in it was broken off by the end of the run."""
        cell = self.cell
        if not self.is_whole or cell is None or cell.finished is None:
            return self.is_whole
        return cell.finished.status not in _BROKEN_OFF and not cell.has_gaps


@dataclass(frozen=True)
class PastQuestion:
    """A question, and what came of it.

    Units:   turns_before counts the turns of the session before it; calls counts requests of sub-calls.
    Shape:   finished is None when the record ends before the run did; is_direct: it went to the model with
             the whole corpus in one call.
    """

    started: RunStarted
    turns_before: int
    loaded: CorpusLoaded | None = None
    finished: RunFinished | None = None
    is_direct: bool = False
    draft: DraftUpdated | None = None
    root_usage: Usage = field(default_factory=Usage)
    sub_usage: Usage = field(default_factory=Usage)
    calls: int = 0


Step = PastQuestion | PastTurn | PastCell
"""A `PastCell` that stands by itself was run by the user."""


@dataclass(frozen=True)
class TornChild:
    """A child run that came to no end: its question, and what its root model had replied, by turn."""

    question: str
    replies: dict[int, ReplyFinished] = field(default_factory=dict)


@dataclass(frozen=True)
class Past:
    """A session so far, in order.

    Shape:   known are the good replies of all requests by their key, whatever was taken back since; marks
             are the citations by the number of their mark; torn are child runs that came to no end.
    """

    steps: tuple[Step, ...]
    known: dict[str, CallReply]
    marks: dict[int, Citation]
    torn: tuple[TornChild, ...] = ()

    @property
    def questions(self) -> list[PastQuestion]:
        """Its questions."""
        return [step for step in self.steps if isinstance(step, PastQuestion)]

    @property
    def turns(self) -> list[PastTurn]:
        """Its turns."""
        return [step for step in self.steps if isinstance(step, PastTurn)]

    @property
    def last_cell(self) -> int:
        """The number of the last cell that stands, 0 for none."""
        cells = [step.cell if isinstance(step, PastTurn) else step for step in self.steps]
        return max((cell.number for cell in cells if isinstance(cell, PastCell)), default=0)

    @property
    def last_turn(self) -> int:
        """The number of the last turn that stands, 0 for none."""
        return max((turn.number for turn in self.turns), default=0)

    def up_to(self, turn: int, *, keeps_question: bool = True) -> Past:
        """The session as it was behind a turn: later turns, and cells of the user behind them, are left out.

        Shape:   a question whose first turn is later stays when keeps_question is set and it is the last.
        """
        later = (isinstance(step, PastTurn) and step.number > turn for step in self.steps)
        end = next((place for place, is_later in enumerate(later) if is_later), len(self.steps))
        kept = list(self.steps[:end])
        if kept and not keeps_question and isinstance(kept[-1], PastQuestion):
            kept.pop()
            for place in range(len(kept) - 1, -1, -1):
                step = kept[place]
                if isinstance(step, PastTurn):  # what was said behind it held the question that is left out
                    kept[place] = replace(step, report=None)
                    break
        return replace(self, steps=tuple(kept))

    def closed(self) -> Past:
        """The same, with its last question as if it had been ended where it stands."""
        questions = self.questions
        if not questions or questions[-1].finished is not None:
            return self
        last = questions[-1]
        ended = replace(
            last, finished=RunFinished(status="partial", stop="interrupted", exit_code=3, answer="")
        )
        return replace(self, steps=tuple(ended if step is last else step for step in self.steps))

    def reopened(self) -> Past:
        """The same, with its last question as if it had not ended."""
        last = self.questions[-1]
        steps = (_unfinished(last) if step is last else step for step in self.steps)
        return replace(self, steps=tuple(steps))


def _unfinished(question: PastQuestion) -> PastQuestion:
    return replace(question, finished=None)


def past_of(events: Iterable[Event]) -> Past:
    """What these events say; nothing is asked of their order."""
    reader = _Reader()
    for event in events:
        reader.read(event)
    return reader.past()


class _Reader:
    def __init__(self) -> None:
        self._steps: list[Step] = []
        self._known: dict[str, CallReply] = {}
        self._marks: dict[int, Citation] = {}
        self._torn: dict[str, TornChild] = {}
        self._queued: dict[str, tuple[SubQueued, int]] = {}
        self._calls: dict[str, list[tuple[SubQueued, SubFinished | None]]] = defaultdict(list)

    def past(self) -> Past:
        steps = [self._with_calls(step) for step in self._steps]
        turns = [place for place, step in enumerate(steps) if isinstance(step, PastTurn)]
        for here, there in itertools.pairwise(turns):
            following, step = steps[there], steps[here]
            assert isinstance(step, PastTurn) and isinstance(following, PastTurn)
            if following.asked:
                steps[here] = replace(step, report=following.asked[-1].content)
        return Past(tuple(steps), self._known, self._marks, tuple(self._torn.values()))

    def read(self, event: Event) -> None:
        self._read_replies(event)
        if depth_of(event.span) > 0:
            return
        match event.body:
            case RunStarted() as started if event.span == "root":
                self._steps.append(PastQuestion(started, self._last_turn()))
            case RunResumed() as resumed:
                self._take_back(resumed)
            case RunFinished() as finished if event.span == "root":
                self._change_question(
                    finished=finished, root_usage=finished.root_usage, sub_usage=finished.sub_usage
                )
            case CorpusLoaded() as loaded if event.span == "root":
                self._change_question(loaded=loaded)
            case Notice(code="direct"):
                self._change_question(is_direct=True)
            case TurnStarted(turn=turn):
                self._steps.append(PastTurn(turn))
            case ReplyFinished() as reply:
                self._change_turn(reply=reply, asked=tuple(reply.messages))
            case CellStarted() as cell:
                self._cell_started(event.span, cell)
            case CellFinished() as finished:
                self._change_cell(finished=finished)
            case KernelRestarted():
                self._change_cell(is_replaced=True)
            case DraftUpdated() as draft:
                self._change_question(draft=draft)

    def _read_replies(self, event: Event) -> None:
        """What is known and paid, in the whole tree of runs."""
        match event.body:
            case ReplyFinished() as reply:
                if reply.request and reply.finish == "stop":
                    self._known[reply.request] = CallReply(text=reply.text)
                is_root = event.span.count("/") <= 1
                above, _, turn = event.span.rpartition("/t")
                if above in self._torn and turn.isdigit():
                    self._torn[above].replies[int(turn)] = reply
                self._pay(reply.usage if is_root else Usage(), Usage() if is_root else reply.usage)
            case RunStarted(question=question) if event.span != "root":
                self._torn[event.span] = TornChild(question)
            case SubQueued() as queued:
                calls = self._calls[parent_span(event.span)]
                self._queued[event.span] = queued, len(calls)
                calls.append((queued, None))
            case SubStarted():
                self._count_call()
            case SubFinished() as finished:
                self._sub_finished(event.span, finished)
            case CitationMarked(mark=mark, citation=citation):
                self._marks[mark] = citation

    def _sub_finished(self, span: str, finished: SubFinished) -> None:
        if finished.status in ("ok", "recorded"):
            self._torn.pop(span, None)
        if span not in self._queued:
            return
        queued, place = self._queued.pop(span)
        if queued.op == "llm":
            self._pay(Usage(), finished.usage)
        if queued.request and finished.status in ("ok", "recorded"):
            self._known[queued.request] = CallReply(text=finished.text)
        self._calls[parent_span(span)][place] = (queued, finished)

    def _with_calls(self, step: Step) -> Step:
        if isinstance(step, PastQuestion):
            return step
        cell = step if isinstance(step, PastCell) else step.cell
        if cell is None:
            return step
        span = f"root/t{cell.turn}/c{cell.number}" if cell.origin == "model" else f"root/c{cell.number}"
        answers: dict[tuple[str, str], list[CallReply]] = defaultdict(list)
        has_gaps = False
        for queued, finished in self._calls.get(span, []):
            has_gaps = has_gaps or finished is None or finished.status in _NOT_SENT
            if finished is not None:
                reply = CallReply(text=finished.text, problem=finished.problem, recorded=True)
                answers[queued.op, queued.prompt].append(reply)
        cell = replace(cell, calls=dict(answers), has_gaps=has_gaps)
        return cell if isinstance(step, PastCell) else replace(step, cell=cell)

    def _take_back(self, resumed: RunResumed) -> None:
        questions = 0
        kept: list[Step] = []
        for step in self._steps:
            if isinstance(step, PastQuestion):
                questions += 1
                if questions > resumed.questions:
                    break
            elif isinstance(step, PastTurn) and step.number >= resumed.turn:
                self._forget_calls(step.cell)
                continue
            elif isinstance(step, PastCell) and step.number >= resumed.cell:
                self._forget_calls(step)
                continue
            kept.append(step)
        self._steps = kept
        self._change_question(finished=None)

    def _forget_calls(self, cell: PastCell | None) -> None:
        if cell is not None:
            self._calls.pop(f"root/t{cell.turn}/c{cell.number}", None)
            self._calls.pop(f"root/c{cell.number}", None)

    def _cell_started(self, span: str, started: CellStarted) -> None:
        turn = self._last_turn()
        cell = PastCell(started.cell, turn, started.code, started.origin)
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

    def _pay(self, root: Usage, sub: Usage) -> None:
        question = self._question()
        if question is not None:
            self._change_question(root_usage=question.root_usage + root, sub_usage=question.sub_usage + sub)

    def _count_call(self) -> None:
        question = self._question()
        if question is not None:
            self._change_question(calls=question.calls + 1)

    def _last_turn(self) -> int:
        return max((step.number for step in self._steps if isinstance(step, PastTurn)), default=0)
