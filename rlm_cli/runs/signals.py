"""Ctrl-C and SIGTERM as commands to a run; before there is a run, as the end of what is being prepared."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class Presses:
    """How often somebody has asked for the end, and by which signal.

    Shape:   `on_interrupt(force)` and `on_terminate()` are set once there is a run to tell.
    """

    def __init__(self) -> None:
        self.interrupts = 0
        self.is_terminated = False
        self.on_interrupt: Callable[[int], None] | None = None
        self.on_terminate: Callable[[], None] | None = None

    @property
    def is_any(self) -> bool:
        """Whether anybody has asked for the end yet."""
        return self.interrupts > 0 or self.is_terminated

    def interrupt(self) -> None:
        """SIGINT has come."""
        self.interrupts += 1
        if self.on_interrupt is not None:
            self.on_interrupt(self.interrupts)

    def terminate(self) -> None:
        """SIGTERM or SIGHUP has come."""
        self.is_terminated = True
        if self.on_terminate is not None:
            self.on_terminate()


@contextmanager
def caught(loop: asyncio.AbstractEventLoop) -> Iterator[Presses]:
    """Take the signals of the process while a question is answered; give them back afterwards."""
    presses = Presses()
    loop.add_signal_handler(signal.SIGINT, presses.interrupt)
    loop.add_signal_handler(signal.SIGTERM, presses.terminate)
    loop.add_signal_handler(signal.SIGHUP, presses.terminate)
    try:
        yield presses
    finally:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            loop.remove_signal_handler(number)
