"""Calls to the program outside: numbered, sent without waiting, answered in order, cancelled together.

It knows frames and numbers. What a call asks for, and what its reply means, is for `queries`.
"""

from __future__ import annotations

import itertools
import queue
import threading
from collections.abc import Callable, Iterable
from typing import Any, NoReturn

from rlm_cli.inkernel.wire import FrameTooLarge, encode

IN_FLIGHT_BYTES = 64 * 1024 * 1024
INTERRUPTED = "kernel_interrupted"
_SIGNAL_SECONDS = 0.2
_Inbox = queue.SimpleQueue[tuple[int, dict[str, Any]]]


class CallRefused(RuntimeError):
    """A call cannot be made from here: no cell is running, or this is not the kernel's own process."""


class CallInterrupted(RuntimeError):
    """The cell was interrupted while a thread of it waited for a call."""


class Calls:
    """The calls of the cell that is running; usable from any thread of the kernel.

    Shape:   `cell` is the number of the running cell, None between cells; `before` runs ahead of all calls:
             it passes on what was printed until then.
    """

    def __init__(self, send_frame: Callable[[bytes], None], before: Callable[[], None]) -> None:
        self.cell: int | None = None
        self._send_frame = send_frame
        self._before = before
        self._numbers = itertools.count(1)
        self._batches = itertools.count(1)
        self._waiting: dict[int, _Inbox] = {}
        self._is_child = False

    def begin(self, cell: int) -> None:
        """A cell starts."""
        self.cell = cell
        self._batches = itertools.count(1)

    def end(self) -> None:
        """The cell is over: from here on calls are refused."""
        self.cell = None

    def next_batch(self) -> int:
        """The number of a new batch in this cell."""
        return next(self._batches)

    def refuse_all(self) -> None:
        """This is a forked child: nothing that it sends would be answered."""
        self._is_child = True

    def answered(self, number: int, reply: dict[str, Any]) -> None:
        """A reply has arrived (on the reader's thread)."""
        inbox = self._waiting.pop(number, None)
        if inbox is not None:
            inbox.put((number, reply))

    def serve(self, calls: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
        """Send calls and wait for all of them; replies come in the order of the calls.

        Errors:  CallRefused when no cell is running; KeyboardInterrupt (CallInterrupted in
                 other threads than the main one), after the calls were cancelled.
        """
        if self._is_child:
            raise CallRefused("calls work in the kernel's own process only: use threads, not processes")
        if self.cell is None:
            raise CallRefused("no cell is running: a call has to be made, and to end, within its cell")
        self._before()
        group = _Group(self, self.cell)
        try:
            for call in calls:
                group.send(call)
            return group.replies()
        except BaseException:
            group.cancel()
            raise

    def post(self, number: int, inbox: _Inbox, frame: bytes) -> None:
        """Send one call whose reply goes to `inbox`."""
        self._waiting[number] = inbox
        self._send_frame(frame)

    def number(self) -> int:
        """A call number that was never used."""
        return next(self._numbers)

    def cancel(self, numbers: list[int]) -> None:
        """Tell the program outside that nobody waits any more."""
        for number in numbers:
            self._waiting.pop(number, None)
        if numbers:
            self._send_frame(encode({"cancel": numbers}))


class _Group:
    """Calls that are waited for together."""

    def __init__(self, calls: Calls, cell: int) -> None:
        self._calls = calls
        self._cell = cell
        self._inbox: _Inbox = queue.SimpleQueue()
        self._order: list[int] = []
        self._sizes: dict[int, int] = {}
        self._in_flight = 0
        self._replies: dict[int, dict[str, Any]] = {}

    def send(self, call: dict[str, Any]) -> None:
        number = self._calls.number()
        self._order.append(number)
        if "problem" in call:
            self._replies[number] = call
            return
        try:
            frame = encode({"id": number, "cell": self._cell, "call": call})
        except FrameTooLarge as error:
            self._replies[number] = failure("too_large", f"the prompt and its context are too large: {error}")
            return
        while self._sizes and self._in_flight + len(frame) > IN_FLIGHT_BYTES:
            self._receive()
        self._sizes[number] = len(frame)
        self._in_flight += len(frame)
        self._calls.post(number, self._inbox, frame)

    def replies(self) -> list[dict[str, Any]]:
        while self._sizes:
            self._receive()
        return [self._replies[number] for number in self._order]

    def cancel(self) -> None:
        self._calls.cancel(list(self._sizes))

    def _receive(self) -> None:
        number, reply = self._inbox.get()
        self._in_flight -= self._sizes.pop(number, 0)
        self._replies[number] = reply
        if (reply.get("problem") or {}).get("kind") == INTERRUPTED:
            _stop()


def _stop() -> NoReturn:
    """The cell is interrupted: on the main thread the signal raises, and it is on its way.

    Elsewhere a KeyboardInterrupt would do harm: out of a task it would end the kernel's event loop.
    """
    if threading.current_thread() is threading.main_thread():
        threading.Event().wait(_SIGNAL_SECONDS)
        raise KeyboardInterrupt
    raise CallInterrupted("the cell was interrupted")


def failure(kind: str, message: str) -> dict[str, Any]:
    """A reply that says that a call has failed, made on this side; given to `serve` it is not sent."""
    return {"problem": {"kind": kind, "message": message}}
