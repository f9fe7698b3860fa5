"""The life of a terminal while a run is shown: resized, stopped with Ctrl-Z, continued, in the background.

Joins the signals of the terminal, its keys and the stage, and gives everything back at the end.
"""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable

from rlm_cli.faces.live.keys import Keyboard
from rlm_cli.faces.live.stage import Stage

_FOLLOW_SECONDS = 1.0


class Life:
    """A stage and a keyboard that follow what befalls their terminal."""

    def __init__(self, stage: Stage, keyboard: Keyboard | None, on_key: Callable[[str], None]) -> None:
        self._stage = stage
        self._keyboard = keyboard
        self._on_key = on_key
        self._signals: list[signal.Signals] = []
        self._has_stopped_itself = False
        self._timer: asyncio.TimerHandle | None = None

    def begin(self) -> None:
        """Read keys, and listen to the signals of the terminal."""
        loop = asyncio.get_running_loop()
        listeners = (
            (signal.SIGWINCH, self._stage.redraw),
            (signal.SIGTSTP, self._stop),
            (signal.SIGCONT, self._go_on),
        )
        for number, listener in listeners:
            try:
                loop.add_signal_handler(number, listener)
            except (RuntimeError, ValueError):  # not the main thread: signals are somebody else's
                break
            self._signals.append(number)
        if self._keyboard is not None:
            self._keyboard.open(self._on_key)
            self._timer = loop.call_later(_FOLLOW_SECONDS, self._follow)

    def end(self) -> None:
        """Give everything back."""
        if self._timer is not None:
            self._timer.cancel()
        if self._keyboard is not None:
            self._keyboard.close()
        loop = asyncio.get_running_loop()
        for number in self._signals:
            loop.remove_signal_handler(number)
        self._signals.clear()

    def _follow(self) -> None:
        """A job that is put into the background or the foreground is not always told."""
        if self._keyboard is not None:
            self._keyboard.follow()
        self._timer = asyncio.get_running_loop().call_later(_FOLLOW_SECONDS, self._follow)

    def _stop(self) -> None:
        """Ctrl-Z: the terminal as it was, and then the usual stop."""
        self._stage.pause()
        if self._keyboard is not None:
            self._keyboard.close()
        self._has_stopped_itself = True
        os.kill(os.getpid(), signal.SIGSTOP)
        self._resume()

    def _go_on(self) -> None:
        """Continued: by the user after Ctrl-Z, or after a stop that nobody has told us of."""
        if not self._has_stopped_itself:
            self._resume()
        self._has_stopped_itself = False

    def _resume(self) -> None:
        self._stage.resume()
        if self._keyboard is not None:
            self._keyboard.open(self._on_key)
