"""The golden session: read as it was written, shown as it was shown, live and replayed alike."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from rlm_cli.events import BODY_TYPES, Event, kind_of
from rlm_cli.faces.choosing import face_for
from rlm_cli.faces.options import FaceOptions
from rlm_cli.stream.bus import Bus
from rlm_cli.stream.reading import read
from rlm_cli.stream.verifying import verify
from rlm_cli.views.line import Verbosity
from rlm_cli.views.run import fold
from tests.fakes.clock import QuickClock
from tests.fakes.story import play
from tests.fakes.watching import Screen
from tests.golden.write import FOLDER, HEADER, SESSION, SHOWN, shown, write_session

FILE = FOLDER / "session.jsonl"


async def live(merges: bool = True) -> list[Event]:
    clock = QuickClock()
    bus = Bus(clock)
    face = bus.subscribe(merges=merges)
    play(bus, clock)
    bus.close()
    return [event async for event in face]


def test_the_golden_session_is_intact_and_has_every_kind() -> None:
    assert verify(FILE).is_intact and verify(FILE).is_sealed
    recording = read(FILE)
    assert (recording.header, recording.flaws) == (HEADER, ())
    assert {kind_of(event.body) for event in recording.events} == {*BODY_TYPES, "weather.changed"}


def test_the_same_story_still_makes_the_same_file(tmp_path: Path) -> None:
    path = write_session(tmp_path / "run")
    assert path.read_bytes() == FILE.read_bytes()
    assert {p.name: p.read_bytes() for p in (path.parent / "blobs").iterdir()} == {
        p.name: p.read_bytes() for p in (FOLDER / "blobs").iterdir()
    }


@pytest.mark.parametrize("name", SHOWN)
def test_every_face_shows_the_golden_session_as_before(name: str) -> None:
    assert shown(name, FILE) == (FOLDER / f"{name}.txt").read_text("utf-8")


async def test_the_view_of_the_live_run_is_the_view_of_its_file() -> None:
    recorded = fold(read(FILE).events)
    assert fold(await live(merges=False)) == recorded
    assert fold(await live()) == recorded


async def test_jsonl_asks_a_live_stream_for_every_event_as_it_was_recorded() -> None:
    clock = QuickClock()
    bus = Bus(clock)
    events = bus.subscribe()
    play(bus, clock)
    bus.close()
    screen = Screen()
    await face_for("jsonl", screen.output(), FaceOptions())(events, screen.commands.append)
    assert [json.loads(line)["seq"] for line in screen.out.splitlines()] == [
        event.seq for event in read(FILE).events
    ]


@pytest.mark.parametrize("verbosity", Verbosity)
@pytest.mark.parametrize("output_format", ["text", "markdown", "json", "jsonl"])
async def test_a_replay_prints_what_the_live_run_printed(verbosity: Verbosity, output_format: str) -> None:
    options = FaceOptions(verbosity=verbosity, session=SESSION, answer_format=output_format)
    watched, replayed = Screen(), Screen()
    codes = [
        await watched.show(output_format, await live(merges=output_format != "jsonl"), options),
        await replayed.show(output_format, read(FILE).events, options),
    ]
    assert codes == [0, 0]
    assert watched.out == replayed.out
    assert watched.err == replayed.err
