"""The kernel's end of the socketpair: frames out through one thread, frames in through another.

A frame is four bytes of length, big-endian, and JSON. Sending never happens on the main thread: an
interrupt in the middle of a frame would leave half of it on the socket. It knows no calls and no cells;
when the other end is gone, so is the reason for this process.
"""

from __future__ import annotations

import json
import os
import queue
import socket
import struct
import threading
from collections.abc import Callable
from typing import Any

from rlm_cli.inkernel.exits import ALONE

FRAME_BYTES = 16 * 1024 * 1024
_LENGTH = struct.Struct(">I")


class FrameTooLarge(ValueError):
    """A value does not fit a frame."""


def encode(value: Any) -> bytes:
    """The frame of a value; text that is not valid Unicode is replaced, as is NaN by null.

    Errors:  FrameTooLarge past 16 MiB; TypeError for what JSON cannot hold.
    """
    try:
        text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    except ValueError:
        text = json.dumps(_finite(value), ensure_ascii=False, separators=(",", ":"))
    raw = text.encode("utf-8", "replace")
    if len(raw) > FRAME_BYTES:
        raise FrameTooLarge(f"{len(raw):,} bytes; at most {FRAME_BYTES:,} can be sent")
    return _LENGTH.pack(len(raw)) + raw


def _finite(value: Any) -> Any:
    if isinstance(value, float):
        return value if value - value == 0 else None
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    return [_finite(item) for item in value] if isinstance(value, (list, tuple)) else value


class Wire:
    """Frames to and from the program that started the kernel.

    Shape:   `received` is called on the reader's thread with every frame that arrives.
    """

    def __init__(self, connection: socket.socket, received: Callable[[dict[str, Any]], None]) -> None:
        self._connection = connection
        self._received = received
        self._outgoing: queue.SimpleQueue[tuple[bytes, threading.Lock | None]] = queue.SimpleQueue()
        self._is_closed = False

    def start(self) -> None:
        """Begin to read and write; both threads end with the process."""
        for name, target in (("wire-reader", self._read), ("wire-writer", self._write)):
            threading.Thread(target=target, name=name, daemon=True).start()

    def send(self, value: Any) -> None:
        """Queue a value; safe from every thread and against interrupts.

        Errors:  those of `encode`.
        """
        self._outgoing.put((encode(value), None))

    def send_through(self, value: Any) -> None:
        """Send a value and wait until it has left this process, which a cell may end at once.

        Errors:  those of `encode`; KeyboardInterrupt, and the value goes out all the same.
        """
        # An Event holds a lock of its own, which an interrupt at the wrong moment never gives back.
        has_left = threading.Lock()
        has_left.acquire()
        self._outgoing.put((encode(value), has_left))
        if not self._is_closed:
            has_left.acquire()

    def send_frame(self, frame: bytes) -> None:
        """Queue a frame that `encode` has made."""
        self._outgoing.put((frame, None))

    def close(self) -> None:
        """Give up the descriptor: for a forked child, which must not speak for the kernel."""
        self._is_closed = True
        self._connection.close()

    def _write(self) -> None:
        try:
            while True:
                frame, has_left = self._outgoing.get()
                self._connection.sendall(frame)
                if has_left is not None:
                    has_left.release()
        except OSError:
            os._exit(ALONE)

    def _read(self) -> None:
        try:
            while True:
                (length,) = _LENGTH.unpack(self._exactly(_LENGTH.size))
                self._received(json.loads(self._exactly(length)))
        except (OSError, EOFError):
            os._exit(ALONE)

    def _exactly(self, count: int) -> bytes:
        parts = bytearray()
        while len(parts) < count:
            piece = self._connection.recv(min(count - len(parts), 1 << 20))
            if not piece:
                raise EOFError
            parts += piece
        return bytes(parts)
