"""`--resume`, `--continue` and `--fork`: a recorded session goes on, shown through a face."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from rlm_cli.base.errors import ExitCode, SessionError, UsageError
from rlm_cli.corpus.ingest import ReadingStopped
from rlm_cli.engine.past_reading import past_of
from rlm_cli.engine.resuming import resumption
from rlm_cli.events import Event
from rlm_cli.events.bodies import CorpusLoaded, RunStarted
from rlm_cli.ports import CallReply
from rlm_cli.runs.forking import Fork, forked
from rlm_cli.runs.in_turn import ask_in_turn, ask_waiting
from rlm_cli.runs.open_session import Asking, OpenSession, new_journal
from rlm_cli.runs.plan import AskPlan
from rlm_cli.runs.session import MakeFace
from rlm_cli.runs.signals import Presses, caught
from rlm_cli.stream.journal import Journal
from rlm_cli.stream.reading import Recording, read
from rlm_cli.views.run import RunView, standing


@dataclass(frozen=True)
class GoingOn:
    """What is asked of a recorded session.

    Shape:   way is `resume`, `continue` or `fork`; turn is that behind which to fork, None for the one before
             the last; question is the next one, or the edited one; empty where there is none.
    """

    way: str
    path: Path
    turn: int | None = None
    question: str = ""


@dataclass(frozen=True)
class Recalled:
    """What a plan needs to know of a recorded session: its last question, and its documents."""

    session: str
    started: RunStarted
    loaded: CorpusLoaded


def recalled(path: Path) -> Recalled:
    """Look into a session.

    Errors:  SessionError when it cannot be read, or ended before its documents were known.
    """
    recording = read(path)
    root = [event.body for event in recording.events if event.span == "root"]
    started = next((body for body in reversed(root) if isinstance(body, RunStarted)), None)
    loaded = next((body for body in reversed(root) if isinstance(body, CorpusLoaded)), None)
    session = recording.header.run
    if started is None or loaded is None:
        why = "it ended before its documents were read"
        raise SessionError(
            f"there is nothing to go on with in session {session}", why, "Ask the question again"
        )
    return Recalled(session, started, loaded)


def go_on(plan: AskPlan, going: GoingOn, make_face: MakeFace) -> int:
    """Go on with a session; the exit code.

    Errors:  RlmError for what is wrong before it goes on. From then on everything is an event.
    """
    return asyncio.run(_through(plan, going, make_face))


async def _through(plan: AskPlan, going: GoingOn, make_face: MakeFace) -> int:
    journal, events, known, question = _record(plan, going)
    session = OpenSession(plan, journal, events, known)
    subscription = session.bus.subscribe()
    shown = Preceded(_beginning(events, going, question), subscription)
    stands = standing(events, is_open=False) if question or going.way == "continue" else RunView()
    make = make_face(journal.path if journal else None, stands)
    face = asyncio.ensure_future(make(shown, session.submit))
    is_begun = False
    try:
        with caught(asyncio.get_running_loop()) as presses:
            try:
                is_begun = await _work(session, going, question, presses)
            finally:
                await session.close()
    finally:
        if not is_begun:
            face.cancel()
            if going.way == "fork" and journal is not None:
                shutil.rmtree(journal.path.parent, ignore_errors=True)
    if not is_begun:
        return ExitCode.TERMINATED if presses.is_terminated else ExitCode.INTERRUPTED
    return await face


async def _work(session: OpenSession, going: GoingOn, question: str, presses: Presses) -> bool:
    """Open, rebuild, and ask; whether it came to the asking."""
    try:
        await session.open(presses)
    except ReadingStopped:
        return False
    goes_on = None if question else resumption(session.past)
    if not _is_over(presses):
        await session.rebuild(goes_on.past if goes_on else session.past, going.way, presses)
    if _is_over(presses):
        return False
    if goes_on is None:
        await ask_in_turn(session, Asking(question, title=session.plan.session.title), presses)
    else:
        await ask_waiting(session, await session.go_on(goes_on, presses), presses)
    return True


def _is_over(presses: Presses) -> bool:
    return presses.is_any


def _record(plan: AskPlan, going: GoingOn) -> tuple[Journal | None, list[Event], dict[str, CallReply], str]:
    """The record to write, what it holds already, replies known beyond it, and the next question if any."""
    if going.way == "fork":
        recording = read(going.path)
        fork = forked(recording.events, recording.header.run, going.turn, going.question)
        known = past_of(recording.events).known
        return copied(plan, fork), fork.events, known, fork.next_question
    journal, recording = Journal.reopen(going.path)
    try:
        if going.way == "resume":
            _require_unfinished(recording)
    except BaseException:
        journal.close()
        raise
    return journal, recording.events, {}, going.question


def copied(plan: AskPlan, fork: Fork) -> Journal | None:
    """The record of a fork, its events in it; None when none is kept."""
    return recorded_as(plan, fork.events)


def recorded_as(plan: AskPlan, events: Sequence[Event]) -> Journal | None:
    """The record of a new session that begins with these events; None when none is kept."""
    journal = new_journal(plan)
    if journal is not None:
        for event in events:
            journal.append(event)
    return journal


def _require_unfinished(recording: Recording) -> None:
    session = recording.header.run
    questions = past_of(recording.events).questions
    finished = questions[-1].finished if questions else None
    if finished is not None and finished.status == "complete":
        raise UsageError(
            f"session {session} is complete",
            "its last question has its answer",
            f"rlm ask --continue 'your next question', or rlm ask --fork {session}@TURN",
        )


def _beginning(events: Sequence[Event], going: GoingOn, question: str) -> list[Event]:
    """What a face is shown before the session goes on: the question that does."""
    if question or going.way == "continue":
        return []
    return [event for event in events if isinstance(event.body, RunStarted) and event.span == "root"][-1:]


class Preceded(AsyncIterator[Event]):
    """Some recorded events, then those of a subscription."""

    def __init__(self, first: Sequence[Event], rest: AsyncIterator[Event]) -> None:
        self._first = list(first)
        self._rest = rest

    def unmerged(self) -> Preceded:
        """The same events, each as it was recorded."""
        rest = getattr(self._rest, "unmerged", lambda: self._rest)()
        return Preceded(self._first, rest)

    async def __anext__(self) -> Event:
        if self._first:
            return self._first.pop(0)
        return await anext(self._rest)
