"""Writes the golden session and what the faces make of it, from the story of `tests/fakes/story.py`.

Run `python -m tests.golden.write` from the root of the repository after a change of wording, and read the
difference. A change of `session.jsonl` alone is a change of the file format: within a schema number old
files must stay as they are, so a new number gets a folder of its own.
"""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

from rlm_cli.faces.options import FaceOptions
from rlm_cli.stream.bus import Bus
from rlm_cli.stream.header import Header
from rlm_cli.stream.journal import Journal
from rlm_cli.stream.reading import read
from rlm_cli.views.line import Verbosity
from rlm_cli.views.result import SessionFacts
from tests.fakes.clock import QuickClock
from tests.fakes.story import play
from tests.fakes.watching import Screen

FOLDER = Path(__file__).parent / "schema-1"
RUN = "20261121-113012-7kq3x9"
HEADER = Header(
    run=RUN,
    started="2026-11-21T11:30:12.000Z",
    program="0.1.0",
    python="3.11.9",
    argv=["rlm", "ask", "./contracts", "find indemnification conflicts"],
)
SESSION = SessionFacts(RUN, f"sessions/{RUN}/session.jsonl")
SHOWN = {
    "plain": ("text", FaceOptions(session=SESSION)),
    "verbose": ("text", FaceOptions(verbosity=Verbosity.VERBOSE, session=SESSION)),
    "quiet": ("text", FaceOptions(verbosity=Verbosity.QUIET, session=SESSION)),
    "markdown": ("markdown", FaceOptions(answer_format="markdown", is_silent=True)),
    "result": ("json", FaceOptions(is_silent=True, session=SESSION)),
}
"""What is kept of each face, by the name of its file."""


def write_session(folder: Path) -> Path:
    """The story as a session file."""
    journal = Journal.create(folder, HEADER)
    clock = QuickClock()
    bus = Bus(clock, journal)
    play(bus, clock)
    bus.close()
    return journal.path


def shown(name: str, path: Path) -> str:
    """What a face prints for a session: stderr, then stdout."""
    output_format, options = SHOWN[name]
    screen = Screen()
    code = asyncio.run(screen.show(output_format, read(path).events, options))
    return f"exit code {code}\n--- stderr\n{screen.err}--- stdout\n{screen.out}"


def main() -> None:
    shutil.rmtree(FOLDER, ignore_errors=True)
    path = write_session(FOLDER)
    for name in SHOWN:
        (FOLDER / f"{name}.txt").write_text(shown(name, path), "utf-8")


if __name__ == "__main__":
    main()
