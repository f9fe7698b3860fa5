"""What reaches file descriptors 1 and 2 past Python's streams: subprocesses, C libraries, forked children.

Each descriptor becomes a pipe into the capture. It knows nothing of cells.
"""

from __future__ import annotations

import codecs
import fcntl
import os
import select
import struct
import sys
import termios
import threading

from rlm_cli.inkernel.output import Capture

_READ_BYTES = 64 * 1024


class Tap:
    """Descriptors 1 and 2 as part of a cell's output, in the order in which things were written."""

    def __init__(self, capture: Capture) -> None:
        self._capture = capture
        self._lock = threading.Lock()
        self._ends: dict[int, tuple[str, codecs.IncrementalDecoder]] = {}

    def start(self) -> None:
        """Put pipes in the place of both descriptors and read them in a thread."""
        decoder = codecs.getincrementaldecoder("utf-8")
        for descriptor, stream in ((1, "stdout"), (2, "stderr")):
            read_end, write_end = os.pipe()
            os.dup2(write_end, descriptor)
            os.close(write_end)
            self._ends[read_end] = (stream, decoder("replace"))
        threading.Thread(target=self._read, name="descriptors", daemon=True).start()

    def take_in(self) -> None:
        """Take in what was written until now; does nothing when a reader is at it already."""
        if self._lock.acquire(blocking=False):
            try:
                for read_end in self._ends:
                    self._drain(read_end)
            finally:
                self._lock.release()

    def settle(self) -> None:
        """Take in all that was written until now, C buffers of this process included."""
        for stream in (sys.__stdout__, sys.__stderr__):
            if stream is not None:
                stream.flush()
        with self._lock:
            for read_end in self._ends:
                self._drain(read_end)

    def _drain(self, read_end: int) -> None:
        while waiting := _bytes_waiting(read_end):
            stream, decoder = self._ends[read_end]
            self._capture.add(stream, decoder.decode(os.read(read_end, min(waiting, _READ_BYTES))))

    def _read(self) -> None:
        while True:
            ready, _, _ = select.select(list(self._ends), [], [])
            with self._lock:
                for read_end in ready:
                    self._drain(read_end)


def _bytes_waiting(descriptor: int) -> int:
    answer = fcntl.ioctl(descriptor, termios.FIONREAD, b"\0\0\0\0")
    (count,) = struct.unpack("i", answer)
    return int(count)
