"""One question from plan to exit code: opens a session, asks, shows it through a face, and closes it.

The face is given by the caller.
"""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

from rlm_cli.base.errors import ExitCode, RlmError
from rlm_cli.corpus.ingest import ReadingStopped
from rlm_cli.events import Event
from rlm_cli.events.commands import Command
from rlm_cli.runs.freshness import PATIENCE_SECONDS
from rlm_cli.runs.in_turn import ask_in_turn
from rlm_cli.runs.open_session import Asking, OpenSession, new_journal
from rlm_cli.runs.plan import AskPlan
from rlm_cli.runs.signals import Presses, caught
from rlm_cli.views.run import RunView

Face = Callable[[AsyncIterator[Event], Callable[[Command], None]], Awaitable[int]]
MakeFace = Callable[[Path | None, RunView], Face]
"""Makes the face of a run from the path of its session file, None when none is kept, and what stands."""


def run_question(plan: AskPlan, make_face: MakeFace) -> int:
    """Answer one question, and show it through a face; the exit code.

    Errors:  RlmError for what is wrong before the run has begun. From then on everything is an event.
    """
    return asyncio.run(_answered(plan, make_face))


async def _answered(plan: AskPlan, make_face: MakeFace) -> int:
    journal = new_journal(plan)
    path = journal.path if journal else None
    session = OpenSession(plan, journal)
    face = asyncio.ensure_future(make_face(path, RunView())(session.bus.subscribe(), session.submit))
    is_open = False
    try:
        with caught(asyncio.get_running_loop()) as presses:
            try:
                is_open = await _opened(session, presses)
                if is_open:
                    await ask_in_turn(session, Asking(plan.question, title=plan.session.title), presses)
            finally:
                await session.close()
    finally:
        if not is_open:
            face.cancel()
            _forget(path)
    if is_open:
        return await face
    if presses.is_terminated:
        return ExitCode.TERMINATED
    remedy = "What was read is kept: ask again, and it goes on from there"
    raise ReadingStopped("interrupted before the documents were read", "", remedy)


async def _opened(session: OpenSession, presses: Presses) -> bool:
    """Open the parts of the run; whether nobody has asked for the end meanwhile."""
    try:
        await session.open(presses, PATIENCE_SECONDS)
    except RlmError:
        if presses.is_any:
            return False
        raise
    return not presses.is_any


def _forget(path: Path | None) -> None:
    """A session in which nothing was asked leaves nothing behind."""
    if path is not None:
        shutil.rmtree(path.parent, ignore_errors=True)
