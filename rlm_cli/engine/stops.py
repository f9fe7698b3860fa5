"""Why a run ends, and what that means: its status and its exit code."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from rlm_cli.base.errors import ExitCode
from rlm_cli.events.values import Problem


class Stop(StrEnum):
    """Every way in which a run can end, by the name that users see."""

    READY = "ready"
    MAX_COST = "max_cost"
    MAX_TOKENS = "max_tokens"
    MAX_CALLS = "max_calls"
    MAX_TURNS = "max_turns"
    TIMEOUT = "timeout"
    NO_PROGRESS = "no_progress"
    INTERRUPTED = "interrupted"
    TERMINATED = "terminated"
    PROVIDER = "provider_failed"
    KERNEL = "kernel_failed"
    CORPUS = "corpus_failed"
    SESSION = "session_failed"
    INTERNAL = "internal_error"


_FAILURES = {
    Stop.PROVIDER: ExitCode.PROVIDER,
    Stop.KERNEL: ExitCode.KERNEL,
    Stop.CORPUS: ExitCode.CORPUS,
    Stop.SESSION: ExitCode.CORPUS,
    Stop.INTERNAL: ExitCode.INTERNAL,
    Stop.TERMINATED: ExitCode.TERMINATED,
}


@dataclass(frozen=True)
class Ending:
    """A stop and what is to be said about it.

    Shape:   exit_code overrides the stop's own (a refused key ends with the code of credentials).
    """

    stop: Stop
    problem: Problem | None = None
    exit_code: ExitCode | None = None

    def status(self, has_answer: bool) -> str:
        """`complete`, `partial` (an answer, but the run was stopped) or `failed`."""
        if self.stop is Stop.READY:
            return "complete"
        return "partial" if has_answer else "failed"

    def code(self, has_answer: bool) -> ExitCode:
        """The exit code of a run that ended so, with or without an answer."""
        if self.exit_code is not None:
            return self.exit_code
        if self.stop is Stop.READY:
            return ExitCode.COMPLETE
        if self.stop in _FAILURES:
            return _FAILURES[self.stop]
        if has_answer:
            return ExitCode.PARTIAL
        return ExitCode.INTERRUPTED if self.stop is Stop.INTERRUPTED else ExitCode.LIMIT
