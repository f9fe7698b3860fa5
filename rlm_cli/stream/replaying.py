"""A recorded session as a stream of events: what `rlm replay` gives to the same faces as a live run."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from pathlib import Path

from rlm_cli.events import Event
from rlm_cli.stream.header import Header
from rlm_cli.stream.reading import read

_EVENTS_AT_ONCE = 256


def open_replay(path: Path) -> tuple[Header, AsyncIterator[Event]]:
    """The header of a session file and its events; what is wrong with the file comes first, as notices.

    Errors:  SessionError when the file cannot be opened, is no session, or is of a newer program.
    """
    recording = read(path)
    return recording.header, as_stream([*recording.notices(), *recording.events])


async def as_stream(events: Iterable[Event]) -> AsyncIterator[Event]:
    """Events one after the other, letting other tasks go on now and then."""
    for count, event in enumerate(events, 1):
        yield event
        if count % _EVENTS_AT_ONCE == 0:
            await asyncio.sleep(0)
