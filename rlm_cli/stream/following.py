"""A session that is still being written, as a stream of events: what is there, then what comes.

It ends when nobody writes the file any more: the run has ended, or its program is gone. It
never writes, and takes a lock only to see whether somebody else holds it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

from rlm_cli.base.errors import SessionError
from rlm_cli.events import Event
from rlm_cli.ports import Clock
from rlm_cli.stream.blobs import Blobs
from rlm_cli.stream.layout import blobs_of
from rlm_cli.stream.reading import EventReader
from rlm_cli.stream.tail import is_being_written

_POLL_SECONDS = 0.05


async def followed(path: Path, clock: Clock) -> AsyncIterator[Event]:
    """The events of a session file, those that are still to come as well.

    Errors:  SessionError when it cannot be read, or is of a newer program.
    """
    reader = EventReader(path, Blobs(blobs_of(path)))
    try:
        file = path.open("rb")
    except OSError as error:
        raise SessionError(f"cannot read the session {path}", error.strerror or str(error)) from error
    with file:
        number, told, rest = 0, 0, b""
        while True:
            was_written = is_being_written(path)
            data = file.read()
            *lines, rest = (rest + data).split(b"\n")
            for line in lines:
                number += 1
                if number > 1 or reader.header(line) is None:
                    reader.event(number, line)
            for event in reader.events[told:]:
                yield event
            told = len(reader.events)
            if not was_written and not data:
                return
            await clock.sleep(0.0 if data else _POLL_SECONDS)
