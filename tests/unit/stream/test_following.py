"""Following a session that is being written: what is there, what comes, and when it is over."""

from __future__ import annotations

import asyncio
from pathlib import Path

from rlm_cli.events import Event
from rlm_cli.stream.clock import MonotonicClock
from rlm_cli.stream.following import followed
from rlm_cli.stream.header import Header
from rlm_cli.stream.journal import Journal
from rlm_cli.stream.tail import is_being_written
from tests.fakes.story import STORY

EVENTS = [Event(seq=n, t=t, span=span, body=body) for n, (t, span, body) in enumerate(STORY, 1)]


async def test_events_come_as_they_are_written_and_end_when_the_writer_closes(tmp_path: Path) -> None:
    journal = Journal.create(tmp_path / "run", Header(run="run"))
    for event in EVENTS[:40]:
        journal.append(event)
    assert is_being_written(journal.path)
    stream = followed(journal.path, MonotonicClock())
    seen = [await anext(stream) for _ in range(40)]
    for event in EVENTS[40:]:
        journal.append(event)
    seen.append(await anext(stream))
    journal.close()
    seen += [event async for event in stream]
    assert seen == EVENTS
    assert not is_being_written(journal.path)


async def test_a_session_whose_writer_is_gone_ends_with_what_is_there(tmp_path: Path) -> None:
    journal = Journal.create(tmp_path / "run", Header(run="run"))
    for event in EVENTS[:10]:
        journal.append(event)
    journal.close()
    with journal.path.open("ab") as file:
        file.write(b'{"seq":11,"t":')
    seen = await asyncio.wait_for(_all(journal.path), 10)
    assert seen == EVENTS[:10]


async def _all(path: Path) -> list[Event]:
    return [event async for event in followed(path, MonotonicClock())]
