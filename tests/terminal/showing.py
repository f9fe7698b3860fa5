"""Shows events with the live face on a pseudo-terminal, in this process; and what must be left of it."""

from __future__ import annotations

import os
import re
import threading
from collections.abc import AsyncIterator, Iterable

from rlm_cli.events import Event
from rlm_cli.events.bodies import CellFinished, CellStarted, RunFinished, SubFinished, SubQueued, SubStarted
from rlm_cli.events.commands import Command
from rlm_cli.events.values import Usage
from rlm_cli.faces.live.face import LiveFace, Screen
from rlm_cli.faces.live.keeping import kept_rows
from rlm_cli.faces.live.keys import Keyboard
from rlm_cli.faces.live.styling import Style
from rlm_cli.faces.live.terminal import DescriptorTerminal
from rlm_cli.faces.options import FaceOptions
from rlm_cli.faces.output import Look, Output, Sink
from rlm_cli.views.line import Line, Verbosity
from rlm_cli.views.watched import Watched, watch
from tests.fakes.story import STORY
from tests.terminal.emulator import Tty

EVENTS = [Event(seq=n, t=t, span=span, body=body) for n, (t, span, body) in enumerate(STORY, 1)]
_COLOURS = re.compile(r"\x1b\[[0-9;]*m")


class LookedAt(DescriptorTerminal):
    """A terminal that knows how often its size was asked for: once for each picture that is composed."""

    def __init__(self, descriptor: int, encoding: str = "utf-8") -> None:
        super().__init__(descriptor, encoding)
        self.looks = 0
        self._looked = threading.Condition()

    def size(self) -> tuple[int, int]:
        with self._looked:
            self.looks += 1
            self._looked.notify_all()
        return super().size()

    def wait_until_looked_at(self, times: int) -> None:
        with self._looked:
            assert self._looked.wait_for(lambda: self.looks >= times, 30)


class Watcher:
    """One person at a terminal, and a pipe for the answer."""

    def __init__(self, tty: Tty, style: Style | None = None, frame_seconds: float = 0.08) -> None:
        self.answer = bytearray()
        self.commands: list[Command] = []
        self.tty = tty
        self.style = style or Style()
        self.terminal = LookedAt(tty.slave, self.style.encoding)
        self._frame_seconds = frame_seconds

    def face(self, options: FaceOptions | None = None, output_format: str = "text") -> LiveFace:
        look = Look(columns=None, has_colour=self.style.has_colour, encoding=self.style.encoding)
        err = Sink(self._write_err, look)
        output = Output(Sink(self.answer.extend, Look()), err)
        screen = Screen(
            self.terminal,
            self.style,
            Keyboard(self.tty.slave),
            frame_seconds=self._frame_seconds,
        )
        return LiveFace(output, options or FaceOptions(), screen, output_format)

    async def see(self, events: AsyncIterator[Event], options: FaceOptions | None = None) -> int:
        """Watch to the end; the exit code."""
        code = await self.face(options)(events, self.commands.append)
        self.tty.settle()
        return code

    def _write_err(self, data: bytes) -> None:
        while data:
            data = data[os.write(self.tty.slave, data) :]


def lines_that_stay(events: Iterable[Event], verbosity: Verbosity = Verbosity.NORMAL) -> list[Line]:
    """What a screen must keep of a run, from the pure views alone."""
    watched, kept = Watched(), []
    for event in events:
        watched, lines = watch(watched, event, verbosity)
        kept += lines
    return kept


def rows_of(lines: list[Line], columns: int) -> list[str]:
    """The rows that must be in the scrollback of a terminal so wide, once each, in this order."""
    return [_COLOURS.sub("", row).rstrip() for row in kept_rows(lines, Style(), columns)]


def large_run(calls: int = 2_000) -> list[Event]:
    """The story with so many sub-calls more, in batches, some of which fail."""
    before = [event for event in EVENTS if not isinstance(event.body, RunFinished)]
    events: list[Event] = [*before]
    t = before[-1].t
    size = 400
    for number in range(calls // size):
        cell = f"root/t4/c{number + 4}"
        code = "\n".join(
            f"print({line}, 'a line of code that is long enough to be cut')" for line in range(6)
        )
        bodies = [(cell, CellStarted(cell=number + 4, code=code))]
        spans = [f"{cell}/s{each + 1}" for each in range(size)]
        bodies += [
            (span, SubQueued(cell=number + 4, op="llm", prompt="p", model="m", batch=1, index=each, of=size))
            for each, span in enumerate(spans)
        ]
        for each, span in enumerate(spans):
            status = "failed" if each % 97 == 5 else "ok"
            usage = Usage(calls=1, tokens_in=700, tokens_out=40, usd=0.0001)
            bodies += [(span, SubStarted()), (span, SubFinished(status=status, text="no cap", usage=usage))]
        shown = "\n".join(f"reply {line}" for line in range(9))
        bodies.append((cell, CellFinished(cell=number + 4, status="ok", seconds=0.1, shown=shown)))
        for span, body in bodies:
            t += 0.001
            events.append(Event(seq=len(events) + 1, t=round(t, 4), span=span, body=body))
    end = EVENTS[-1]
    return [*events, Event(seq=len(events) + 1, t=t, span=end.span, body=end.body)]
