"""`--watch`: a question that is asked again when its files change, each time in a session of its own.

Replies that are known stay known: a sub-call whose text has not changed is never paid again, and the root
model's recorded turns stand as far as `engine.recipe.AskedAgain` lets them.
"""

from __future__ import annotations

import asyncio
import difflib
import shutil
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from rlm_cli.base.errors import ExitCode, UsageError
from rlm_cli.base.text import counted
from rlm_cli.corpus.ingest import ReadingStopped
from rlm_cli.corpus.watch import Watch
from rlm_cli.engine.past import Past
from rlm_cli.engine.past_reading import past_of
from rlm_cli.engine.recipe import AskedAgain
from rlm_cli.events.bodies import CorpusLoaded, RunFinished
from rlm_cli.ports import CallReply
from rlm_cli.runs.changes import changes_between
from rlm_cli.runs.from_settings import read_options
from rlm_cli.runs.open_session import Asking, OpenSession, new_journal
from rlm_cli.runs.plan import AskPlan
from rlm_cli.runs.session import MakeFace
from rlm_cli.runs.signals import Presses, caught
from rlm_cli.stream.reading import read
from rlm_cli.views.run import RunView

_NAMED = 5
Say = Callable[[str], None]


@dataclass(frozen=True)
class Round:
    """One asking: how it ended, the documents it was asked of, and what the next may use of it."""

    code: int
    session: str
    finished: RunFinished
    past: Past
    loaded: CorpusLoaded


def ask_and_watch(plan: AskPlan, make_face: MakeFace, say: Say) -> int:
    """Ask, and ask again whenever files change, until somebody presses Ctrl-C; the last exit code.

    Errors:  UsageError when the answers have no record, or nothing can be watched.
    """
    if not plan.session.is_kept:
        raise UsageError("--watch needs the record of what was paid", "--no-save keeps none")
    inputs = [str(plan.cwd / each) for each in plan.inputs if each != "-"]
    if not inputs:
        raise UsageError("a document on stdin cannot be watched", "", "Name files or folders")
    watch = Watch(inputs, read_options(plan.settings.corpus))
    if watch.why_deaf:
        say(f"looking at the files every {watch.seconds_between_looks:.0f} s: {watch.why_deaf}")
    try:
        return _rounds(plan, make_face, say, watch)
    finally:
        watch.close()


def _rounds(plan: AskPlan, make_face: MakeFace, say: Say, watch: Watch) -> int:
    known: dict[str, CallReply] = {}
    before: Round | None = None
    last = asyncio.run(_asked(plan, make_face, None, known))
    while not isinstance(last, int):
        with _stopping(watch):
            changed = _waited(before, last, say, watch)
        if changed is None:
            return last.code
        more = f" and {len(changed) - _NAMED} more" if len(changed) > _NAMED else ""
        say(f"changed: {', '.join(changed[:_NAMED])}{more}")
        known.update(last.past.known)
        before, last = last, asyncio.run(_asked(plan, make_face, last, known))
    return last


def _waited(before: Round | None, last: Round, say: Say, watch: Watch) -> list[str] | None:
    """Tell how the answer differs from the one before, and wait for a change; None when it is to end."""
    if before is not None:
        for line in answer_difference(before.finished.answer, last.finished.answer):
            say(line)
    if last.finished.stop in ("interrupted", "terminated"):
        return None
    say(f"watching {counted(last.loaded.documents, 'document')}; Ctrl-C ends it")
    return watch.wait()


async def _asked(
    plan: AskPlan, make_face: MakeFace, before: Round | None, known: dict[str, CallReply]
) -> Round | int:
    """One asking; an exit code when it did not come to that."""
    journal = new_journal(plan)
    assert journal is not None
    path = journal.path
    session = OpenSession(plan, journal, known=known)
    face = asyncio.ensure_future(make_face(path, RunView())(session.bus.subscribe(), session.submit))
    finished: RunFinished | None = None
    try:
        with caught(asyncio.get_running_loop()) as presses:
            try:
                finished = await _run(session, before, presses)
            finally:
                await session.close()
    finally:
        if finished is None:
            face.cancel()
            shutil.rmtree(path.parent, ignore_errors=True)
    if finished is None:
        return ExitCode.TERMINATED if presses.is_terminated else ExitCode.INTERRUPTED
    code = await face
    loaded = session.parts.corpus.loaded
    return Round(code, path.parent.name, finished, past_of(read(path).events), loaded)


async def _run(session: OpenSession, before: Round | None, presses: Presses) -> RunFinished | None:
    try:
        await session.open(presses)
    except ReadingStopped:
        return None
    if presses.is_any:
        return None
    asking = Asking(session.plan.question, title=session.plan.session.title)
    if before is not None:
        changed = changes_between(before.loaded, session.parts.corpus.loaded)
        recipe = AskedAgain(before.past.turns)
        asking = replace(asking, origin=f"watch {before.session}", recipe=recipe, changed=changed)
    return await session.ask(asking, presses)


def answer_difference(before: str, after: str) -> list[str]:
    """How an answer differs from the one before, in lines: nothing, or what was taken out and put in."""
    if before.strip() == after.strip():
        return ["the answer is the same"]
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), lineterm="", n=1)
    body = [line for line in lines if not line.startswith(("---", "+++", "@@"))]
    return ["the answer has changed:", *(f"  {line}" for line in body)]


@contextmanager
def _stopping(watch: Watch) -> Iterator[None]:
    """Ctrl-C and the ends of the session end the waiting."""
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.signal(number, lambda *_: watch.stop()) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
