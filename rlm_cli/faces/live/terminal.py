"""The terminal that the live face draws on: its size, what is written to it, and whose it is just now.

Knows descriptors and process groups, and nothing of what is drawn.
"""

from __future__ import annotations

import os
import select
from typing import Protocol

_USUAL = (80, 24)


class Terminal(Protocol):
    """What the live face needs of a terminal."""

    def size(self) -> tuple[int, int]:
        """Columns and rows, as they are now."""

    def write(self, text: str) -> None:
        """Write all of a text; waits as long as the terminal does.

        Errors:  OSError when the terminal is gone.
        """

    def is_ours(self) -> bool:
        """Whether this program is in the foreground of its terminal."""


class DescriptorTerminal:
    """Implements `Terminal` on a descriptor of a terminal."""

    def __init__(self, descriptor: int, encoding: str = "utf-8") -> None:
        self._descriptor = descriptor
        self._encoding = encoding

    def size(self) -> tuple[int, int]:
        try:
            columns, rows = os.get_terminal_size(self._descriptor)
        except OSError:
            return _USUAL
        return columns or _USUAL[0], rows or _USUAL[1]

    def write(self, text: str) -> None:
        rest = memoryview(text.encode(self._encoding, "replace"))
        while rest:
            try:
                rest = rest[os.write(self._descriptor, rest) :]
            except BlockingIOError:
                select.select([], [self._descriptor], [])

    def is_ours(self) -> bool:
        return in_foreground(self._descriptor)


def in_foreground(descriptor: int) -> bool:
    """Whether this program may read from the terminal; true for one that is not its controlling terminal."""
    try:
        return os.tcgetpgrp(descriptor) == os.getpgrp()
    except OSError:
        return True
