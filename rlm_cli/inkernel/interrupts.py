"""SIGINT in the kernel: it stops the code of a cell, and never the machinery around it.

While no cell's code runs an interrupt is kept for the cell that is about to begin; a KeyboardInterrupt in
ipykernel's own code would lose the request, and one in its event loop would end the kernel.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import Iterator
from types import FrameType
from typing import Any

_CELL_FUNCTION = "run_code"


class Interrupts:
    """What an interrupt does at the moment.

    Shape:   between `open` and `close` a cell's code runs; both are called on the main thread.
    """

    def __init__(self) -> None:
        self._is_open = False
        self._is_pending = False
        self._awaiting: asyncio.Future[Any] | None = None

    def install(self) -> None:
        """Take SIGINT, whatever a cell has made of it."""
        signal.signal(signal.SIGINT, self._arrived)

    def forget(self) -> None:
        """A new cell is announced: what came until now was meant for the one before."""
        self._is_pending = False

    def open(self) -> None:
        """The code of a cell begins.

        Errors:  KeyboardInterrupt when it was interrupted before it has begun.
        """
        self._is_open = True
        if self._is_pending:
            raise KeyboardInterrupt

    def close(self) -> None:
        """The code of the cell has ended."""
        self._is_open = self._is_pending = False
        self.install()

    @contextlib.contextmanager
    def cancelling(self, future: asyncio.Future[Any]) -> Iterator[None]:
        """While a cell awaits: an interrupt raises in the cell's own code, or cancels what it awaits."""
        self._awaiting = future
        try:
            yield
        finally:
            self._awaiting = None

    def _arrived(self, _number: int, frame: FrameType | None) -> None:
        if not self._is_open:
            self._is_pending = True
        elif self._awaiting is None or _is_in_cell(frame):
            raise KeyboardInterrupt
        else:
            loop = asyncio.get_running_loop()
            loop.call_soon_threadsafe(self._awaiting.cancel)


def _is_in_cell(frame: FrameType | None) -> bool:
    """Whether IPython would catch what is raised here: the cell's own code, not a task beside it."""
    while frame is not None:
        if frame.f_code.co_name == _CELL_FUNCTION:
            return True
        frame = frame.f_back
    return False
