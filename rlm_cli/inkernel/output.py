"""What a cell writes: all of it to a file, its head and tail to the model, its first pieces to the screen.

The bounds hold here, where output enters, so that no other process ever holds a flood. It knows streams
and bounds; nothing of cells' values, of calls or of screens.
"""

from __future__ import annotations

import io
import re
import threading
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

SHOWN_CHARACTERS = 16 * 1024
LIVE_CHARACTERS = 64 * 1024
KEPT_CHARACTERS = 256 * 1024 * 1024
_NOTICE_CHARACTERS = 200
_SLICE_CHARACTERS = 1 << 20
_LIVE_SECONDS = 0.05
_OVERWRITTEN = re.compile(r"[^\n]*\r(?![\n])")


class Capture:
    """The output of the cell that is running.

    Shape:   `live` is called with (cell, stream, text), at most 64 Ki characters a cell, from one thread
             or at the end of the cell.
    """

    def __init__(self, live: Callable[[int, str, str], None]) -> None:
        self._live = live
        self._lock = threading.RLock()
        self._dirty = threading.Event()
        self.begin(0, None)

    def start(self) -> None:
        """Begin to pass pieces on while a cell runs."""
        threading.Thread(target=self._pass_on, name="live-output", daemon=True).start()

    def begin(self, cell: int, kept_in: Path | None) -> None:
        """A cell starts; its whole output goes to a file."""
        with self._lock:
            self.cell = cell
            self.characters = 0
            self._head: list[str] = []
            self._head_room = SHOWN_CHARACTERS * 2 // 3
            self._tail: deque[str] = deque()
            self._tail_held = 0
            self._live_room = LIVE_CHARACTERS
            self._pieces: list[tuple[str, str]] = []
            self._kept_in = kept_in
            self._file: BinaryIO | None = None
            self._is_kept = True

    def add(self, stream: str, text: str) -> None:
        """Take a piece of output: `stdout`, `stderr`, `result` or `error`."""
        if not text:
            return
        with self._lock:
            self._keep(text)
            self.characters += len(text)
            if self._live_room > 0:
                self._pieces.append((stream, text[: self._live_room]))
                self._live_room -= len(text)
                self._dirty.set()
            if self._head_room > 0:
                self._head.append(text[: self._head_room])
                text, self._head_room = text[self._head_room :], self._head_room - len(text)
            self._hold_tail(text)

    def end(self) -> tuple[str, int]:
        """The cell is over: what the model is shown, and how many characters it is not.

        Units:   at most 16 Ki characters are shown: two thirds head, one third tail.
        """
        with self._lock:
            self.flush()
            if self._file is not None:
                self._file.close()
                self._file = None
            head, tail = "".join(self._head), "".join(self._tail)
            room = SHOWN_CHARACTERS - len(head) - _NOTICE_CHARACTERS
            if self.characters <= SHOWN_CHARACTERS - _NOTICE_CHARACTERS:
                return _OVERWRITTEN.sub("", head + tail), 0
            tail = tail[-room:]
            omitted = self.characters - len(head) - len(tail)
            where = "the whole output" if self._is_kept else f"the first {KEPT_CHARACTERS:,} characters"
            notice = (
                f"\n[… {omitted:,} of {self.characters:,} characters omitted here; "
                f"{where} will be in history[-1].output …]\n"
            )
            return _OVERWRITTEN.sub("", head) + notice + _OVERWRITTEN.sub("", tail), omitted

    def flush(self) -> None:
        """Pass on what has gathered for the screen, neighbours of one stream joined."""
        with self._lock:
            pieces, self._pieces = self._pieces, []
            joined: list[tuple[str, list[str]]] = []
            for stream, text in pieces:
                if joined and joined[-1][0] == stream:
                    joined[-1][1].append(text)
                else:
                    joined.append((stream, [text]))
            for stream, texts in joined:
                self._live(self.cell, stream, "".join(texts))

    def _hold_tail(self, text: str) -> None:
        room = SHOWN_CHARACTERS // 3
        text = text[-room:]
        self._tail.append(text)
        self._tail_held += len(text)
        while self._tail_held - len(self._tail[0]) >= room:
            self._tail_held -= len(self._tail.popleft())
        if len(self._tail) > 512:
            joined = "".join(self._tail)[-room:]
            self._tail, self._tail_held = deque([joined]), len(joined)

    def _keep(self, text: str) -> None:
        if self._kept_in is None:
            return
        if self.characters + len(text) > KEPT_CHARACTERS:
            self._is_kept = False
            text = text[: max(0, KEPT_CHARACTERS - self.characters)]
        try:
            if self._file is None:
                self._file = self._kept_in.open("wb")
            for start in range(0, len(text), _SLICE_CHARACTERS):
                self._file.write(text[start : start + _SLICE_CHARACTERS].encode("utf-8", "replace"))
        except OSError:
            self._is_kept = False
            self._kept_in = None

    def _pass_on(self) -> None:
        while True:
            self._dirty.wait()
            self._dirty.clear()
            self.flush()
            threading.Event().wait(_LIVE_SECONDS)


class CellStream(io.TextIOBase):
    """`sys.stdout` or `sys.stderr` of cells.

    Shape:   `before` runs ahead of every write: it takes in what subprocesses have written until then.
    """

    encoding = "utf-8"
    errors = "replace"

    def __init__(self, capture: Capture, stream: str, descriptor: int, before: Callable[[], None]) -> None:
        self._capture = capture
        self._stream = stream
        self._descriptor = descriptor
        self._before = before
        self.buffer = _Bytes(self)

    def write(self, text: str) -> int:
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text).__name__}")
        self._before()
        self._capture.add(self._stream, text)
        return len(text)

    def writable(self) -> bool:
        return True

    def fileno(self) -> int:
        return self._descriptor

    @property
    def name(self) -> str:
        return f"<{self._stream}>"


class _Bytes(io.RawIOBase):
    """The `.buffer` of a stream, for code that writes bytes."""

    def __init__(self, stream: CellStream) -> None:
        self._stream = stream

    def write(self, data: Any) -> int:
        raw = bytes(data)
        self._stream.write(raw.decode("utf-8", "replace"))
        return len(raw)

    def writable(self) -> bool:
        return True
