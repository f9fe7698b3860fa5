"""`rlm doctor`: what works here and what does not, with what to do about it."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rlm_cli.cli.commands import new_app
from rlm_cli.cli.options import AsJson, Profile
from rlm_cli.cli.screen import rows, say, say_json, wrapped

if TYPE_CHECKING:
    from rlm_cli.runs.checks.finding import Finding

app = new_app()


@app.command()
def doctor(as_json: AsJson = False, profile: Profile = None) -> int:
    """Check that everything works here. Exit code 0 when all that is required does."""
    import asyncio

    from rlm_cli.runs.doctor import Examined, examine, exit_code_of
    from rlm_cli.settings.locations import directories
    from rlm_cli.settings.resolving import Sources

    environ = dict(os.environ)
    sources = Sources(environ=environ, cwd=Path.cwd(), directories=directories(environ), profile=profile)
    examined = Examined(sources=sources, program=Path(sys.argv[0]).absolute(), terminal=_terminal())
    findings = asyncio.run(examine(examined))
    code = exit_code_of(findings)
    if as_json:
        say_json(_object(findings, code))
    else:
        _show(findings)
    return code


def _terminal() -> str:
    from rlm_cli.cli.terminal import streams

    facts = streams(os.environ)
    parts = [
        f"{name} is {'a terminal' if is_one else 'no terminal'}"
        for name, is_one in (
            ("stdin", facts.stdin_is_terminal),
            ("stdout", facts.stdout_is_terminal),
            ("stderr", facts.stderr_is_terminal),
        )
    ]
    parts.append(f"{facts.columns} columns, TERM={os.environ.get('TERM', 'not set')}, {sys.stdout.encoding}")
    return "; ".join([*parts, *(["plain lines asked for by ACCESSIBLE"] if facts.is_accessible else [])])


def _show(findings: Sequence[Finding]) -> None:
    for heading, is_required in (("required", True), ("optional", False)):
        say(heading)
        group = [each for each in findings if each.is_required is is_required]
        lines = rows([(f"  {each.status.value:4}", each.name, each.text) for each in group])
        for line, each in zip(lines, group, strict=True):
            say(line)
            if each.remedy:
                say(wrapped("        → ", each.remedy))


def _object(findings: Sequence[Finding], code: int) -> dict[str, object]:
    return {
        "schema": "rlm.doctor/1",
        "ok": code == 0,
        "exit_code": int(code),
        "checks": [
            {
                "name": each.name,
                "status": each.status.value,
                "required": each.is_required,
                "text": each.text,
                "remedy": each.remedy,
            }
            for each in findings
        ],
    }
