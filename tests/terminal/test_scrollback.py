"""Scrollback is append-only: every line that stays is there once, in its order, whatever the size."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from msgspec.structs import replace

from rlm_cli.events import Event
from rlm_cli.events.bodies import Notice
from rlm_cli.faces.live.styling import Style
from rlm_cli.stream.bus import Bus
from rlm_cli.stream.header import new_header
from rlm_cli.stream.journal import Journal
from rlm_cli.stream.replaying import as_stream, open_replay
from tests.fakes.clock import QuickClock
from tests.fakes.story import STORY
from tests.terminal.emulator import Tty
from tests.terminal.showing import EVENTS, Watcher, large_run, lines_that_stay, rows_of

LARGE = large_run()
LARGE_LINES = lines_that_stay(LARGE)
_PIECES = 8


async def slowly(events: list[Event], watcher: Watcher, pieces: int = _PIECES) -> AsyncIterator[Event]:
    """The events in pieces; after each of them the screen is looked at again."""
    for count, event in enumerate(events):
        looks = watcher.terminal.looks
        yield event
        if count % (len(events) // pieces) == 0:
            await asyncio.to_thread(watcher.terminal.wait_until_looked_at, looks + 1)


def kept_on(tty: Tty) -> list[str]:
    """The lines on a terminal above those that close the run."""
    lines = tty.lines()
    ends = [place for place, line in enumerate(lines) if line.startswith("complete: ", 6)]
    return lines[: ends[-1]]


@pytest.mark.parametrize("columns", [60, 80, 120, 200])
@pytest.mark.parametrize("rows", [12, 24, 50])
async def test_no_line_is_lost_or_doubled_with_2000_sub_calls(
    make_tty: Callable[..., Tty], columns: int, rows: int
) -> None:
    tty = make_tty(columns, rows)
    watcher = Watcher(tty)
    assert await watcher.see(slowly(LARGE, watcher)) == 0
    assert tty.frames > _PIECES // 2
    assert kept_on(tty) == rows_of(LARGE_LINES, columns)
    assert tty.is_sane


@pytest.mark.parametrize(("columns", "rows"), [(40, 8), (240, 100), (20, 5)])
async def test_very_small_and_very_large_terminals(
    make_tty: Callable[..., Tty], columns: int, rows: int
) -> None:
    tty = make_tty(columns, rows)
    watcher = Watcher(tty)
    await watcher.see(slowly(EVENTS, watcher))
    assert kept_on(tty) == rows_of(lines_that_stay(EVENTS), columns)


async def test_a_window_that_changes_its_size_meanwhile_keeps_every_line(tty: Tty) -> None:
    watcher = Watcher(tty)
    sizes = iter([(80, 40), (120, 30), (120, 20), (100, 24), (80, 24), (200, 50)])

    async def resized() -> AsyncIterator[Event]:
        async for event in slowly(LARGE, watcher):
            if event.seq % 900 == 0 and (size := next(sizes, None)):
                tty.resize(*size)
            yield event

    await watcher.see(resized())
    kept = [line for line in tty.lines() if line.startswith("cell ", 6)]
    titles = [line for line in rows_of(LARGE_LINES, 80) if line.startswith("cell ", 6)]
    assert kept == titles


async def test_a_replay_leaves_the_same_scrollback_as_the_live_run(
    make_tty: Callable[..., Tty], tmp_path: Path
) -> None:
    clock = QuickClock()
    journal = Journal.create(tmp_path / "run", new_header(datetime.now(UTC), ["rlm"]))
    bus = Bus(clock, journal)
    live = make_tty()
    seen = asyncio.ensure_future(Watcher(live).see(bus.subscribe()))
    for count, (seconds, span, body) in enumerate(STORY):
        clock.seconds = seconds
        bus.emit(span, body)
        if count % 20 == 0:
            await asyncio.sleep(0)
    bus.close()
    await seen
    again = make_tty()
    await Watcher(again).see(open_replay(journal.path)[1])
    assert live.lines() == again.lines()
    assert kept_on(live)


async def test_a_run_is_not_held_up_by_a_terminal_that_takes_nothing(tty: Tty) -> None:
    """All events are said while the terminal stands still; once it goes on, every line is there."""
    clock = QuickClock()
    bus = Bus(clock)
    tty.stop_reading()
    watcher = Watcher(tty)
    seen = asyncio.ensure_future(watcher.see(bus.subscribe()))
    wide = [Notice(level="info", code="filler", text=f"{number} " + "x" * 60) for number in range(600)]
    for count, event in enumerate(
        [*EVENTS[:-1], *(replace(EVENTS[-2], body=each) for each in wide), EVENTS[-1]]
    ):
        clock.seconds = event.t
        bus.emit(event.span, event.body)
        if count % 100 == 0:
            await asyncio.sleep(0)
    bus.close()
    done, _ = await asyncio.wait([seen], timeout=0.05)
    assert not done, "the terminal still has to take 50 kB"
    tty.go_on_reading()
    assert await seen == 0
    numbers = [line.split()[1] for line in tty.lines() if "xxxx" in line]
    assert numbers == [str(number) for number in range(600)]


async def test_without_colour_and_in_ascii_no_other_byte_is_written(tty: Tty) -> None:
    watcher = Watcher(tty, Style(has_colour=False, encoding="ascii"))
    await watcher.see(slowly(EVENTS, watcher))
    assert not re.search(rb"\x1b\[[0-9;]*m", tty.raw)
    assert tty.raw.isascii()
    assert any("vvvv" in line for line in tty.raw.decode().splitlines())


async def test_hostile_text_reaches_the_terminal_as_visible_marks_only(tty: Tty) -> None:
    await Watcher(tty).see(as_stream(EVENTS))
    assert b"]52" in tty.raw and b"\x1b]52" not in tty.raw
    assert b"\x1b[2J" not in tty.raw and "\x9b".encode() not in tty.raw
    assert "\u202e".encode() not in tty.raw


async def test_nothing_is_drawn_while_nothing_changes(tty: Tty) -> None:
    """Half a run, then silence: one frame for each second that the clock shows, and none besides."""
    from rlm_cli.faces.live.stage import Picture, Stage
    from rlm_cli.faces.live.terminal import DescriptorTerminal
    from rlm_cli.views.watched import Watched, watch

    watched = Watched()
    for event in EVENTS[:60]:
        watched, _ = watch(watched, event, 1)  # type: ignore[arg-type]
    stage = Stage(DescriptorTerminal(tty.slave), Style(), lambda: 0.0, frame_seconds=0.0)
    stage.open()
    for _ in range(50):
        stage.show(Picture(watched, tempo=0.0))
        await asyncio.sleep(0.001)
    stage.close()
    assert stage.frames == 2
