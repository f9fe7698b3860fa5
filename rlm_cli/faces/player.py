"""A recorded session played with keys: on and back, step by step or as a film, through any face.

The face sees what it always sees, a stream of events. Going back ends it and begins another one from the
view at that place, so scrollback is only ever added to.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass

from rlm_cli.base.errors import ExitCode
from rlm_cli.base.text import elapsed
from rlm_cli.faces.asides import draft_lines, variable_lines
from rlm_cli.faces.feeding import Feed
from rlm_cli.faces.keys import Keys
from rlm_cli.faces.options import Face
from rlm_cli.faces.output import Sink
from rlm_cli.ports import Clock
from rlm_cli.views.line import Line
from rlm_cli.views.run import RunView
from rlm_cli.views.seeking import Film

HELP = "space play/pause · → ← step · ] [ turn · / find · n next · g go to turn · d draft · v variables · q"
_LONGEST_WAIT_SECONDS = 3_600.0


@dataclass(frozen=True)
class Stretch:
    """What is played: from which event to which, how fast, and whether it begins to move by itself.

    Units:   speed 2.0 is twice as fast as it was; None does not wait.
    Shape:   start and stop are places in the film, before an event.
    """

    start: int
    stop: int
    speed: float | None
    is_playing: bool


class Player:
    """Plays a film; `play` returns the exit code.

    Shape:   make_face gives the face that begins with a view, and how many seconds of the run pass in one
             second: 0 while the film stands still. is_live: the face draws a moving part, so that nothing
             else may be written while it works.
    """

    is_live = False

    def __init__(
        self, film: Film, make_face: Callable[[RunView, float], Face], keys: Keys, err: Sink, clock: Clock
    ) -> None:
        self._film = film
        self._make_face = make_face
        self._keys = keys
        self._err = err
        self._clock = clock
        self._feed = Feed()
        self._face: asyncio.Task[int] | None = None
        self._index = 0
        self._is_playing = False
        self._sought = ""
        self._tempo = 1.0

    async def play(self, stretch: Stretch) -> int:
        """Play until the end, or until somebody has seen enough."""
        self._is_playing = stretch.is_playing
        self._tempo = stretch.speed or 1.0
        self._open(stretch.start)
        try:
            while True:
                await self._status(stretch)
                key = await self._key_or_next(stretch)
                if key == "end":
                    return await self._close()
                if key and not await self._pressed(key, stretch):
                    await self._err.status("")
                    return ExitCode.COMPLETE
        finally:
            await self._err.status("")
            await self._stop_face()

    async def _key_or_next(self, stretch: Stretch) -> str:
        """The next key; or, when the film runs, its next event was shown in the meantime (empty)."""
        if not self._is_playing:
            return await self._keys.next()
        if self._index >= stretch.stop:
            return "end"
        key = asyncio.ensure_future(self._keys.next())
        wait_seconds = self._wait_seconds(stretch)
        timer = asyncio.ensure_future(self._clock.sleep(wait_seconds))
        try:
            await asyncio.wait([key, timer], return_when=asyncio.FIRST_COMPLETED)
            if key.done():
                return key.result()
            await self._show_until(self._index + 1)
            return ""
        finally:
            timer.cancel()
            key.cancel()

    def _wait_seconds(self, stretch: Stretch) -> float:
        if stretch.speed is None or self._index == 0:
            return 0.0
        before, after = self._film.events[self._index - 1], self._film.events[self._index]
        return min(_LONGEST_WAIT_SECONDS, max(0.0, after.t - before.t) / stretch.speed)

    async def _pressed(self, key: str, stretch: Stretch) -> bool:
        """Do what a key asks for; whether to go on."""
        film, at = self._film, self._index
        match key:
            case "q" | "Q" | "ctrl-d":
                return False
            case " ":
                self._is_playing = not self._is_playing
                await self._again()
            case "right" | "enter" | "down":
                if at >= stretch.stop:
                    self._is_playing = True
                else:
                    await self._show_until(min(film.step_after(at), stretch.stop))
            case "left" | "up":
                await self._jump(max(stretch.start, film.step_before(at)))
            case "]":
                await self._show_until(min(film.scene_after(at), stretch.stop))
            case "[":
                await self._jump(max(stretch.start, film.scene_before(at)))
            case "g" | "G":
                await self._go_to(await self._asked("go to turn: "))
            case "/":
                self._sought = await self._asked("find: ") or self._sought
                await self._find()
            case "n" | "N":
                await self._find()
            case "d" | "D":
                await self._say(draft_lines(film.drafts_before(at)))
            case "v" | "V":
                await self._say(variable_lines(film.at(at)))
            case "?":
                await self._say([Line(HELP, "dim")])
        return True

    async def _show_until(self, index: int) -> None:
        await self._err.status("")
        await self._feed.give(self._film.events[self._index : index])
        self._index = index

    async def _jump(self, index: int) -> None:
        """Begin a new face from another place."""
        self._is_playing = False
        self._index = index
        view = self._film.at(index)
        await self._stop_face()
        await self._err.lines([Line(f"--- at {elapsed(view.t)}, turn {view.turn}", "dim")])
        self._open(index)

    async def _again(self) -> None:
        """The same place once more: a live view has stood aside, or its time begins or ceases to pass."""
        if self.is_live:
            await self._stop_face()
            self._open(self._index)

    async def _go_to(self, answer: str) -> None:
        place = self._film.scene_of(int(answer)) if answer.isdigit() else None
        if place is None:
            await self._say([Line(f"there is no turn {answer}", "warning")] if answer else [])
        else:
            await self._jump(place)

    async def _find(self) -> None:
        if not self._sought:
            return
        place = self._film.find(self._sought, self._index)
        if place is None:
            await self._say([Line(f'"{self._sought}" does not come again', "warning")])
            return
        await self._jump(self._film.step_before(place))
        await self._show_until(place)

    async def _asked(self, prompt: str) -> str:
        """A line that the user writes; empty when it was given up."""
        if self.is_live:
            await self._stop_face()
        try:
            return await self._written(prompt)
        finally:
            await self._err.status("")
            await self._again()

    async def _written(self, prompt: str) -> str:
        text = ""
        while True:
            await self._err.status(prompt + text)
            key = await self._keys.next()
            if key == "enter":
                return text.strip()
            if key in ("escape", "ctrl-d"):
                return ""
            if key == "backspace":
                text = text[:-1]
            elif key == "ctrl-u":
                text = ""
            elif len(key) == 1 and key.isprintable():
                text += key

    async def _status(self, stretch: Stretch) -> None:
        if self._is_playing or self.is_live:
            return
        shown = self._film.events[self._index - 1] if self._index else None
        place = f"{self._index:,}/{len(self._film):,}"
        time = elapsed(shown.t) if shown else "0:00"
        what = "end · → the answer · " if self._index >= stretch.stop else "→ step · "
        await self._err.status(f"[{place} · {time}] {what}← back · ] [ turn · space play · ? keys · q")

    async def _say(self, lines: list[Line]) -> None:
        await self._err.status("")
        if self.is_live:
            await self._stop_face()
        await self._err.lines(lines)
        await self._again()

    def _open(self, index: int) -> None:
        self._index = index
        self._feed = Feed()
        face = self._make_face(self._film.at(index), self._tempo if self._is_playing else 0.0)
        self._face = asyncio.ensure_future(face(self._feed.events(), lambda command: None))
        self._feed.reader = self._face

    async def _close(self) -> int:
        await self._err.status("")
        self._feed.end()
        face, self._face = self._face, None
        return await face if face is not None else ExitCode.COMPLETE

    async def _stop_face(self) -> None:
        if self._face is None:
            return
        face, self._face = self._face, None
        face.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await face
