"""The live face: folds events, hands pictures to the stage, gives the answer to stdout at the end of the run.

A session of many questions opens the stage again for each of them.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace

from rlm_cli.events import Event, depth_of, parent_span
from rlm_cli.events.bodies import RunFinished, RunStarted, TurnStarted
from rlm_cli.faces.delivery import Delivery
from rlm_cli.faces.live.answering import drawn_answer
from rlm_cli.faces.live.keys import Keyboard
from rlm_cli.faces.live.life import Life
from rlm_cli.faces.live.stage import FRAME_SECONDS, Picture, Stage
from rlm_cli.faces.live.styling import Style
from rlm_cli.faces.live.terminal import Terminal
from rlm_cli.faces.narration import Narrator
from rlm_cli.faces.options import FaceOptions, Submit
from rlm_cli.faces.output import Output
from rlm_cli.views.controls import Controls, after, pressed
from rlm_cli.views.line import Line
from rlm_cli.views.lines import closing_lines, difference_lines
from rlm_cli.views.result import answer_markdown, answer_text, ended, result_object
from rlm_cli.views.run import RunView
from rlm_cli.views.watched import Watched, watch

_SLICE_SECONDS = 0.004


@dataclass(frozen=True)
class Screen:
    """Where a live view is drawn and read; keyboard is None where no keys can be read.

    Units:   frame_seconds is the least time between two frames.
    """

    terminal: Terminal
    style: Style
    keyboard: Keyboard | None = None
    clock: Callable[[], float] = time.monotonic
    frame_seconds: float = FRAME_SECONDS


class LiveFace:
    """Implements `options.Face`.

    Shape:   answer_format of the options is what stdout gets; `json` gives the result object.
    """

    def __init__(
        self, output: Output, options: FaceOptions, screen: Screen, output_format: str = "text"
    ) -> None:
        self._output = output
        self._options = options
        self._screen = screen
        self._format = output_format
        self._narrator = Narrator(output.err, options)
        self._delivery = Delivery(output.out, self._narrator, options.out_file)
        self._watched = Watched(run=options.start)
        self._controls = Controls()
        self._came = 0.0
        self._stage: Stage | None = None
        self._life: Life | None = None
        self._submit: Submit = lambda command: None
        self._has_told_failure = False

    async def __call__(self, events: AsyncIterator[Event], submit: Submit) -> int:
        """Show the run. The answer is handed over the moment the run has ended."""
        self._submit = submit
        try:
            await self._follow(events)
        finally:
            self._leave()
        if self._watched.run.finished is None:
            await self._end()
        if self._controls.writes and self._controls.text.strip():
            await self._narrator.remark(f"you were writing: {self._controls.text.strip()}", "dim")
        return await self._delivery.exit_code(ended(self._watched.run).exit_code)

    async def _follow(self, events: AsyncIterator[Event]) -> None:
        self._enter()
        slice_ends = time.monotonic() + _SLICE_SECONDS
        async for event in events:
            await self._take(event)
            if time.monotonic() >= slice_ends:
                await asyncio.sleep(0)
                slice_ends = time.monotonic() + _SLICE_SECONDS

    async def _take(self, event: Event) -> None:
        self._watched, lines = watch(self._watched, event, self._options.verbosity)
        self._came = self._screen.clock()
        if isinstance(event.body, RunStarted | TurnStarted) and depth_of(event.span) == 0:
            self._controls = after(self._controls, event, has_turns=not self._watched.answers_in_one_call)
        await self._show(lines)
        if isinstance(event.body, RunFinished) and not parent_span(event.span):
            await self._end()

    async def _show(self, lines: list[Line]) -> None:
        """Hand a picture to the stage; once that has failed, lines are written plainly."""
        stage = self._stage
        if stage is None:
            self._enter()
            stage = self._stage
        if stage is not None and stage.failure is None:
            stage.show(Picture(self._watched, self._controls, self._came, self._options.tempo), lines)
        elif stage is not None:
            await self._plainly(stage, lines)

    async def _plainly(self, stage: Stage, lines: list[Line]) -> None:
        if isinstance(stage.failure, OSError):
            return
        if not self._has_told_failure:
            self._has_told_failure = True
            text = f"the live view has failed ({stage.failure!r}); plain lines from here"
            await self._narrator.remark(text, "warning")
        await self._output.err.lines([*stage.undrawn(), *lines])

    def _enter(self) -> None:
        """Take the terminal."""
        keyboard = self._screen.keyboard if self._options.reads_keys else None
        screen = self._screen
        self._stage = Stage(screen.terminal, screen.style, screen.clock, screen.frame_seconds)
        self._life = Life(self._stage, keyboard, self._pressed)
        self._stage.open()
        self._life.begin()
        self._came = screen.clock()
        self._controls = replace(
            self._controls,
            has_keys=keyboard is not None and keyboard.is_open,
            takes_questions=keyboard is not None and self._options.takes_questions,
            has_turns=True,
            is_paused=False,
        )
        if self._watched.run.phase != "finished":
            self._stage.show(Picture(self._watched, self._controls, self._came, self._options.tempo), [])

    def _leave(self) -> None:
        """Give the terminal back, whatever has happened; waits for it a second at most."""
        if self._life is not None:
            self._life.end()
            self._life = None
        if self._stage is not None:
            self._stage.abandon()
            self._stage = None

    async def _end(self) -> None:
        """Draw the rest, give the terminal back, hand over the answer, and say how the run ended."""
        stage = self._stage
        if stage is not None:
            await asyncio.to_thread(stage.close)
            if stage.failure is not None:
                await self._plainly(stage, [])
        self._leave()
        run = self._watched.run
        if self._format == "json":
            await self._delivery.json(result_object(run, self._options.session))
        else:
            await self._answer(run)
        await self._close(run)

    async def _answer(self, run: RunView) -> None:
        look = self._output.out.look
        is_drawn = look.columns is not None and look.has_colour and self._format == "text"
        if is_drawn and self._options.out_file is None and look.columns is not None:
            rows = await asyncio.to_thread(drawn_answer, run, self._screen.style, look.columns)
            await self._output.out.drawn(rows)
            return
        answer = answer_markdown(run) if self._format == "markdown" else answer_text(run)
        if answer and look.columns is not None and self._options.out_file is None:
            answer = f"\n{answer}\n"
        await self._delivery.text(answer)

    async def _close(self, run: RunView) -> None:
        await self._output.err.lines(closing_lines(run, self._options.session, self._options.verbosity))

    def _pressed(self, key: str) -> None:
        """A key was pressed."""
        done = pressed(self._controls, key, self._watched.run.decision)
        self._controls = done.controls
        if done.command is not None:
            self._submit(done.command)
        lines = difference_lines(self._watched.run.draft) if done.wants_difference else []
        if self._stage is not None and self._stage.failure is None:
            picture = Picture(self._watched, self._controls, self._came, self._options.tempo)
            self._stage.show(picture, lines)
