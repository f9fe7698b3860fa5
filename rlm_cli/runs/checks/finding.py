"""What a check has found. Plain values; knows no check."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from rlm_cli.base.errors import ExitCode, RlmError


class Status(Enum):
    """How it went."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One line of the report.

    Shape:   exit_code is what a required check that failed makes of the whole; remedy is empty when
             nothing needs to be done.
    """

    name: str
    status: Status
    text: str
    remedy: str = ""
    is_required: bool = False
    exit_code: ExitCode = ExitCode.INTERNAL


def ok(name: str, text: str, *, is_required: bool = False) -> Finding:
    """A thing that works."""
    return Finding(name=name, status=Status.OK, text=text, is_required=is_required)


def warn(name: str, text: str, remedy: str = "") -> Finding:
    """A thing that can be done without."""
    return Finding(name=name, status=Status.WARN, text=text, remedy=remedy)


def fail(name: str, text: str, exit_code: ExitCode, remedy: str = "") -> Finding:
    """A required thing that does not work."""
    return Finding(
        name=name, status=Status.FAIL, text=text, remedy=remedy, is_required=True, exit_code=exit_code
    )


def failed_with(name: str, error: RlmError) -> Finding:
    """A required thing that ended with an error of ours."""
    text = error.what if not error.why else f"{error.what}: {error.why}"
    return fail(name, text, error.exit_code, error.remedy)
