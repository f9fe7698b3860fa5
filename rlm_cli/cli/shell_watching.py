"""`/watch` of the shell: the last question again whenever files change, until Ctrl-C.

Each time in a session of its own, which the shell then has on its desk: what stood before the question is
built again over the files of today, and of its sub-calls only those are paid whose text has changed.
"""

from __future__ import annotations

import asyncio

from rlm_cli.base.errors import UsageError
from rlm_cli.base.text import counted
from rlm_cli.cli.shell_desk import Desk
from rlm_cli.corpus.watch import Watch
from rlm_cli.engine.past_reading import past_of
from rlm_cli.engine.recipe import AskedAgain
from rlm_cli.runs.changes import changes_between
from rlm_cli.runs.forking import before_question
from rlm_cli.runs.from_settings import read_options
from rlm_cli.runs.going_on import recorded_as
from rlm_cli.runs.open_session import Asking, OpenSession
from rlm_cli.runs.signals import Presses
from rlm_cli.runs.watching import answer_difference

_NAMED = 5


async def watch(desk: Desk, presses: Presses) -> None:
    """Wait for changes, and ask the last question again at each of them.

    Errors:  UsageError when there is no question, or nothing that can be watched.
    """
    if not past_of(desk.events).questions:
        raise UsageError("there is no question to ask again", "", "Ask one, then /watch")
    inputs = [str(desk.plan.cwd / each) for each in desk.plan.inputs if each != "-"]
    if not inputs:
        raise UsageError("a document on stdin cannot be watched", "", "Name files or folders")
    looking = await asyncio.to_thread(Watch, inputs, read_options(desk.plan.settings.corpus))
    try:
        if looking.why_deaf:
            every = f"looking at the files every {looking.seconds_between_looks:.0f} s"
            await desk.showing.say(f"{every}: {looking.why_deaf}", "dim")
        while (changed := await _change(desk, looking, presses)) is not None:
            more = f" and {len(changed) - _NAMED} more" if len(changed) > _NAMED else ""
            await desk.showing.say(f"changed: {', '.join(changed[:_NAMED])}{more}")
            await _ask_again(desk, presses)
            if presses.is_any:
                return
        await desk.showing.say("")  # the terminal has written ^C
    finally:
        await asyncio.to_thread(looking.close)


async def _change(desk: Desk, looking: Watch, presses: Presses) -> list[str] | None:
    """The files that have changed; None when somebody wants to go back to the prompt."""
    documents = counted(desk.session.parts.corpus.loaded.documents, "document")
    await desk.showing.say(f"watching {documents}; Ctrl-C comes back to the prompt", "dim")
    presses.on_interrupt = lambda force: looking.stop()
    presses.on_terminate = looking.stop
    try:
        return None if presses.is_any else await asyncio.to_thread(looking.wait)
    finally:
        presses.on_interrupt = presses.on_terminate = None


async def _ask_again(desk: Desk, presses: Presses) -> None:
    past = past_of(desk.events)
    question = past.questions[-1]
    turns = [turn for turn in past.turns if turn.number > question.turns_before]
    before, run_id = desk.session.parts.corpus.loaded, desk.run_id
    events = before_question(desk.events, run_id, question)
    session = OpenSession(desk.plan, recorded_as(desk.plan, events), events, past.known, is_new=True)
    await desk.open(session, presses, events)
    changed = None
    if session.past.steps:
        await desk.rebuild(session.past.closed(), presses, "fork")
    else:
        changed = changes_between(before, session.parts.corpus.loaded)
    if presses.is_any:
        return
    asking = Asking(
        question.started.question, origin=f"watch {run_id}", recipe=AskedAgain(turns), changed=changed
    )
    finished = await desk.ask_as(asking, presses)
    then = question.finished.answer if question.finished is not None else ""
    for line in answer_difference(then, finished.answer):
        await desk.showing.say(line)
