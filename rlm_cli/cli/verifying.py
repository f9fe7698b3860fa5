"""`rlm replay --verify`: what was compared, for people or as JSON, and exit code 9 for a difference."""

from __future__ import annotations

import asyncio
import itertools
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from rlm_cli.base.errors import UsageError, VerificationFailed
from rlm_cli.base.text import counted, one_line
from rlm_cli.cli.screen import note, say, say_json
from rlm_cli.runs.plan import AskPlan

if TYPE_CHECKING:
    from rlm_cli.runs.comparing import Report
    from rlm_cli.runs.differences import Difference

SCHEMA = "rlm.verification/1"
_SHOWN_LINES = 3
_SHOWN_ALIKE = 12
_WIDTH = 100


def verified(path: Path, plan: AskPlan, over: Sequence[str] = ()) -> int:
    """Verify the session at a path, and say what was found; over are documents in place of the recorded ones.

    Errors:  VerificationFailed when something is otherwise; UsageError for a session of somebody else without
             documents to read; what `runs.verify` raises.
    """
    from rlm_cli.cli.going_on import protected
    from rlm_cli.runs.confinement import demanded, kernels
    from rlm_cli.runs.foreign import is_own
    from rlm_cli.runs.verify import Means, verify
    from rlm_cli.stream.reading import read

    recording = read(path)
    is_foreign = not is_own(path, plan.directories.sessions)
    if is_foreign and not over:
        raise UsageError(
            f"{path} is not one of your sessions: name the documents to read",
            "its cells are run over them",
            f"rlm replay {shlex.quote(str(path))} --verify --over ./folder",
        )
    settings = protected(plan.settings, {}) if is_foreign else plan.settings
    aliases = {alias: settings.models.full_name(name) for alias, name in settings.models.aliases.items()}
    means = Means(
        kernels(demanded(settings.sandbox, plan.directories)),
        plan.directories.cache,
        aliases,
        cell_seconds=settings.limits.cell_seconds if is_foreign else None,
        inputs=list(over) or None,
    )
    report = asyncio.run(verify(recording.events, means))
    if settings.output.format in ("json", "jsonl"):
        say_json(_object(recording.header.run, report))
    else:
        _tell(report)
    if report.differences:
        raise VerificationFailed(
            f"{recording.header.run} does not come out as it is recorded",
            counted(len(report.differences), "difference"),
        )
    return 0


def _tell(report: Report) -> None:
    for (kind, where), group in itertools.groupby(
        report.differences, key=lambda each: (each.kind, each.where)
    ):
        several = list(group)
        for difference in several[:_SHOWN_ALIKE]:
            for line in _lines(difference):
                say(line)
        if len(several) > _SHOWN_ALIKE:
            say(f"{kind}  {_place(where)}: … {len(several) - _SHOWN_ALIKE:,} more")
    for remark in report.remarks:
        note(f"rlm: {remark}")
    found = counted(len(report.differences), "difference") if report.differences else "no difference"
    calls = counted(report.calls, "sub-call")
    answers = counted(report.questions, "answer")
    say(f"{counted(report.cells, 'cell')} run again, {calls} answered from the record, no request;")
    say(f"{answers} compared: {found}")


def _lines(difference: Difference) -> list[str]:
    head = f"{difference.kind}  {_place(difference.where)}: {difference.what}"
    if difference.kind == "document":
        return [f"{difference.kind}  {difference.where}: {difference.what}"]
    return [
        head,
        *(f"  - {line}" for line in _first_lines(difference.before, difference.after)),
        *(f"  + {line}" for line in _first_lines(difference.after, difference.before)),
    ]


def _first_lines(text: str | None, other: str | None) -> list[str]:
    """The first lines of a text that the other one does not have."""
    known = set((other or "").splitlines())
    lines = [line for line in (text or "").splitlines() if line not in known]
    more = len(lines) - _SHOWN_LINES
    shown = [one_line(line, _WIDTH) for line in lines[:_SHOWN_LINES]]
    return [*shown, f"… {counted(more, 'more line')}"] if more > 0 else shown


def _place(span: str) -> str:
    parts = span.split("/")
    names = {"t": "turn", "c": "cell", "s": "sub-call"}
    named = [f"{names[part[0]]} {part[1:]}" for part in parts[1:] if part[:1] in names and part[1:].isdigit()]
    return ", ".join(named) or span


def _object(run: str, report: Report) -> dict[str, Any]:
    return {
        "schema": SCHEMA,
        "session": run,
        "is_same": report.is_same,
        "cells": report.cells,
        "calls": report.calls,
        "questions": report.questions,
        "requests": 0,
        "differences": [msgspec.to_builtins(each) for each in report.differences],
        "remarks": report.remarks,
    }
