"""Keys of a terminal, one by one, by name. The terminal is as it was when the reading ends.

Knows nothing of what a key does.
"""

from __future__ import annotations

import asyncio
import os
import termios
from types import TracebackType
from typing import Any

_NAMES = {
    b"\x1b[A": "up",
    b"\x1b[B": "down",
    b"\x1b[C": "right",
    b"\x1b[D": "left",
    b"\x1bOA": "up",
    b"\x1bOB": "down",
    b"\x1bOC": "right",
    b"\x1bOD": "left",
    b"\x1b[H": "home",
    b"\x1b[F": "end",
    b"\r": "enter",
    b"\n": "enter",
    b"\x7f": "backspace",
    b"\x08": "backspace",
    b"\x15": "ctrl-u",
    b"\x17": "ctrl-w",
    b"\x04": "ctrl-d",
    b"\t": "tab",
}
_ESCAPE_SECONDS = 0.05
_LONGEST_SEQUENCE = 16


class Keys:
    """The keys that are pressed while the block runs; Ctrl-C stays a signal."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._pressed: asyncio.Queue[str] = asyncio.Queue()
        self._waiting = b""
        self._before: list[Any] | None = None
        self._timer: asyncio.TimerHandle | None = None

    async def next(self) -> str:
        """The next key; `ctrl-d` when there will be none."""
        return await self._pressed.get()

    def __enter__(self) -> Keys:
        self._before = termios.tcgetattr(self._descriptor)
        mode = termios.tcgetattr(self._descriptor)
        mode[3] &= ~(termios.ICANON | termios.ECHO)
        mode[6][termios.VMIN], mode[6][termios.VTIME] = 1, 0
        termios.tcsetattr(self._descriptor, termios.TCSADRAIN, mode)
        asyncio.get_running_loop().add_reader(self._descriptor, self._read)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        asyncio.get_running_loop().remove_reader(self._descriptor)
        if self._before is not None:
            termios.tcsetattr(self._descriptor, termios.TCSADRAIN, self._before)

    def _read(self) -> None:
        try:
            data = os.read(self._descriptor, 1024)
        except OSError:
            data = b""
        if not data:
            asyncio.get_running_loop().remove_reader(self._descriptor)
            self._pressed.put_nowait("ctrl-d")
            return
        self._waiting += data
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        names, self._waiting = taken(self._waiting)
        for name in names:
            self._pressed.put_nowait(name)
        if self._waiting:
            self._timer = asyncio.get_running_loop().call_later(_ESCAPE_SECONDS, self._give_up)

    def _give_up(self) -> None:
        """What has waited for the rest of a sequence was a lone Escape, or a part of a character."""
        if self._waiting.startswith(b"\x1b"):
            self._pressed.put_nowait("escape")
        self._waiting = b""


def taken(data: bytes) -> tuple[list[str], bytes]:
    """The names of the keys at the beginning of what was read, and what waits for its rest."""
    names: list[str] = []
    while data:
        if data.startswith(b"\x1b"):
            size = _sequence(data)
            if size == 0:
                break
            name = _NAMES.get(data[:size], "")
            names += [name] if name else []
        else:
            size = _character(data)
            if size > len(data):
                break
            text = data[:size].decode("utf-8", "replace")
            names.append(_NAMES.get(data[:size], text))
        data = data[size:]
    return names, data


def _sequence(data: bytes) -> int:
    """How long the escape sequence at the beginning is; 0 while its end has not come."""
    if len(data) == 1:
        return 0
    if data[1:2] not in (b"[", b"O"):
        return 1 if data[1:2] == b"\x1b" else 2
    for place in range(2, min(len(data), _LONGEST_SEQUENCE)):
        if 0x40 <= data[place] <= 0x7E:
            return place + 1
    return 0 if len(data) < _LONGEST_SEQUENCE else _LONGEST_SEQUENCE


def _character(data: bytes) -> int:
    first = data[0]
    return 1 if first < 0xC0 else 2 if first < 0xE0 else 3 if first < 0xF0 else 4
