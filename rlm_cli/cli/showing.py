"""A replay put together: a recording or a running session, the part of it that is wanted, its face."""

from __future__ import annotations

import asyncio
import gc
import sys
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from rlm_cli.base.errors import UsageError
from rlm_cli.base.text import counted
from rlm_cli.cli.facing import face_options
from rlm_cli.cli.terminal import color_asked, is_terminal
from rlm_cli.events import Event
from rlm_cli.settings.tree import Settings
from rlm_cli.views.run import RunView, reduce
from rlm_cli.views.selecting import cut_short, is_in

if TYPE_CHECKING:
    from rlm_cli.cli.replay import Choices
    from rlm_cli.faces.options import Face, FaceOptions
    from rlm_cli.faces.output import Output
    from rlm_cli.stream.reading import Recording
    from rlm_cli.views.seeking import Film


class Replayed:
    """One `rlm replay`, of the session file at a path."""

    def __init__(self, path: Path, settings: Settings, environ: Mapping[str, str]) -> None:
        self._path = path
        self._settings = settings
        self._environ = environ

    def show(self, choices: Choices, is_film: bool) -> int:
        """Show the session; the exit code.

        Errors:  SessionError when it cannot be read; UsageError for a turn that is not in it, or for keys
                 where there is no terminal.
        """
        if choices.is_followed:
            return asyncio.run(self._followed(choices))
        from rlm_cli.stream.reading import read

        recording = read(self._path)
        # What was read stays until the program ends: nobody needs to look for garbage in it.
        gc.freeze()
        has_keys = is_terminal(sys.stdin) and is_terminal(sys.stderr)
        if choices.is_stepped and not has_keys:
            raise UsageError("--step needs a terminal", "steps are made with keys", "Leave --step out")
        is_text = self._settings.output.format in ("text", "markdown") and choices.part is None
        if choices.is_stepped or (is_film and has_keys and is_text and choices.speed is not None):
            return asyncio.run(self._played(recording, choices))
        return asyncio.run(self._streamed(recording, choices))

    async def _streamed(self, recording: Recording, choices: Choices) -> int:
        """Everything that is wanted, one event after the other."""
        from rlm_cli.stream.clock import MonotonicClock
        from rlm_cli.stream.pacing import paced
        from rlm_cli.stream.replaying import as_stream

        start, events = self._stretch(recording, choices)
        stream = paced(as_stream(events), MonotonicClock(), choices.speed)
        if choices.part and self._settings.output.format == "jsonl":
            stream = _only(choices.part, stream)
        return await self._face(choices, start)(stream, lambda command: None)

    async def _followed(self, choices: Choices) -> int:
        from rlm_cli.stream.clock import MonotonicClock
        from rlm_cli.stream.following import followed

        stream = followed(self._path, MonotonicClock())
        if choices.part and self._settings.output.format == "jsonl":
            stream = _only(choices.part, stream)
        return await self._face(choices, RunView())(stream, lambda command: None)

    async def _played(self, recording: Recording, choices: Choices) -> int:
        """The session as a film, with keys."""
        from rlm_cli.faces.choosing import face_for, is_live
        from rlm_cli.faces.keys import Keys
        from rlm_cli.faces.player import Player, Stretch
        from rlm_cli.stream.clock import MonotonicClock
        from rlm_cli.views.seeking import Film

        film = Film([*recording.notices(), *recording.events])
        first, last = _places(film, choices)
        output = self._output()
        film.at(len(film))

        def make(start: RunView, tempo: float) -> Face:
            options = replace(self._options(), start=start, tempo=tempo)
            return face_for(self._settings.output.format, output, options)

        with Keys(sys.stdin.fileno()) as keys:
            player = Player(film, make, keys, output.err, MonotonicClock())
            player.is_live = is_live(output, self._options())
            stretch = Stretch(first, last, choices.speed, is_playing=not choices.is_stepped)
            return await player.play(stretch)

    def _stretch(self, recording: Recording, choices: Choices) -> tuple[RunView, list[Event]]:
        """The view before the first event that is wanted, and the events."""
        every = [*recording.notices(), *recording.events]
        if choices.first is None and choices.last is None:
            return RunView(), every
        from rlm_cli.views.seeking import Film

        film = Film(every)
        first, last = _places(film, choices)
        start, events = film.at(first), every[first:last]
        if last < len(every) and choices.last is not None and self._settings.output.format != "jsonl":
            view = start
            for event in events:
                view = reduce(view, event)
            end = cut_short(view, choices.last)
            events.append(Event(seq=view.seq, t=view.t, span="root", body=end))
        return start, events

    def _face(self, choices: Choices, start: RunView) -> Face:
        from rlm_cli.faces.choosing import face_for
        from rlm_cli.faces.excerpt import ExcerptFace

        options = replace(self._options(), start=start)
        if choices.part and self._settings.output.format in ("text", "markdown"):
            return ExcerptFace(choices.part, self._output(), options)
        return face_for(self._settings.output.format, self._output(), options)

    def _options(self) -> FaceOptions:
        return face_options(self._settings, self._path)

    def _output(self) -> Output:
        from rlm_cli.faces.output import standard_output

        color = color_asked(self._settings.leaves["output.color"], self._environ)
        return standard_output(self._environ, color, self._settings.output.theme)


def _places(film: Film, choices: Choices) -> tuple[int, int]:
    """Where to begin and where to end.

    Errors:  UsageError for a turn that the session does not have.
    """
    turns = [scene.turn for scene in film.scenes]
    for flag, turn in (("--from", choices.first), ("--to", choices.last)):
        if turn is not None and turn not in turns:
            raise UsageError(
                f"{flag} {turn} cannot be used", f"the session has {counted(len(turns), 'turn')}"
            )
    first = film.scene_of(choices.first) if choices.first is not None else 0
    last = film.end_of(choices.last) if choices.last is not None else len(film)
    return first or 0, last


async def _only(part: str, events: AsyncIterator[Event]) -> AsyncIterator[Event]:
    async for event in events:
        if is_in(part, event):
            yield event
