"""The thread that draws: the only one that writes to the terminal while a run is shown.

The run's own thread hands it immutable pictures and lines, and never waits for it. It draws at most ten
frames a second, none when nothing has changed, and fewer when composing them is costly. A
terminal that does not take what is written holds up this thread alone; pictures that came meanwhile are never
drawn, lines that stay all are.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from rlm_cli.faces.live.code import highlighted
from rlm_cli.faces.live.keeping import kept_rows
from rlm_cli.faces.live.painting import RESTORE, Painter
from rlm_cli.faces.live.styling import Style
from rlm_cli.faces.live.terminal import Terminal
from rlm_cli.faces.themes import themed
from rlm_cli.views.controls import Controls
from rlm_cli.views.grid import Piece
from rlm_cli.views.line import Line
from rlm_cli.views.region import Look, region
from rlm_cli.views.watched import Watched

FRAME_SECONDS = 0.1
_TICK_SECONDS = 0.5
_LINES_AT_ONCE = 400
_COMPOSING_SHARE, _LONGEST_REST = 0.1, 5
_LAST_WORDS_SECONDS = 1.0


@dataclass(frozen=True)
class Picture:
    """What is to be seen.

    Units:   came is when the last event came, on the clock of the stage; tempo is how many seconds of the run
             pass in one of the clock, 0 when time stands still between events.
    """

    watched: Watched = field(default_factory=Watched)
    controls: Controls = field(default_factory=Controls)
    came: float = 0.0
    tempo: float = 1.0

    def now(self, clock: float) -> float:
        """Seconds since the run began."""
        return self.watched.run.t + max(0.0, clock - self.came) * self.tempo


class Stage:
    """A terminal while a run is shown on it.

    Units:   frame_seconds is the least time between two frames.
    Shape:   failure is why nothing is drawn any more: an OSError when the terminal is gone.
    """

    def __init__(
        self,
        terminal: Terminal,
        style: Style,
        clock: Callable[[], float] = time.monotonic,
        frame_seconds: float = FRAME_SECONDS,
    ) -> None:
        self.failure: Exception | None = None
        self.frames = 0
        self._terminal = terminal
        self._style = style
        self._clock = clock
        self._frame_seconds = frame_seconds
        self._painter = Painter()
        self._picture = Picture()
        self._lines: deque[Line] = deque()
        self._changed = threading.Condition()
        self._is_changed = False
        self._is_closing = False
        self._is_paused = False
        self._is_resting = False
        self._thread = threading.Thread(target=self._work, name="rlm-screen", daemon=True)

    def open(self) -> None:
        """Begin to draw."""
        self._thread.start()

    def show(self, picture: Picture, lines: Iterable[Line] = ()) -> None:
        """What is to be seen from now on, and lines that stay. Never waits for the terminal."""
        with self._changed:
            self._picture = picture
            self._lines.extend(lines)
            self._is_changed = True
            self._changed.notify()

    def redraw(self) -> None:
        """Draw again: the terminal has changed its size."""
        with self._changed:
            self._is_changed = True
            self._changed.notify()

    def close(self) -> None:
        """Draw what is left, take the moving part away, and end. Waits for the terminal."""
        with self._changed:
            self._is_closing = True
            self._changed.notify()
        self._thread.join()

    def abandon(self) -> None:
        """End soon, whatever the terminal does: what is left is drawn if it takes no more than a second."""
        with self._changed:
            self._is_closing = True
            self._changed.notify()
        self._thread.join(_LAST_WORDS_SECONDS)

    def pause(self) -> None:
        """Take the moving part away, and draw nothing until `resume`; waits for at most a second."""
        with self._changed:
            self._is_paused = True
            self._is_changed = True
            self._changed.notify()
            self._changed.wait_for(
                lambda: self._is_resting or not self._thread.is_alive(), _LAST_WORDS_SECONDS
            )

    def resume(self) -> None:
        """Draw again. What stood on the terminal may be anything."""
        with self._changed:
            self._painter.forget()
            self._is_paused = self._is_resting = False
            self._is_changed = True
            self._changed.notify()

    def undrawn(self) -> list[Line]:
        """The lines that were not drawn because of a failure; they are given out once."""
        lines = list(self._lines)
        self._lines.clear()
        return lines

    def _work(self) -> None:
        try:
            while self._turn():
                pass
        except Exception as failure:  # noqa: BLE001 the face goes on with plain lines, and says why
            self.failure = failure
            self._restore()
        with self._changed:
            self._changed.notify_all()

    def _turn(self) -> bool:
        """Wait for something to draw, and draw it; whether there will be more."""
        with self._changed:
            self._changed.wait_for(lambda: self._is_changed or self._is_closing, _TICK_SECONDS)
            self._is_changed = False
            is_last = self._is_closing
            is_paused = self._is_paused
            lines = [self._lines[place] for place in range(min(len(self._lines), _LINES_AT_ONCE))]
        began, worked = time.monotonic(), time.thread_time()
        frame = self._frame(lines, is_still=is_last or is_paused)
        rest = self._rest(time.thread_time() - worked)
        if frame:
            self._terminal.write(themed(frame, self._style.theme))
            self.frames += 1
        with self._changed:
            for _ in lines:
                self._lines.popleft()
            self._is_resting = is_paused
            self._is_changed = self._is_changed or bool(self._lines)
            self._changed.notify_all()
            if is_last:
                return bool(self._lines)
            rest -= time.monotonic() - began
            self._changed.wait_for(lambda: self._is_closing or self._is_paused, rest)
        return True

    def _rest(self, composed: float) -> float:
        """How long to wait from the beginning of a frame to the next one: longer after costly ones."""
        least = self._frame_seconds
        return max(least, min(_LONGEST_REST * least, composed / _COMPOSING_SHARE))

    def _frame(self, lines: list[Line], *, is_still: bool) -> str:
        columns, rows = self._terminal.size()
        picture = self._picture
        kept = kept_rows(lines, self._style, columns)
        if is_still or not self._terminal.is_ours():
            return self._painter.clear(kept, rows)
        moving = moving_rows(picture, self._style, (columns, rows), self._clock())
        return self._painter.frame(kept, moving, rows)

    def _restore(self) -> None:
        try:
            self._terminal.write("\r\n" + RESTORE)
        except OSError as gone:
            self.failure = gone


def moving_rows(picture: Picture, style: Style, size: tuple[int, int], clock: float) -> list[str]:
    """The rows of the moving part, painted; code in it has colours like any other code.

    Units:   size is columns and rows; clock is the time on the clock of the stage.
    """
    look = Look(*size, style.is_ascii)
    rows = region(picture.watched, picture.controls, look, picture.now(clock))
    return [_painted(row, style) for row in rows]


def _painted(row: list[Piece], style: Style) -> str:
    parts = []
    for text, tone in row:
        parts += highlighted([text], style, len(text) * 2) if tone == "code" else [style.paint(text, tone)]
    return "".join(parts)
