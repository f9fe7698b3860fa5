"""Questions in a row over one session: the one at hand, then each that was put behind it meanwhile.

Knows no face: a face submits the command `Ask`, and the session keeps what waits.
"""

from __future__ import annotations

from rlm_cli.events.bodies import Notice, RunFinished
from rlm_cli.runs.open_session import Asking, OpenSession
from rlm_cli.runs.signals import Presses


async def ask_in_turn(session: OpenSession, asking: Asking, presses: Presses) -> RunFinished:
    """Ask a question, and then those that wait; how the last one ended."""
    return await ask_waiting(session, await session.ask(asking, presses), presses, asking.first_force)


async def ask_waiting(
    session: OpenSession, finished: RunFinished, presses: Presses, first_force: int = 1
) -> RunFinished:
    """Ask the questions that wait, until one fails or somebody wants the end: the others are named then."""
    while session.waiting and finished.status != "failed" and not presses.is_any:
        finished = await session.ask(Asking(session.waiting.popleft(), first_force=first_force), presses)
    while session.waiting:
        text = f"not asked: {session.waiting.popleft()}"
        session.bus.emit("root", Notice(level="warning", code="not_asked", text=text))
    return finished
