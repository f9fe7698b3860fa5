"""What the shell has on its desk: the open session, its events so far, a face for each question."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import replace

from rlm_cli.base.errors import UsageError
from rlm_cli.cli.facing import face_maker, sink_of
from rlm_cli.engine.past import Past
from rlm_cli.engine.past_reading import past_of
from rlm_cli.engine.resuming import resumption
from rlm_cli.events import Event
from rlm_cli.events.bodies import RunFinished
from rlm_cli.faces.shell.showing import Showing
from rlm_cli.runs.foreign import require_own
from rlm_cli.runs.forking import forked, whole_copy
from rlm_cli.runs.freshness import PATIENCE_SECONDS
from rlm_cli.runs.going_on import copied, recalled
from rlm_cli.runs.going_on_settings import recorded_inputs
from rlm_cli.runs.in_turn import ask_in_turn, ask_waiting
from rlm_cli.runs.open_session import Asking, OpenSession
from rlm_cli.runs.plan import AskPlan
from rlm_cli.runs.signals import Presses
from rlm_cli.stream.journal import Journal
from rlm_cli.stream.sessions import Sessions
from rlm_cli.views.run import standing

_FIRST_FORCE = 2
"""In the shell the first Ctrl-C comes back to the prompt: it interrupts the cell as well."""


class Desk:
    """The session at hand, and what is done with it."""

    def __init__(self, plan: AskPlan, showing: Showing, environ: Mapping[str, str]) -> None:
        self.plan = plan
        self.showing = showing
        self.environ = environ
        self.events: list[Event] = []
        self.is_over = False
        self._session: OpenSession | None = None
        self._tape: asyncio.Task[None] | None = None

    @property
    def has_session(self) -> bool:
        """Whether a session is open."""
        return self._session is not None

    @property
    def session(self) -> OpenSession:
        """The open session."""
        assert self._session is not None
        return self._session

    @property
    def run_id(self) -> str:
        """The name of the session; empty when no record is kept."""
        journal = self.session.journal
        return journal.path.parent.name if journal is not None else ""

    async def open(self, session: OpenSession, presses: Presses, events: list[Event] | None = None) -> None:
        """Take up a session, which holds these events already, and start its kernel.

        Errors:  CorpusError, SettingsError.
        """
        tape = session.bus.subscribe(merges=False)
        try:
            async with self._shown(session, self.showing.told):
                await session.open(presses, None if session.events else PATIENCE_SECONDS)
                session.sitting.warm_up(session.tree, session.parts.corpus)
                await session.sitting.warmed_up()  # it may have to ask, and then it needs the terminal
        except BaseException:
            await session.discard()
            raise
        await self.close()
        self._session = session
        self.events = list(events if events is not None else session.events)
        self._tape = asyncio.ensure_future(self._record(tape))

    async def rebuild(self, past: Past, presses: Presses, why: str = "continue") -> None:
        """Make the state of a past again."""
        async with self._shown(self.session, self.showing.told):
            await self.session.rebuild(past, why, presses)

    async def ask(self, question: str, presses: Presses) -> None:
        """Ask the root model; the run is shown by the face of the settings."""
        asking = Asking(question, first_force=_FIRST_FORCE)
        await self._with_face(lambda: ask_in_turn(self.session, asking, presses))

    async def ask_as(self, asking: Asking, presses: Presses) -> RunFinished:
        """Ask the root model in a way of its own; how it ended."""
        ended: list[RunFinished] = []

        async def work() -> None:
            ended.append(await self.session.ask(replace(asking, first_force=_FIRST_FORCE), presses))

        await self._with_face(work)
        return ended[0]

    def wear(self, theme: str) -> None:
        """Show everything in the colours of a theme from now on."""
        settings = self.plan.settings
        settings = replace(settings, output=replace(settings.output, theme=theme))
        self.plan = replace(self.plan, settings=settings)
        self.showing.write_to(sink_of(settings, self.environ))

    async def run_python(self, code: str, presses: Presses) -> None:
        """Run the user's code in the kernel."""
        async with self._shown(self.session, self.showing.cell):
            await self.session.run_cell(code, presses)

    async def run_system(self, command: str) -> None:
        """Run a command in the user's own shell."""
        shell = self.environ.get("SHELL") or "/bin/sh"
        process = await asyncio.create_subprocess_exec(shell, "-c", command)
        code = await process.wait()
        if code:
            await self.showing.say(f"exit code {code}", "warning")

    async def undo(self, presses: Presses) -> None:
        """Take back the last question and all that came of it.

        Errors:  UsageError when there is none.
        """
        past = past_of(self.events)
        if not past.questions:
            raise UsageError("there is no question to take back")
        before = past.questions[-1].turns_before
        async with self._shown(self.session, self.showing.told):
            await self.session.rewind(past.up_to(before, keeps_question=False), presses)

    async def fork(self, turn: int | None, question: str, presses: Presses) -> None:
        """Go on in a session of its own, from behind a turn; with a question, it is asked there.

        Errors:  UsageError when there is no such turn.
        """
        if not past_of(self.events).questions:
            raise UsageError("there is no question to fork")
        is_whole = turn is None and not question
        made = (
            whole_copy(self.events, self.run_id)
            if is_whole
            else forked(self.events, self.run_id, turn, question)
        )
        known = past_of(self.events).known
        session = OpenSession(self.plan, copied(self.plan, made), made.events, known, is_new=True)
        await self.open(session, presses, made.events)
        goes_on = resumption(session.past) if question and not made.next_question else None
        await self.rebuild(goes_on.past if goes_on else session.past.closed(), presses, "fork")
        if goes_on is not None:

            async def work() -> None:
                finished = await session.go_on(goes_on, presses)
                await ask_waiting(session, finished, presses, _FIRST_FORCE)

            await self._with_face(work)
        elif made.next_question:
            await self.ask(made.next_question, presses)

    async def open_recorded(self, reference: str, presses: Presses) -> None:
        """Go on with another session, over its own documents.

        Errors:  SessionError when it is not found or in use; CorpusError.
        """
        path = Sessions(self.plan.directories.sessions).find(reference)
        require_own(path, self.plan.directories.sessions, "opening a session")
        found = recalled(path)
        journal, recording = Journal.reopen(path)
        plan = replace(self.plan, inputs=recorded_inputs(found.loaded))
        session = OpenSession(plan, journal, recording.events)
        await self.open(session, presses)
        self.plan = plan
        await self.rebuild(session.past.closed(), presses)

    async def close(self) -> None:
        """End the session at hand."""
        if self._session is None:
            return
        session, self._session = self._session, None
        await session.close()
        if self._tape is not None:
            await self._tape
            self._tape = None

    async def _with_face(self, work: Callable[[], Awaitable[object]]) -> None:
        session = self.session
        path = session.journal.path if session.journal is not None else None
        make_face = face_maker(self.plan.settings, self.environ)
        face = make_face(path, standing(self.events, is_open=True))

        async def show(events: AsyncIterator[Event]) -> None:
            await face(events, session.submit)

        async with self._shown(session, show):
            await work()

    @contextlib.asynccontextmanager
    async def _shown(
        self, session: OpenSession, show: Callable[[AsyncIterator[Event]], Awaitable[None]]
    ) -> AsyncIterator[None]:
        """What happens meanwhile is shown, to its end. Between two of these no time of the session passes."""
        events = session.bus.subscribe()
        shown = asyncio.ensure_future(show(events))
        session.clock.go_on()
        try:
            yield
        finally:
            session.clock.hold()
            events.end()
            await shown
            await events.aclose()

    async def _record(self, tape: AsyncIterator[Event]) -> None:
        async for event in tape:
            self.events.append(event)
