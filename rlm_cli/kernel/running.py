"""One cell that is running: its frames, its limits, the ladder that ends it, and its result.

It is given a process and a channel and knows how a cell ends; it never starts or replaces a kernel.

    the ladder:  SIGINT, after the grace again, after the grace again a traceback of the wedged line and
                 SIGKILL for everything
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from rlm_cli.events.values import Json, Problem, Variable
from rlm_cli.kernel.calls import INTERRUPTED, OpenCalls
from rlm_cli.kernel.clock import CellClock
from rlm_cli.kernel.endings import Ending, Known
from rlm_cli.kernel.frames import CallFrame, CancelFrame, Draft, Frame, Output, Report
from rlm_cli.kernel.process import KernelProcess
from rlm_cli.kernel.rundir import RunDirectory
from rlm_cli.ports import Cell, CellHost, CellResult

LIVE_CHARACTERS = 64 * 1024
DRAFT_CHARACTERS = 64 * 1024 * 1024
_STRAGGLING_SECONDS = 5.0
_TRACE_SECONDS = 0.2
_DRAIN_SECONDS = 1.0


@dataclass(frozen=True)
class Parts:
    """What a cell runs on."""

    process: KernelProcess
    directory: RunDirectory
    send: Callable[[bytes], None]
    drain: Callable[[float], Awaitable[None]]
    known: Known
    grace_seconds: float


class RunningCell:
    """A cell from its start to its result."""

    def __init__(self, cell: Cell, host: CellHost, parts: Parts) -> None:
        self._cell = cell
        self._host = host
        self._parts = parts
        self._clock = CellClock()
        self._changed = asyncio.Event()
        self._calls = OpenCalls(host, self._clock, parts.send, self._changed.set, self._host_failed)
        self._report: Report | None = None
        self._host_error: BaseException | None = None
        self._stopped_for: Problem | None = None
        self._fault = ""
        self._trace = ""
        self._live: list[str] = []
        self._live_room = LIVE_CHARACTERS
        self._draft_room = DRAFT_CHARACTERS
        self._ladder: asyncio.Task[None] | None = None

    def received(self, frame: Frame) -> None:
        """Take a frame that came while this cell runs."""
        match frame:
            case CallFrame():
                self._calls.open(frame)
            case CancelFrame():
                self._calls.cancel(frame.cancel)
            case Draft():
                self._drafted(frame.content, frame.ready, frame.characters)
            case Output():
                self._output(frame)
            case Report() if frame.cell == self._cell.number:
                self._reported(frame)
            case _:
                self.broken("a frame that does not belong to the running cell")

    def broken(self, fault: str) -> None:
        """What came was no frame: nothing that this kernel says can be trusted."""
        self._fault = fault
        self._parts.process.kill()

    def stop(self, force: int) -> None:
        """The user's interrupt: 1 begins the ladder, 2 and more skips to its end."""
        why = Problem(kind="interrupted", message="the cell was interrupted")
        self._climb(why)
        if force > 1:
            self._parts.process.kill()
        else:
            self._parts.process.interrupt()

    async def result(self, replied: asyncio.Task[None]) -> CellResult:
        """Wait for the end of the cell: its report, its reply, its calls; or the end of the process.

        Errors:  what the host has raised while it served the cell.
        """
        ended = self._parts.process.ended
        try:
            while not (ended.done() or self._is_over(replied)):
                await self._wait(replied, ended)
                self._hold_limits()
        finally:
            if self._ladder is not None:
                self._ladder.cancel()
            replied.cancel()
            if not ended.done() and not self._is_over(replied):
                self._parts.process.kill()
            await self._calls.end()
        if not self._is_over(replied):
            await self._parts.process.end()
            await self._parts.drain(_DRAIN_SECONDS)
        if self._host_error is not None:
            raise self._host_error
        return self._end()

    def _is_over(self, replied: asyncio.Task[None]) -> bool:
        return self._report is not None and replied.done() and self._calls.are_settled

    async def _wait(self, replied: asyncio.Task[None], ended: asyncio.Future[int]) -> None:
        """Until something changes, or a limit may have been reached."""
        self._changed.clear()
        changed = asyncio.ensure_future(self._changed.wait())
        waiting: set[asyncio.Future[Any]] = {changed, ended}
        if not replied.done():
            waiting.add(replied)
        try:
            done, _ = await asyncio.wait(
                waiting, timeout=self._seconds_left(replied), return_when=asyncio.FIRST_COMPLETED
            )
        finally:
            changed.cancel()
        is_straggling = (self._report is not None) != replied.done() and self._calls.are_settled
        if not done and is_straggling and self._ladder is None:
            self.broken("the cell has ended, but its kernel does not answer")

    def _seconds_left(self, replied: asyncio.Task[None]) -> float | None:
        if self._report is not None or replied.done():
            return _STRAGGLING_SECONDS if self._calls.are_settled else self._waiting_left()
        if self._clock.is_waiting:
            return self._waiting_left()
        limit = self._cell.compute_seconds
        if limit is None or self._ladder is not None:
            return None
        return max(0.0, limit - self._clock.computed)

    def _waiting_left(self) -> float | None:
        limit = self._cell.waiting_seconds
        return None if limit is None else max(0.001, limit - self._clock.waited)

    def _hold_limits(self) -> None:
        computing, waiting = self._cell.compute_seconds, self._cell.waiting_seconds
        if computing is not None and self._report is None and self._clock.computed >= computing:
            message = f"the cell was stopped at its limit of {computing:g} s of computing time"
            if self._ladder is None:
                self._climb(Problem(kind="timeout", message=message))
                self._parts.process.interrupt()
        if waiting is not None and self._clock.is_waiting and self._clock.waited >= waiting:
            message = f"the cell has waited {waiting:g} s for its calls, the limit of one cell"
            self._calls.refuse(Problem(kind="timeout", message=message))

    def _climb(self, why: Problem) -> None:
        """Begin the ladder, whose first step the caller has taken."""
        if self._ladder is None:
            self._stopped_for = why
            self._calls.refuse(INTERRUPTED)
            self._ladder = asyncio.create_task(self._next_steps(), name="ladder")

    async def _next_steps(self) -> None:
        await asyncio.sleep(self._parts.grace_seconds)
        self._parts.process.interrupt()
        await asyncio.sleep(self._parts.grace_seconds)
        before = self._parts.directory.log_bytes()
        self._parts.process.trace()
        await asyncio.sleep(_TRACE_SECONDS)
        self._trace = self._parts.directory.log_tail(before)
        self._parts.process.kill()

    def _host_failed(self, error: BaseException) -> None:
        """The host cannot go on (its record cannot be written): the cell ends now."""
        self._host_error = self._host_error or error
        self._parts.process.kill()

    def _drafted(self, content: Json, ready: bool, size: int) -> None:
        known = self._parts.known
        known.content, known.ready = content, ready
        self._draft_room -= size
        if self._draft_room >= 0:  # what a cell drafts after that is told when it ends
            self._tell(lambda: self._host.drafted(content, ready))

    def _output(self, frame: Output) -> None:
        text = frame.text[: self._live_room]
        if text and frame.cell == self._cell.number:
            self._live_room -= len(text)
            self._live.append(text)
            self._tell(lambda: self._host.output(frame.stream, text))

    def _reported(self, report: Report) -> None:
        known = self._parts.known
        known.content, known.ready = report.content, report.ready
        known.memory, known.memory_left_out = report.memory, tuple(report.memory_left_out)
        known.variables = tuple(Variable(*row) for row in report.variables)
        known.coverage = report.coverage
        self._report = report
        self._changed.set()

    def _tell(self, say: Callable[[], None]) -> None:
        if self._host_error is None:
            try:
                say()
            except Exception as error:  # noqa: BLE001 - kept: it is raised where the cell ends
                self._host_failed(error)

    def _end(self) -> CellResult:
        """The result, whichever way the cell has ended."""
        report, process = self._report, self._parts.process
        ending = Ending(self._cell.number, self._clock, self._parts.known, self._stopped_for)
        if report is not None and process.is_alive:
            return ending.of_report(report)
        shown = "".join(self._live) if report is None else report.shown
        if self._fault:
            return ending.of_fault(shown, self._fault)
        if self._stopped_for is not None:
            return ending.of_kill(shown, self._stopped_for, self._trace)
        return ending.of_death(shown, process.why(), self._parts.directory.log_tail())
