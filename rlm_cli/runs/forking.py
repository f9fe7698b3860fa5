"""A fork: the events of a session up to one of its turns, as the beginning of another. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from msgspec.structs import replace

from rlm_cli.base.errors import UsageError
from rlm_cli.engine.past import Past, PastQuestion
from rlm_cli.engine.past_reading import past_of
from rlm_cli.events import Event
from rlm_cli.events.bodies import (
    ReplyDelta,
    ReplyFinished,
    RunFinished,
    RunStarted,
    SubFinished,
    SubStarted,
    TurnStarted,
)
from rlm_cli.events.values import Message, Usage


@dataclass(frozen=True)
class Fork:
    """The events of a fork, numbered anew and without cost.

    Shape:   next_question is what is to be asked behind them; empty when the last question of them goes on.
    """

    events: list[Event]
    turn: int
    next_question: str = ""


def forked(events: Sequence[Event], session: str, turn: int | None, question: str) -> Fork:
    """The fork of a session behind a turn.

    Shape:   turn None is the turn before the last. Behind the last turn of a question that is complete, the
             question is the next one; anywhere else it stands in place of the one that was asked, and an
             empty one leaves that as it is.
    Errors:  UsageError when there is no such turn, or nothing to ask behind it.
    """
    past = past_of(events)
    turns = [each.number for each in past.turns]
    if not past.questions:
        raise UsageError(f"session {session} holds no question", "", "See: rlm sessions list")
    behind = max(0, (turns[-1] if turns else 0) - 1) if turn is None else turn
    if behind not in (0, *turns):
        there = f"it has {len(turns)}" if turns else "it has none"
        raise UsageError(f"session {session} has no turn {behind}", there, f"See: rlm replay {session}")
    if behind and (owner := _completed_by(past, behind)) is not None:
        if not question:
            why = f"turn {behind} ended with the answer"
            remedy = f"rlm ask --fork {session}@{max(0, behind - 1)}, or add the next question"
            raise UsageError("there is nothing to ask", why, remedy)
        end = next(i for i, e in enumerate(events) if e.body is owner.finished) + 1
        return Fork(_renewed(events[:end], session, behind, ""), behind, question)
    starts = [i for i, e in enumerate(events) if _starts(e, behind + 1)]
    end = starts[-1] if starts else len(events)
    return Fork(_renewed(events[:end], session, behind, question), behind)


def whole_copy(events: Sequence[Event], session: str) -> Fork:
    """A fork behind everything that there is."""
    turn = past_of(events).last_turn
    return Fork(_renewed(events, session, turn, ""), turn)


def before_question(events: Sequence[Event], session: str, question: PastQuestion) -> list[Event]:
    """The events before a question was asked, as the beginning of another session."""
    end = next(place for place, event in enumerate(events) if event.body is question.started)
    if any(isinstance(event.body, RunStarted) and event.span == "root" for event in events[:end]):
        return _renewed(events[:end], session, question.turns_before, "")
    return list(events[:end])


def _starts(event: Event, turn: int) -> bool:
    body = event.body
    return isinstance(body, TurnStarted) and body.turn == turn and event.span == f"root/t{turn}"


def _completed_by(past: Past, turn: int) -> PastQuestion | None:
    """The question that a turn has completed; None when it was another turn, or the question goes on."""
    questions = past.questions
    ends = [each.turns_before for each in questions[1:]] + [past.last_turn]
    for question, end in zip(questions, ends, strict=True):
        if end == turn and question.finished is not None and question.finished.stop == "ready":
            return question
    return None


def _renewed(events: Sequence[Event], session: str, turn: int, question: str) -> list[Event]:
    """These events as a record of their own: paid elsewhere, the last question edited."""
    last = max(i for i, e in enumerate(events) if isinstance(e.body, RunStarted) and e.span == "root")
    asked = events[last].body
    assert isinstance(asked, RunStarted)
    kept: list[Event] = []
    for place, event in enumerate(events):
        body: Any = event.body
        match body:
            case ReplyDelta() | SubStarted():
                continue
            case RunStarted() if event.span == "root":
                edited = question if question and place == last else body.question
                body = replace(body, question=edited, origin=f"fork {session}@{turn}")
            case ReplyFinished():
                messages = body.messages
                if question and place > last:
                    messages = [_edited(message, asked.question, question) for message in messages]
                body = replace(body, usage=Usage(), attempts=0, recorded=True, messages=messages)
            case SubFinished():
                status = "recorded" if body.status == "ok" else body.status
                body = replace(body, usage=Usage(), status=status)
            case RunFinished():
                body = replace(body, root_usage=Usage(), sub_usage=Usage())
        kept.append(replace(event, seq=len(kept) + 1, body=body))
    return kept


def _edited(message: Message, old: str, new: str) -> Message:
    """A message with another question in the place where the last one stands."""
    before, mark, behind = message.content.rpartition(f"<question>\n{old}\n</question>")
    return Message(message.role, f"{before}<question>\n{new}\n</question>{behind}") if mark else message
