"""How a cell has ended, in words: its result from a report, or from what is left of a kernel that is gone.

It knows what was seen of the cell; it neither waits nor kills.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from rlm_cli.base.text import head_and_tail
from rlm_cli.events.values import Coverage, Json, Problem, Variable
from rlm_cli.kernel.clock import CellClock
from rlm_cli.kernel.frames import Report
from rlm_cli.ports import CellResult

_SHOWN_CHARACTERS = 15 * 1024
_DETAIL_CHARACTERS = 2_000


@dataclass
class Known:
    """What is known of a kernel from its reports, and outlives its process.

    Shape:   content and ready are the answer; memory is what of it can be kept, as JSON.
    """

    content: Json = ""
    ready: bool = False
    memory: dict[str, Any] | None = None
    memory_left_out: tuple[str, ...] = ()
    variables: tuple[Variable, ...] = ()
    coverage: Coverage = field(default_factory=Coverage)


@dataclass(frozen=True)
class Ending:
    """The end of one cell; `stopped` says why it was interrupted, None when it was not."""

    cell: int
    clock: CellClock
    known: Known
    stopped: Problem | None

    def of_report(self, report: Report) -> CellResult:
        """The kernel lives on, and has reported."""
        problem = report.problem
        if self.stopped is None or report.status != "interrupted":
            return self._result(report.status, report.shown, report.omitted, problem)
        line = problem.line if problem is not None else None
        at = f" at line {line}" if line else ""
        message = f"{self.stopped.message}{at}; its variables are kept"
        problem = Problem(kind=self.stopped.kind, message=message, line=line)
        return self._result(self.stopped.kind, f"{report.shown}[{message}]\n", report.omitted, problem)

    def of_fault(self, shown: str, fault: str) -> CellResult:
        """The kernel was ended because nothing that it says can be trusted."""
        return self._lost(
            "died", shown, Problem(kind="protocol", message=f"the kernel was ended: {fault[:300]}")
        )

    def of_kill(self, shown: str, stopped: Problem, trace: str) -> CellResult:
        """The kernel was ended because the cell did not obey; `trace` says where it was."""
        line = _line_in(trace, self.cell)
        at = f" at line {line}" if line else ""
        message = f"{stopped.message}{at}, did not obey, and its kernel was ended"
        status = "timeout" if stopped.kind == "timeout" else "died"
        return self._lost(status, shown, Problem(kind=stopped.kind, message=message, line=line))

    def of_death(self, shown: str, why: str, log: str) -> CellResult:
        """The kernel has ended by itself."""
        crash = _crash_in(log)
        line = _line_in(crash, self.cell)
        message = f"the kernel died{f' at line {line}' if line else ''}: {why}"
        return self._lost("died", shown, Problem(kind="KernelDied", message=message, line=line, detail=crash))

    def _lost(self, status: str, seen: str, problem: Problem) -> CellResult:
        shown, omitted = head_and_tail(seen, _SHOWN_CHARACTERS)
        text = f"{shown}\n[{problem.message}]\n".lstrip("\n")
        return self._result(status, text, omitted, problem, is_lost=True)

    def _result(
        self, status: str, shown: str, omitted: int, problem: Problem | None, is_lost: bool = False
    ) -> CellResult:
        known = self.known
        return CellResult(
            status=status,
            shown=shown,
            omitted=omitted,
            seconds=self.clock.computed,
            waited_seconds=self.clock.waited,
            problem=problem,
            variables=list(known.variables),
            coverage=known.coverage,
            content=known.content,
            ready=known.ready,
            kernel_is_lost=is_lost,
        )


def _crash_in(log: str) -> str:
    """What faulthandler has written last, from its beginning; else the end of the log."""
    _, found, crash = log.rpartition("Fatal Python error: ")
    return (found + crash)[:_DETAIL_CHARACTERS] if found else log[-_DETAIL_CHARACTERS:]


def _line_in(trace: str, cell: int) -> int | None:
    """The line of a cell at which a traceback of faulthandler finds it."""
    found = re.search(rf'File "<cell {cell}>", line (\d+)', trace)
    return int(found.group(1)) if found else None
