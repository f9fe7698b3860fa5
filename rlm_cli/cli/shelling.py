"""The shell at work: opens a session, reads what a person types, and does it, one thing after the other."""

from __future__ import annotations

import asyncio
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from rlm_cli.base import descriptors
from rlm_cli.base.errors import ExitCode, RlmError
from rlm_cli.cli.facing import sink_of
from rlm_cli.cli.options import Given
from rlm_cli.cli.question import require_existing
from rlm_cli.cli.shell_commands import COMMANDS, arguments
from rlm_cli.cli.shell_desk import Desk
from rlm_cli.cli.terminal import streams
from rlm_cli.corpus.ingest import ReadingStopped
from rlm_cli.faces.shell.completing import Known, ShellCompleter
from rlm_cli.faces.shell.entry import Entry, Python, Question, Slash, System, entry_of
from rlm_cli.faces.shell.prompt import Prompt, PromptOptions
from rlm_cli.faces.shell.showing import Showing, rows_of_terminal
from rlm_cli.runs.foreign import require_own
from rlm_cli.runs.from_settings import key_names
from rlm_cli.runs.going_on import recalled
from rlm_cli.runs.going_on_settings import recorded_inputs, recorded_settings
from rlm_cli.runs.open_session import OpenSession, new_journal
from rlm_cli.runs.plan import AskPlan, SessionChoices
from rlm_cli.runs.signals import Presses, caught
from rlm_cli.settings.keys import credentials
from rlm_cli.settings.locations import directories
from rlm_cli.settings.resolving import Sources, resolve
from rlm_cli.stream.journal import Journal
from rlm_cli.stream.sessions import Sessions


@dataclass(frozen=True)
class ShellChoices:
    """What was asked for on the command line; reference is the session to go on with, None for a new one."""

    given: Given
    profile: str | None
    paths: tuple[str, ...]
    reference: str | None
    is_kept: bool
    is_vi: bool


def run_shell(choices: ShellChoices, environ: Mapping[str, str]) -> int:
    """Be the shell until the person leaves; the exit code.

    Errors:  RlmError for what is wrong before the first prompt.
    """
    plan, path = _plan(choices, environ)
    descriptors.check()
    return asyncio.run(_Shell(choices, plan, path, environ).run())


def _plan(choices: ShellChoices, environ: Mapping[str, str]) -> tuple[AskPlan, Path | None]:
    places, cwd = directories(environ), Path.cwd()
    inputs, recorded, path = choices.paths, {}, None
    if choices.reference is not None:
        path = Sessions(places.sessions).find(choices.reference)
        require_own(path, places.sessions, "--resume")
        found = recalled(path)
        inputs, recorded = recorded_inputs(found.loaded), recorded_settings(found.started, found.session)
    else:
        require_existing(inputs)
    settings = resolve(
        Sources(
            environ=environ,
            cwd=cwd,
            directories=places,
            flags={**recorded, **choices.given},
            profile=choices.profile,
        )
    )
    plan = AskPlan(
        settings=settings,
        directories=places,
        inputs=inputs,
        question="",
        cwd=cwd,
        session=SessionChoices(is_kept=choices.is_kept),
        streams=streams(environ),
        environ=credentials(environ, places, key_names()),
        argv=tuple(sys.argv[1:]),
    )
    return plan, path


class _Shell:
    def __init__(
        self, choices: ShellChoices, plan: AskPlan, path: Path | None, environ: Mapping[str, str]
    ) -> None:
        self._plan = plan
        self._path = path
        showing = Showing(sink_of(plan.settings, environ), environ, lambda: rows_of_terminal(1))
        self._desk = Desk(plan, showing, environ)
        known = Known(
            commands={each.name: each.help for each in COMMANDS},
            arguments=arguments(self._desk),
            paths=[each.name for each in COMMANDS if each.takes_path],
        )
        options = PromptOptions(plan.directories.data / "shell_history", choices.is_vi)
        self._prompt = Prompt(ShellCompleter(known), options)

    async def run(self) -> int:
        journal, events = self._record()
        session = OpenSession(self._plan, journal, events, is_new=not events)
        try:
            if not await self._open(session, goes_on=bool(events)):
                return ExitCode.INTERRUPTED
            await self._desk.showing.say("ask, or /help; >>> runs Python; Ctrl-D leaves", "dim")
            while not self._desk.is_over:
                text = await self._prompt.read()
                entry = Slash("quit") if text is None else entry_of(text)
                if entry is not None:
                    await self._do(entry)
        finally:
            await self._close()
        return ExitCode.COMPLETE

    def _record(self) -> tuple[Journal | None, list]:  # type: ignore[type-arg]
        if self._path is None:
            return new_journal(self._plan), []
        journal, recording = Journal.reopen(self._path)
        return journal, recording.events

    async def _open(self, session: OpenSession, goes_on: bool) -> bool:
        with caught(asyncio.get_running_loop()) as presses:
            try:
                await self._desk.open(session, presses)
                if goes_on:
                    await self._desk.rebuild(session.past.closed(), presses)
            except ReadingStopped:
                return False
        return not presses.is_any

    async def _do(self, entry: Entry) -> None:
        """Do what was typed. What is wrong with it is said, and the shell goes on."""
        with caught(asyncio.get_running_loop()) as presses:
            try:
                match entry:
                    case Question(text):
                        await self._desk.ask(text, presses)
                    case Python(code):
                        await self._desk.run_python(code, presses)
                    case System(command):
                        await self._desk.run_system(command)
                    case Slash(name):
                        await self._command(name, entry, presses)
            except RlmError as error:
                await self._desk.showing.say(f"error: {error}", "error")
                if error.remedy:
                    await self._desk.showing.say(f"  → {error.remedy}", "dim")
            if presses.is_terminated:
                self._desk.is_over = True

    async def _command(self, name: str, entry: Slash, presses: Presses) -> None:
        import difflib

        command = next((each for each in COMMANDS if each.name == name), None)
        if command is None:
            near = difflib.get_close_matches(name, [each.name for each in COMMANDS], n=1)
            hint = f"did you mean /{near[0]}?" if near else "see /help"
            await self._desk.showing.say(f"there is no /{name}; {hint}", "warning")
            return
        await command.do(self._desk, entry, presses)

    async def _close(self) -> None:
        journal = self._desk.session.journal if self._desk.has_session else None
        used = journal is not None and journal.seq > 0
        await self._desk.close()
        if journal is None:
            return
        if not used:
            shutil.rmtree(journal.path.parent, ignore_errors=True)
            return
        run = journal.path.parent.name
        await self._desk.showing.say(f"session {run}; go on with it: rlm shell --resume {run}", "dim")
