"""A session as the work that is done in it: questions, turns, cells, replies, marks, spending.

Plain values; `past_reading` makes them of events. They know which turns are whole; what is done with them is
decided elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from rlm_cli.engine.replies import Code, read_reply
from rlm_cli.events.bodies import (
    CellFinished,
    CorpusLoaded,
    DraftUpdated,
    ReplyFinished,
    RunFinished,
    RunStarted,
)
from rlm_cli.events.values import Citation, Message, Usage
from rlm_cli.ports import CallReply

_BROKEN_OFF = ("interrupted", "died")


@dataclass(frozen=True)
class PastCall:
    """A sub-call that was answered: by whom (the span of the call), of which model, and with what."""

    span: str
    model: str
    reply: CallReply


@dataclass(frozen=True)
class PastCell:
    """A cell that was started; finished is None when the record ends before it did.

    Shape:   calls holds what each call was answered with, by its operation and prompt, in the order of
             asking; has_gaps: some of them were cancelled or refused. draft is the answer behind it, None
             when it did not change. is_replaced: the kernel was replaced behind it.
    """

    span: str
    number: int
    turn: int
    code: str
    origin: str = "model"
    finished: CellFinished | None = None
    draft: DraftUpdated | None = None
    calls: dict[tuple[str, str], list[PastCall]] = field(default_factory=dict)
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


def cell_of(step: Step) -> PastCell | None:
    """The cell of a step, None when it has none."""
    if isinstance(step, PastTurn):
        return step.cell
    return step if isinstance(step, PastCell) else None


@dataclass(frozen=True)
class TornChild:
    """A child run that came to no end: its question, and what its root model had replied, by turn."""

    question: str
    replies: dict[int, ReplyFinished] = field(default_factory=dict)


@dataclass(frozen=True)
class Past:
    """A session so far, in order; or a child run of it.

    Shape:   known are the good replies of all requests by their key, whatever was taken back since; marks
             are the citations by the number of their mark; torn are child runs that came to no end; children
             are the child runs that stand, at any depth, by the span of their call.
    """

    steps: tuple[Step, ...]
    known: dict[str, CallReply] = field(default_factory=dict)
    marks: dict[int, Citation] = field(default_factory=dict)
    torn: tuple[TornChild, ...] = ()
    children: Mapping[str, Past] = field(default_factory=dict)

    @property
    def questions(self) -> list[PastQuestion]:
        """Its questions."""
        return [step for step in self.steps if isinstance(step, PastQuestion)]

    @property
    def turns(self) -> list[PastTurn]:
        """Its turns."""
        return [step for step in self.steps if isinstance(step, PastTurn)]

    def cells(self) -> Iterator[PastCell]:
        """Its cells, those of the user among them; not those of its child runs."""
        return (cell for step in self.steps if (cell := cell_of(step)) is not None)

    @property
    def last_cell(self) -> int:
        """The number of the last cell that stands, 0 for none."""
        return max((cell.number for cell in self.cells()), default=0)

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
