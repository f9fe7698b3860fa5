"""What the shell shows between questions: lines as they come, or through the pager when they are many."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shlex
import shutil
import subprocess
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import replace

from rlm_cli.events import Event
from rlm_cli.events.bodies import CellFinished, CellOutput
from rlm_cli.faces.layout import laid_out
from rlm_cli.faces.output import Sink
from rlm_cli.faces.themes import TONES, themed
from rlm_cli.views.line import Line, Moment, Told, Verbosity
from rlm_cli.views.lines import tell
from rlm_cli.views.run import RunView, reduce

_ROWS_KEPT = 3
_SAMPLES = ("title", "dim", "code", "draft", "ok", "failed", "error", "added", "removed")
_CUT = ("code", "output")
"""The tones of lines that are cut where a run is told."""


class Showing:
    """Writes to one stream.

    Shape:   rows is the height of the terminal, asked each time; 0 where there is none, and no pager then.
             What somebody asks to see is wrapped, and never cut.
    """

    def __init__(self, sink: Sink, environ: Mapping[str, str], rows: Callable[[], int]) -> None:
        self._sink = sink
        self._environ = environ
        self._rows = rows

    def write_to(self, sink: Sink) -> None:
        """Write to another stream from now on, or to the same one in other colours."""
        self._sink = sink

    async def lines(self, lines: Sequence[Line]) -> None:
        """Lines, however many."""
        await self._sink.lines(lines)

    async def paged(self, lines: Sequence[Line]) -> None:
        """Lines; more than the terminal has rows go through the pager."""
        rows = self._rows()
        whole = [replace(line, tone="plain") if line.tone in _CUT else line for line in lines]
        text = [lead + row for line in whole for lead, row in laid_out(line, self._sink.look.columns)]
        pager = pager_of(self._environ) if rows and len(text) > rows - _ROWS_KEPT else []
        if not pager:
            await self.lines(whole)
            return
        await asyncio.to_thread(_through_pager, pager, "\n".join(text))

    async def say(self, text: str, tone: str = "plain") -> None:
        """One line."""
        await self._sink.lines([Line(text, tone)])

    async def sample(self, theme: str) -> None:
        """What a theme looks like, in one row."""
        look = self._sink.look
        tones = [f"\x1b[{TONES[tone]}m{tone}\x1b[0m" if look.has_colour else tone for tone in _SAMPLES]
        await self._sink.drawn([f"      {theme:<10}{themed(' '.join(tones), theme)}"])

    async def told(self, events: AsyncIterator[Event]) -> None:
        """What happens while no question is asked: reading, rebuilding, as the plain lines of a run."""
        view, told = RunView(), Told()
        async for event in events:
            view = reduce(view, event)
            told, lines = tell(told, Moment(view, event, Verbosity.NORMAL))
            await self._sink.lines(lines)

    async def cell(self, events: AsyncIterator[Event]) -> None:
        """The output of a cell as it comes, and why it failed."""
        waiting = ""
        async for event in events:
            match event.body:
                case CellOutput(text=text):
                    *whole, waiting = (waiting + text).split("\n")
                    await self._sink.lines([Line(each, "output") for each in whole])
                case CellFinished(status=status, problem=problem):
                    await self._sink.lines([Line(waiting, "output")] if waiting else [])
                    waiting = ""
                    if status not in ("ok", "error"):
                        await self.say(problem.message if problem else status, "warning")


def pager_of(environ: Mapping[str, str]) -> list[str]:
    """The user's pager as words; `less`, then `more`, where none is named; nothing where there is none."""
    asked = shlex.split(environ.get("PAGER", ""))
    for words in [asked] if asked else [["less", "-FRX"], ["more"]]:
        if shutil.which(words[0], path=environ.get("PATH")):
            return words
    return []


def _through_pager(words: list[str], text: str) -> None:
    """A pager that ends early has shown enough."""
    with subprocess.Popen(words, stdin=subprocess.PIPE) as process:
        assert process.stdin is not None
        with contextlib.suppress(BrokenPipeError):
            process.stdin.write(text.encode("utf-8", "replace") + b"\n")
            process.stdin.close()
        process.wait()


def rows_of_terminal(descriptor: int) -> int:
    """The height of the terminal behind a descriptor; 0 when it is none."""
    try:
        return os.get_terminal_size(descriptor).lines if os.isatty(descriptor) else 0
    except OSError:
        return 0
