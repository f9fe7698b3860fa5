"""A session that is open: its record, its parts and its sitting, over which one question follows the other.

Joins engine and adapters for whatever asks more than once, or goes on with a record: `--resume`,
`--continue`, `--fork`, `--watch`, the shell. Knows no face and no terminal.
"""

from __future__ import annotations

import asyncio
import gc
import shutil
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from rlm_cli.corpus.indexing import Indexing
from rlm_cli.corpus.indexing import begin as begin_indexing
from rlm_cli.corpus.progress import Progress, progress_line
from rlm_cli.engine.asked import Asked
from rlm_cli.engine.citations import rechecked
from rlm_cli.engine.past import Past
from rlm_cli.engine.past_reading import past_of
from rlm_cli.engine.rebuilding import Rebuilding
from rlm_cli.engine.recipe import Recipe
from rlm_cli.engine.resuming import Resumption
from rlm_cli.engine.run import Run
from rlm_cli.engine.sitting import Sitting
from rlm_cli.engine.stops import Stop
from rlm_cli.engine.tree import Models, RunSettings, Tree
from rlm_cli.engine.user_cells import UserCell, peek
from rlm_cli.events import Event
from rlm_cli.events.bodies import CorpusChanged, CorpusLoaded, Notice, RunFinished, RunResumed
from rlm_cli.events.commands import Ask, Command, Decide, Interrupt
from rlm_cli.models.redaction import redact
from rlm_cli.ports import CallReply, CellResult, ModelFacts
from rlm_cli.runs.changes import changes_between, note_of
from rlm_cli.runs.confinement import asks, demanded, kernels
from rlm_cli.runs.consent import Consent
from rlm_cli.runs.freshness import Freshness
from rlm_cli.runs.from_settings import run_settings
from rlm_cli.runs.going_on_settings import settings_to_record
from rlm_cli.runs.opening import Opened, opened, opened_model
from rlm_cli.runs.plan import AskPlan
from rlm_cli.runs.signals import Presses
from rlm_cli.stream.bus import Bus
from rlm_cli.stream.clock import MonotonicClock
from rlm_cli.stream.header import new_header
from rlm_cli.stream.journal import Journal
from rlm_cli.stream.sessions import Sessions

_FIRST_PROGRESS_SECONDS = 1.0
_PROGRESS_SECONDS = 5.0
_COLLECTED_EACH = 20_000


@dataclass(frozen=True)
class Asking:
    """A question for an open session.

    Shape:   recipe holds replies of the root model that are taken from a record; changed are the documents
             that are not as they were for it; first_force is the force of the first Ctrl-C.
    """

    question: str
    title: str = ""
    origin: str = ""
    recipe: Recipe | None = None
    changed: CorpusChanged | None = None
    first_force: int = 1


class OpenSession:
    """One session file, open for writing.

    Shape:   journal None keeps no record; events are what it holds already; known are replies of other
             sessions that may stand for requests of this one; is_new: the record was made for it; waiting are
             the questions to be asked after the one at hand.
    """

    def __init__(
        self,
        plan: AskPlan,
        journal: Journal | None,
        events: Sequence[Event] = (),
        known: Mapping[str, CallReply] | None = None,
        is_new: bool = False,
    ) -> None:
        self.plan = plan
        self.journal = journal
        self.clock = MonotonicClock()
        self.bus = Bus(self.clock, journal, events[-1].t if events else 0.0)
        self.events = list(events)
        self._is_new = is_new
        self.past: Past = past_of(events)
        self.loaded_then = next((e.body for e in reversed(events) if _is_loaded(e)), None)
        self.sitting = Sitting()
        self._known = {**(known or {}), **self.past.known}
        self._parts: Opened | None = None
        self._tree: Tree | None = None
        self._run: Run | None = None
        self._early: list[Command] = []
        self.waiting: deque[str] = deque()
        self._consent: Consent | None = None
        self._last_result: CellResult | None = None
        self._indexing: Indexing | None = None
        self._freshness: Freshness | None = None

    @property
    def parts(self) -> Opened:
        """Corpus and models; there are none before `open`."""
        assert self._parts is not None
        return self._parts

    @property
    def tree(self) -> Tree:
        """What the last question was asked with."""
        assert self._tree is not None
        return self._tree

    async def open(self, presses: Presses, patience_seconds: float | None = None) -> None:
        """Open corpus and models, side by side.

        Units:   patience_seconds is how long to wait for the check of documents that were read before; None
                 waits for its end.
        Errors:  CorpusError, SettingsError.
        """
        _spare_the_collector()
        progress = telling_progress(self.bus, self.clock)
        self._parts = await opened(self.plan, progress, lambda: presses.is_any)
        self._consent = Consent(
            lambda body: self.bus.emit("root", body), self.plan.can_be_asked, lambda: presses.is_any
        )
        demand = demanded(self.plan.settings.sandbox, self.plan.directories)
        self._tree = Tree(
            self.bus,
            self.clock,
            kernels(demand, self._consent),
            self._parts.models,
            run_settings(self.plan.settings, self.plan.output.schema),
            known=self._known,
        )
        if self.past.marks:
            self._tree.citations = await asyncio.to_thread(rechecked, self.past.marks, self._parts.corpus)
        await self._settle(patience_seconds, is_kernel_free=not asks(demand))
        self._indexing = begin_indexing(self._parts.corpus.mount, self._parts.corpus.text_bytes)

    async def _settle(self, patience_seconds: float | None, is_kernel_free: bool) -> None:
        """Take the documents as they are on the disk; the kernel starts meanwhile where it asks nothing."""
        kept = self.parts.corpus
        self._freshness = Freshness(self.parts, lambda body: self.bus.emit("root", body), self._note)
        is_waited_for = patience_seconds is not None and not await self._freshness.is_settled_soon()
        if is_waited_for and is_kernel_free:
            self.sitting.warm_up(self.tree, kept)
        corpus = await self._freshness.settled(patience_seconds)
        if corpus is not kept:
            await self.sitting.close()
            self._parts = replace(self.parts, corpus=corpus)

    def _note(self, text: str) -> None:
        """Tell the root model something, in the next turn of the question that is asked, or with the next."""
        if self._run is not None:
            self._run.control.note(text)
        else:
            self.sitting.notes.append(text)

    async def rebuild(self, past: Past, why: str, presses: Presses) -> RunResumed:
        """Make the state of a past again, in a fresh kernel; what has changed on disk since is told.

        Errors:  KernelError.
        """
        if isinstance(self.loaded_then, CorpusLoaded):
            changed = changes_between(self.loaded_then, self.parts.corpus.loaded)
            if changed is not None:
                self.bus.emit("root", changed)
                self.sitting.notes.append(note_of(changed))
        with self._interrupting(presses):
            rebuilding = Rebuilding(self.tree, self.parts.corpus, past, self.sitting)
            rebuilt = await rebuilding.go(why)
        self._last_result = rebuilt.last
        return rebuilt.event

    async def go_on(self, resumption: Resumption, presses: Presses) -> RunFinished:
        """The rest of a question whose past was rebuilt."""
        begun = resumption.begun.with_last(self._last_result)
        question = begun.question
        self.tree.torn = list(self.past.torn)
        self.tree.budget.restore(question.root_usage, question.sub_usage, question.calls)
        asked = Asked(question.started.question, title=question.started.title)
        run = Run(self.tree, self.parts.corpus, asked, self.sitting, begun, resumption.recipe)
        return await self._through(run, presses)

    async def ask(self, asking: Asking, presses: Presses) -> RunFinished:
        """Ask a question, and wait for its end. What it has spent is its own."""
        self._renew_budget()
        why = "" if self.parts.why == "named" or self.sitting.asked else self.parts.why
        asked = Asked(
            asking.question,
            title=_without_keys(self.plan, asking.title),
            models_why=why,
            settings=settings_to_record(self.plan),
            origin=asking.origin,
            changed=asking.changed,
        )
        run = Run(self.tree, self.parts.corpus, asked, self.sitting, recipe=asking.recipe)
        return await self._through(run, presses, asking.first_force)

    async def run_cell(self, code: str, presses: Presses) -> CellResult:
        """Run a cell of the user; Ctrl-C interrupts it.

        Errors:  KernelError.
        """
        self._renew_budget()
        cell = UserCell(self.tree, self.parts.corpus, self.sitting)
        presses.on_interrupt = cell.interrupt
        presses.on_terminate = lambda: cell.interrupt(2)
        try:
            return await cell.run(code)
        finally:
            presses.on_interrupt = presses.on_terminate = None

    async def peek(self, code: str) -> str:
        """What some code prints in the kernel, beside the record; empty while there is no kernel."""
        return await peek(self.tree, self.parts.corpus, self.sitting, code)

    async def rewind(self, past: Past, presses: Presses) -> RunResumed:
        """Take back what is behind this past: a fresh kernel, and the conversation as it was.

        Errors:  KernelError.
        """
        await self.sitting.close()
        self.sitting = Sitting()
        self.loaded_then = None
        return await self.rebuild(past, "undo", presses)

    def use_model(self, purpose: str, name: str) -> ModelFacts:
        """From the next question on, this model is the root (`root`) or answers sub-calls (`sub`).

        Errors:  SettingsError when it is not known, or its key is missing.
        """
        model = opened_model(self.plan, name, purpose)
        now = self.tree.models
        root, sub = (model, now.sub) if purpose == "root" else (now.root, model)
        self.change(models=Models(root=root, sub=sub, aliases=now.aliases))
        return model.facts

    def change(self, settings: RunSettings | None = None, models: Models | None = None) -> None:
        """From the next question on, ask with other limits or other models."""
        self._tree = self.tree.for_next(settings or self.tree.settings, models or self.tree.models)

    def _renew_budget(self) -> None:
        self.change()

    def submit(self, command: Command) -> None:
        """Take a command of a face. What comes before there is a run is for the one that comes."""
        if isinstance(command, Decide) and self._consent is not None:
            self._consent.decide(command)
        elif isinstance(command, Ask):
            self.waiting.append(command.question)
        elif self._run is not None:
            self._run.control.submit(command)
        else:
            self._early.append(command)

    async def discard(self) -> None:
        """Close a session that could not be opened: one that was made for this leaves nothing behind."""
        await self.close()
        if self.journal is not None and self._is_new:
            shutil.rmtree(self.journal.path.parent, ignore_errors=True)

    async def close(self) -> None:
        """End kernel, models and record."""
        if self._indexing is not None:
            self._indexing.end()
        if self._freshness is not None:
            await self._freshness.close()
        try:
            await self.sitting.close()
            if self._parts is not None:
                models = self._parts.models
                for model in {id(m): m for m in (models.root, models.sub, *models.aliases.values())}.values():
                    await model.close()
        finally:
            self.bus.close()

    async def _through(self, run: Run, presses: Presses, first_force: int = 1) -> RunFinished:
        self._run = run
        early, self._early = self._early, []
        for command in early:
            run.control.submit(command)
        presses.on_interrupt = lambda force: run.control.submit(Interrupt(force + first_force - 1))
        presses.on_terminate = lambda: run.control.request_stop(Stop.TERMINATED, force=2)
        if presses.is_terminated:
            presses.on_terminate()
        try:
            for text in self.plan.settings.notices if self.sitting.asked == 0 else ():
                self.bus.emit("root", Notice(level="warning", code="settings", text=text))
            return await run.go()
        finally:
            self._run = None
            presses.on_interrupt = presses.on_terminate = None

    @contextmanager
    def _interrupting(self, presses: Presses) -> Iterator[None]:
        """An interrupt stops the cell that is being run again; the next ones follow, and end as they may."""

        def interrupt(force: int) -> None:
            if self.sitting.kernel is not None:
                self.sitting.kernel.interrupt(force)

        presses.on_interrupt = interrupt
        try:
            yield
        finally:
            presses.on_interrupt = None


def _spare_the_collector() -> None:
    """Let the garbage collector look more rarely, and never again at what was imported.

    A thousand replies make hundreds of thousands of objects that all live: with the usual threshold, a tenth
    of a fan-out's time goes into looking through them (bench/whole.py).
    """
    gc.freeze()
    gc.set_threshold(_COLLECTED_EACH, 20, 100)


def new_journal(plan: AskPlan) -> Journal | None:
    """The record of a new session; None when none is kept.

    Errors:  SessionError when it cannot be written.
    """
    if not plan.session.is_kept:
        return None
    argv = [_without_keys(plan, each) for each in plan.argv]
    return Sessions(plan.directories.sessions).create(new_header(datetime.now(UTC), argv))


def _without_keys(plan: AskPlan, text: str) -> str:
    secrets = [value for name, value in plan.environ.items() if name.endswith(("_KEY", "_TOKEN"))]
    return redact(text, secrets)


def telling_progress(bus: Bus, clock: MonotonicClock) -> Callable[[Progress], None]:
    """Says how far the reading is: after a second for the first time, then at most every five."""
    loop = asyncio.get_running_loop()
    began = clock.now()
    next_at = began + _FIRST_PROGRESS_SECONDS

    def tell(progress: Progress) -> None:
        nonlocal next_at
        if clock.now() < next_at:
            return
        next_at = clock.now() + _PROGRESS_SECONDS
        text = progress_line(progress, clock.now() - began)
        loop.call_soon_threadsafe(bus.emit, "root", Notice(level="info", code="reading", text=text))

    return tell


def _is_loaded(event: Event) -> bool:
    return isinstance(event.body, CorpusLoaded) and event.span == "root"
