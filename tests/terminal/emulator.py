"""A pseudo-terminal with an emulator behind it: what a person would see on it, and in its scrollback."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import struct
import termios
import threading
from collections.abc import Callable

import pyte

_SCROLLBACK = 100_000
_PATIENCE_SECONDS = 30.0


class Tty:
    """A terminal of a size; `slave` is the end that programs write to and read from.

    A thread reads all that is written, as a terminal does. `raw` is every byte of it.
    """

    def __init__(self, columns: int = 80, rows: int = 24) -> None:
        self.master, self.slave = pty.openpty()
        self.raw = bytearray()
        self._screen = pyte.HistoryScreen(columns, rows, history=_SCROLLBACK, ratio=0.5)
        self._stream = pyte.ByteStream(self._screen)
        self._changed = threading.Condition()
        self._reads = threading.Event()
        self._reads.set()
        self.resize(columns, rows)
        self.mode = termios.tcgetattr(self.slave)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def resize(self, columns: int, rows: int) -> None:
        """The user changes the size of the window."""
        with self._changed:
            self._make_room(rows)
            self._screen.resize(rows, columns)
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def _make_room(self, rows: int) -> None:
        """As xterm and tmux do: what does not fit any more goes to the scrollback, empty rows go first."""
        screen = self._screen
        gone = max(0, screen.cursor.y + 1 - rows)
        for row in range(gone):
            screen.history.top.append(screen.buffer[row])
        kept = {row: screen.buffer[row + gone] for row in range(min(rows, screen.lines - gone))}
        screen.buffer.clear()
        screen.buffer.update(kept)
        screen.cursor.y -= gone
        screen.lines = min(rows, screen.lines)

    def stop_reading(self) -> None:
        """The terminal takes nothing any more: its user holds Ctrl-S, or the network hangs."""
        self._reads.clear()

    def go_on_reading(self) -> None:
        """The terminal takes what is written again."""
        self._reads.set()

    def type(self, keys: str) -> None:
        """The user types."""
        os.write(self.master, keys.encode())

    def wait_until(self, holds: Callable[[Tty], bool]) -> None:
        """Wait until something is to be seen.

        Errors:  AssertionError with the screen when that does not happen.
        """
        with self._changed:
            if not self._changed.wait_for(lambda: holds(self), _PATIENCE_SECONDS):
                raise AssertionError("\n".join(self.lines()))

    @property
    def frames(self) -> int:
        """How often something was drawn."""
        return self.raw.count(b"\x1b[?2026h")

    def shows(self, words: str) -> bool:
        """Whether words are on the screen or in the scrollback."""
        return words in "\n".join(self.lines())

    def lines(self) -> list[str]:
        """Every line from the top of the scrollback to the last one that is not empty."""
        columns = range(self._screen.columns)
        above = [
            "".join(line[column].data for column in columns).rstrip() for line in self._screen.history.top
        ]
        found = [*above, *(line.rstrip() for line in self._screen.display)]
        while found and not found[-1]:
            found.pop()
        return found

    def screen(self) -> list[str]:
        """The lines of the screen alone."""
        return [line.rstrip() for line in self._screen.display]

    @property
    def is_sane(self) -> bool:
        """Whether the cursor is visible, and the line discipline as it was: echo on, line by line."""
        return not self._screen.cursor.hidden and termios.tcgetattr(self.slave) == self.mode

    def settle(self) -> None:
        """Wait until all that was written so far has been read."""
        mark = b"\x1b]0;settled\x07"
        place = len(self.raw)
        os.write(self.slave, mark)
        self.wait_until(lambda tty: mark in tty.raw[place:])

    def close(self) -> None:
        """Take the terminal away."""
        self._reads.set()
        for descriptor in (self.slave, self.master):
            with contextlib.suppress(OSError):
                os.close(descriptor)
        self._reader.join(5)

    def _read(self) -> None:
        while True:
            self._reads.wait()
            try:
                data = os.read(self.master, 65536)
            except OSError:
                return
            if not data:
                return
            with self._changed:
                self.raw += data
                self._stream.feed(data)
                self._changed.notify_all()
