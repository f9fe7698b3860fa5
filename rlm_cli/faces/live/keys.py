"""Keys while a run works: read one by one, never echoed. Ctrl-C and Ctrl-Z stay signals.

Owns the mode of the terminal's input, and gives it back whatever happens.
"""

from __future__ import annotations

import asyncio
import atexit
import codecs
import os
import re
import termios
from collections.abc import Callable
from typing import Any

from rlm_cli.faces.live.terminal import in_foreground

_NAMED = {"\r": "enter", "\n": "enter", "\t": "tab", "\x7f": "backspace", "\x08": "backspace"}
_SEQUENCE = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|O.|\][^\x07\x1b]*(?:\x07|\x1b\\))")
_LONE_ESCAPE_SECONDS = 0.05
_MOST_BYTES = 4096
_LOCAL_FLAGS, _SPECIAL = 3, 6


def keys_in(text: str) -> tuple[list[str], str]:
    """The keys in what was typed, and the beginning of a sequence that is not whole yet.

    Shape:   characters as they are; `enter`, `tab`, `backspace`, `escape`, `ctrl-a` to `ctrl-z`. Arrows and
             other keys that send sequences are left out.
    """
    keys: list[str] = []
    place = 0
    while place < len(text):
        each = text[place]
        if each == "\x1b":
            sequence = _SEQUENCE.match(text, place)
            if sequence is not None:
                place = sequence.end()
                continue
            if place + 1 == len(text) or text[place + 1] in "[O]":
                return keys, text[place:]
            keys.append("escape")
        elif each in _NAMED:
            keys.append(_NAMED[each])
        elif "\x01" <= each <= "\x1a":
            keys.append(f"ctrl-{chr(ord(each) + 96)}")
        elif each >= " ":
            keys.append(each)
        place += 1
    return keys, ""


class Keyboard:
    """The input of a terminal, read key by key while it is open and this program is in the foreground."""

    def __init__(self, descriptor: int = 0) -> None:
        self._descriptor = descriptor
        self._before: list[Any] | None = None
        self._is_gone = False
        self._rest = ""
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._on_key: Callable[[str], None] = lambda key: None
        self._timer: asyncio.TimerHandle | None = None

    @property
    def is_open(self) -> bool:
        """Whether keys are read."""
        return self._before is not None

    def open(self, on_key: Callable[[str], None]) -> None:
        """Read keys from now on, when the terminal is ours."""
        self._on_key = on_key
        if self.is_open or self._is_gone or not in_foreground(self._descriptor):
            return
        try:
            before = termios.tcgetattr(self._descriptor)
            mode = termios.tcgetattr(self._descriptor)
            mode[_LOCAL_FLAGS] &= ~(termios.ICANON | termios.ECHO)
            mode[_SPECIAL][termios.VMIN], mode[_SPECIAL][termios.VTIME] = 1, 0
            termios.tcsetattr(self._descriptor, termios.TCSANOW, mode)
        except termios.error:
            self._is_gone = True
            return
        self._before = before
        atexit.register(self.close)
        asyncio.get_running_loop().add_reader(self._descriptor, self._read)

    def close(self) -> None:
        """Read nothing more; the terminal is as it was before. A second time does nothing."""
        if self._before is None:
            return
        before, self._before = self._before, None
        atexit.unregister(self.close)
        self._stop_reading()
        if in_foreground(self._descriptor):
            try:
                termios.tcsetattr(self._descriptor, termios.TCSANOW, before)
            except termios.error:
                self._is_gone = True

    def follow(self) -> None:
        """Read keys if the terminal is ours (again), and none while another program has it."""
        if self.is_open and not in_foreground(self._descriptor):
            self._before = None
            atexit.unregister(self.close)
            self._stop_reading()
        elif not self.is_open:
            self.open(self._on_key)

    def _stop_reading(self) -> None:
        try:
            asyncio.get_running_loop().remove_reader(self._descriptor)
        except RuntimeError:  # there is no loop any more: the program ends
            return

    def _read(self) -> None:
        if not in_foreground(self._descriptor):
            self.follow()
            return
        try:
            data = os.read(self._descriptor, _MOST_BYTES)
        except OSError:
            data = b""
        if not data:
            self._is_gone = True
            self._stop_reading()
            return
        if self._timer is not None:
            self._timer.cancel()
        keys, self._rest = keys_in(self._rest + self._decoder.decode(data))
        for key in keys:
            self._on_key(key)
        if self._rest:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(_LONE_ESCAPE_SECONDS, self._lone_escape)

    def _lone_escape(self) -> None:
        """Nothing has followed: it was the key Esc."""
        self._rest = ""
        self._on_key("escape")
