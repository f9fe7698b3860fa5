"""A clock over `re`: a pattern that backtracks without end is stopped, and what was found until then is kept.

`re` looks for signals while it matches; an interval timer sends them. Only the main thread can be stopped so;
elsewhere time is looked at between texts.
"""

from __future__ import annotations

import re
import signal
import threading
import time
from types import FrameType, TracebackType
from typing import Any

_TICK_SECONDS = 0.1
_ONE_TEXT_SECONDS = 1.0
_PATIENCE = 3


class OutOfTime(Exception):
    """The time for the whole search is over."""


class _TooSlow(Exception):
    """One text has taken too long."""


class Deadline:
    """A time that is looked at between steps; remembers how far a search had come when it was over."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.reached: int | None = None
        self._at = time.monotonic() + seconds

    def is_over(self, gone_through: int) -> bool:
        """Whether the time is over, after so many documents."""
        if time.monotonic() <= self._at:
            return False
        self.reached = gone_through
        return True


class Watch:
    """The time of one search.

    Units:   seconds bounds the whole search. `slow` counts the texts that were given up, each after a second.
    """

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.slow = 0
        self._deadline = time.monotonic() + seconds
        self._text_deadline: float | None = None
        self._is_armed = False
        self._before: Any = None
        self._timer = (0.0, 0.0)

    def __enter__(self) -> Watch:
        if threading.current_thread() is threading.main_thread():
            self._before = signal.signal(signal.SIGALRM, self._tick)
            self._timer = signal.setitimer(signal.ITIMER_REAL, _TICK_SECONDS, _TICK_SECONDS)
            self._is_armed = True
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._is_armed:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, self._before)
            signal.setitimer(signal.ITIMER_REAL, *self._timer)

    def check(self) -> None:
        """Go on or not.

        Errors:  OutOfTime when the time is over.
        """
        if time.monotonic() > self._deadline:
            raise OutOfTime

    def matches(
        self, pattern: re.Pattern[str], text: str, most: int, is_whole: bool = False
    ) -> list[tuple[int, int]]:
        """The spans of the first matches in a text that are not empty.

        Units:   a text may take a second, or with `is_whole` as long as there is.
        Errors:  OutOfTime when the time is over, or when too many texts were too slow.
        """
        self.check()
        spans: list[tuple[int, int]] = []
        try:
            try:
                self._text_deadline = (
                    self._deadline if is_whole else min(self._deadline, time.monotonic() + _ONE_TEXT_SECONDS)
                )
                for match in pattern.finditer(text):
                    if match.end() > match.start():
                        spans.append(match.span())
                        if len(spans) >= most:
                            break
            finally:
                self._text_deadline = None
        except _TooSlow:
            self.slow += 1
            self.check()
            if self.slow >= _PATIENCE:
                raise OutOfTime from None
        return spans

    def _tick(self, _number: int, _frame: FrameType | None) -> None:
        deadline = self._text_deadline
        if deadline is not None and time.monotonic() > deadline:
            self._text_deadline = None
            raise _TooSlow
