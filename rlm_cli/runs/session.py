"""One question from plan to exit code: joins corpus, models, kernel, engine, journal and face.

The only place where the engine meets its adapters. The face is given by the caller.
"""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path

from rlm_cli.base.errors import ExitCode, RlmError
from rlm_cli.corpus.ingest import ReadingStopped
from rlm_cli.corpus.progress import Progress, progress_line
from rlm_cli.engine.run import Asked, Run
from rlm_cli.engine.stops import Stop
from rlm_cli.engine.tree import Tree
from rlm_cli.events import Event
from rlm_cli.events.bodies import Notice
from rlm_cli.events.commands import Command, Decide, Interrupt
from rlm_cli.models.redaction import redact
from rlm_cli.ports import Model
from rlm_cli.runs.confinement import demanded, kernels
from rlm_cli.runs.consent import Consent
from rlm_cli.runs.from_settings import run_settings
from rlm_cli.runs.going_on_settings import settings_to_record
from rlm_cli.runs.opening import Opened, opened
from rlm_cli.runs.plan import AskPlan
from rlm_cli.runs.signals import Presses, caught
from rlm_cli.stream.bus import Bus
from rlm_cli.stream.clock import MonotonicClock
from rlm_cli.stream.header import new_header
from rlm_cli.stream.journal import Journal
from rlm_cli.stream.sessions import Sessions

_FIRST_PROGRESS_SECONDS = 1.0
_PROGRESS_SECONDS = 5.0

Face = Callable[[AsyncIterator[Event], Callable[[Command], None]], Awaitable[int]]
MakeFace = Callable[[Path | None], Face]
"""Makes the face of a run whose session file is at this path; None when none is kept."""


def run_question(plan: AskPlan, make_face: MakeFace) -> int:
    """Answer one question, and show it through a face; the exit code.

    Errors:  RlmError for what is wrong before the run has begun. From then on everything is an event.
    """
    return asyncio.run(_Answering(plan).through(make_face))


class _Answering:
    """One question under way."""

    def __init__(self, plan: AskPlan) -> None:
        self._plan = plan
        self._clock = MonotonicClock()
        self._run: Run | None = None
        self._consent: Consent | None = None

    async def through(self, make_face: MakeFace) -> int:
        journal = self._journal()
        path = journal.path if journal else None
        bus = Bus(self._clock, journal)
        face = asyncio.ensure_future(make_face(path)(bus.subscribe(), self._submit))
        try:
            with caught(asyncio.get_running_loop()) as presses:
                parts = await self._opened(bus, presses)
                if parts is not None:
                    await self._go(bus, parts, presses)
        finally:
            bus.close()
            if self._run is None:
                face.cancel()
                _forget(path)
        if self._run is None:
            if presses.is_terminated:
                return ExitCode.TERMINATED
            remedy = "What was read is kept: ask again, and it goes on from there"
            raise ReadingStopped("interrupted before the documents were read", "", remedy)
        return await face

    async def _opened(self, bus: Bus, presses: Presses) -> Opened | None:
        """The parts of the run; None when somebody has asked for the end meanwhile."""
        try:
            parts = await opened(self._plan, self._progress(bus), lambda: presses.is_any)
        except RlmError:
            if presses.is_any:
                return None
            raise
        return None if presses.is_any else parts

    async def _go(self, bus: Bus, parts: Opened, presses: Presses) -> None:
        self._consent = Consent(
            lambda body: bus.emit("root", body), self._plan.can_be_asked, lambda: presses.is_any
        )
        demand = demanded(self._plan.settings.sandbox, self._plan.directories)
        tree = Tree(
            bus,
            self._clock,
            kernels(demand, self._consent),
            parts.models,
            run_settings(self._plan.settings, self._plan.output.schema),
        )
        why = "" if parts.why == "named" else parts.why
        recorded = settings_to_record(self._plan)
        title = self._plan.session.title
        asked = Asked(self._plan.question, title=title, models_why=why, settings=recorded)
        run = Run(tree, parts.corpus, asked)
        self._run = run
        presses.on_interrupt = lambda force: run.control.submit(Interrupt(force))
        presses.on_terminate = lambda: run.control.request_stop(Stop.TERMINATED, force=2)
        try:
            for text in self._plan.settings.notices:
                bus.emit("root", Notice(level="warning", code="settings", text=text))
            await run.go()
        finally:
            for model in {id(each): each for each in _all(parts)}.values():
                await model.close()

    def _submit(self, command: Command) -> None:
        if isinstance(command, Decide) and self._consent is not None:
            self._consent.decide(command)
        if self._run is not None:
            self._run.control.submit(command)

    def _journal(self) -> Journal | None:
        if not self._plan.session.is_kept:
            return None
        secrets = [value for name, value in self._plan.environ.items() if name.endswith(("_KEY", "_TOKEN"))]
        argv = [redact(each, secrets) for each in self._plan.argv]
        return Sessions(self._plan.directories.sessions).create(new_header(datetime.now(UTC), argv))

    def _progress(self, bus: Bus) -> Callable[[Progress], None]:
        """Says how far the reading is: after a second for the first time, then at most every five."""
        loop = asyncio.get_running_loop()
        began = self._clock.now()
        next_at = began + _FIRST_PROGRESS_SECONDS

        def tell(progress: Progress) -> None:
            nonlocal next_at
            if self._clock.now() < next_at:
                return
            next_at = self._clock.now() + _PROGRESS_SECONDS
            text = progress_line(progress, self._clock.now() - began)
            loop.call_soon_threadsafe(bus.emit, "root", Notice(level="info", code="reading", text=text))

        return tell


def _all(parts: Opened) -> list[Model]:
    return [parts.models.root, parts.models.sub, *parts.models.aliases.values()]


def _forget(path: Path | None) -> None:
    """A session in which nothing was asked leaves nothing behind."""
    if path is not None:
        shutil.rmtree(path.parent, ignore_errors=True)
