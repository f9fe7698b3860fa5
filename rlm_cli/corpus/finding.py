"""Searches from outside of a kernel: the same code that cells search with, run as a program by its path.

It knows how that program is started and what its lines mean; what to search in is a mount.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from rlm_cli.base.errors import RlmError, UsageError
from rlm_cli.ports import Mount

_PROGRAM = Path(__file__).parent.parent / "inkernel" / "seeking.py"


class FoundHit(Struct, frozen=True, kw_only=True):
    """A place in a document.

    Units:   page and line count from 1; start and end are characters of the document's text.
    Shape:   text is its line, or the passage of a ranked search, which has a score; place is where a person
             would look in a format without pages, empty where page and line say it.
    """

    path: str
    line: int
    start: int
    end: int
    match: str
    text: str
    page: int | None = None
    place: str = ""
    score: float | None = None


class FoundCount(Struct, frozen=True):
    """How often a document has a pattern."""

    path: str
    matches: int


class Outcome(Struct, frozen=True, kw_only=True):
    """What a search has found.

    Shape:   hits, or counts when only those were asked for; truncated is empty, or what was left out
             and why.
    """

    hits: list[FoundHit] = []
    counts: list[FoundCount] = []
    matches: int = 0
    documents: int = 0
    truncated: str = ""
    seconds: float = 0.0


class _Last(Struct):
    counted: int
    documents: int
    truncated: str
    seconds: float


def find(mount: Mount, operation: str, words: str, options: Mapping[str, Any]) -> Outcome:
    """Search a mounted corpus; `operation` is `grep`, `count` or `search`.

    Errors:  UsageError for a pattern that is none.
    """
    request = {
        "sys_path": [str(_PROGRAM.parent.parent.parent), *sys.path],
        "mount": msgspec.to_builtins(mount),
        "operation": operation,
        "words": words,
        "options": dict(options),
    }
    ended = subprocess.run(
        [sys.executable, "-P", "-X", "utf8", str(_PROGRAM)],
        input=msgspec.json.encode(request),
        capture_output=True,
        check=False,
    )
    lines = ended.stdout.splitlines()
    if ended.returncode == 2 and lines:
        why = str(msgspec.json.decode(lines[-1])["wrong"]).replace("literal=True", "--literal")
        raise UsageError(f"cannot search for {words!r}", why)
    if ended.returncode or not lines:
        said = ended.stderr.decode("utf-8", "replace").strip().splitlines()
        raise RlmError("the search has failed", said[-1] if said else f"exit code {ended.returncode}")
    last = msgspec.json.decode(lines[-1], type=_Last)
    kind: Any = FoundCount if operation == "count" else FoundHit
    found = [msgspec.json.decode(line, type=kind) for line in lines[:-1]]
    return Outcome(
        hits=[] if operation == "count" else found,
        counts=found if operation == "count" else [],
        matches=last.counted,
        documents=last.documents,
        truncated=last.truncated,
        seconds=last.seconds,
    )
