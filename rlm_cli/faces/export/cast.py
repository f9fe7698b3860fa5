"""A session as a recording of a terminal (asciicast v2): the plain lines at their times, then the answer."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable

import msgspec

from rlm_cli.events import Event
from rlm_cli.faces.export.secrets import Cleaner
from rlm_cli.faces.options import FaceOptions
from rlm_cli.faces.output import Look, Output, Sink
from rlm_cli.faces.plain import PlainFace
from rlm_cli.views.result import SessionFacts

COLUMNS, ROWS = 100, 30
_IDLE_SECONDS = 2.0


async def to_cast(events: Iterable[Event], session: str, started: int, title: str, cleaner: Cleaner) -> bytes:
    """The recording: a header, then one line for each write.

    Units:   started is seconds since 1970; waits are shortened to two seconds when it is played.
    """
    header = {
        "version": 2,
        "width": COLUMNS,
        "height": ROWS,
        "timestamp": started,
        "idle_time_limit": _IDLE_SECONDS,
        "title": cleaner.clean(title),
        "env": {"TERM": "xterm-256color"},
    }
    lines = [msgspec.json.encode(header)]
    now = 0.0

    def write(data: bytes) -> None:
        text = cleaner.clean(data.decode("utf-8", "replace")).replace("\n", "\r\n")
        lines.append(msgspec.json.encode([round(now, 3), "o", text]))

    async def timed() -> AsyncIterator[Event]:
        nonlocal now
        for event in events:
            now = max(now, event.t)
            yield event

    sink = Sink(write, Look(columns=COLUMNS, has_colour=True))
    face = PlainFace(Output(sink, sink), FaceOptions(session=SessionFacts(session)))
    await face(timed(), lambda command: None)
    return b"\n".join(lines) + b"\n"
