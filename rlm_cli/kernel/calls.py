"""The open calls of a cell, on our side: one task each, bounded, ended together with the cell.

It asks the CellHost and sends replies; what a call means is the engine's.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from rlm_cli.events.values import Problem
from rlm_cli.kernel.clock import CellClock
from rlm_cli.kernel.frames import CallFrame, encode_reply
from rlm_cli.ports import CallReply, CellHost, KernelCall, LlmCall, RlmCall

OPEN_CALLS = 20_000
OPEN_BYTES = 256 * 1024 * 1024
CELL_CALLS = 100_000
CELL_BYTES = 1024 * 1024 * 1024
INTERRUPTED = Problem(kind="kernel_interrupted", message="the cell was interrupted")


class OpenCalls:
    """The calls that a cell waits for.

    Shape:   `changed` is called whenever a call was opened or has settled; `failed` with an exception of
             the host that must end the run.
    """

    def __init__(
        self,
        host: CellHost,
        clock: CellClock,
        send: Callable[[bytes], None],
        changed: Callable[[], None],
        failed: Callable[[BaseException], None],
    ) -> None:
        self._host = host
        self._clock = clock
        self._send = send
        self._changed = changed
        self._failed = failed
        self._tasks: dict[int, asyncio.Task[CallReply]] = {}
        self._characters = 0
        self._all_calls = self._all_characters = 0
        self._refusal: Problem | None = None

    @property
    def are_settled(self) -> bool:
        """Whether no call is open."""
        return not self._tasks

    def open(self, frame: CallFrame) -> None:
        """Serve a call that has come from the cell."""
        refusal = self._refusal or self._excess(frame)
        if refusal is not None:
            self._send(encode_reply(frame.id, CallReply(problem=refusal)))
            return
        size = _characters(frame.call)
        self._all_calls += 1
        self._all_characters += size
        task = asyncio.create_task(self._host.call(frame.call), name=f"call-{frame.id}")
        self._characters += size
        self._tasks[frame.id] = task
        task.add_done_callback(lambda done: self._settled(frame.id, size, done))
        self._clock.switch(is_waiting=True)
        self._changed()

    def cancel(self, numbers: list[int]) -> None:
        """The kernel does not wait for these any more."""
        for number in numbers:
            task = self._tasks.get(number)
            if task is not None:
                task.cancel()

    def refuse(self, problem: Problem) -> None:
        """Cancel what is open, and answer it and everything that still comes with a problem."""
        self._refusal = problem
        self.cancel(list(self._tasks))

    async def end(self) -> None:
        """Cancel what is open and wait until it has ended."""
        self.refuse(INTERRUPTED)
        while self._tasks:
            await asyncio.wait(list(self._tasks.values()))
            await asyncio.sleep(0)

    def _settled(self, number: int, size: int, task: asyncio.Task[CallReply]) -> None:
        """A call has come to its end, also one that was cancelled before it began."""
        del self._tasks[number]
        self._characters -= size
        if not self._tasks:
            self._clock.switch(is_waiting=False)
        self._changed()
        if task.cancelled():
            problem = self._refusal or Problem(kind="cancelled", message="the call was cancelled")
            self._send(encode_reply(number, CallReply(problem=problem)))
        elif (error := task.exception()) is not None:
            self._send(encode_reply(number, CallReply(problem=INTERRUPTED)))
            self._failed(error)
        else:
            self._send(encode_reply(number, task.result()))

    def _excess(self, frame: CallFrame) -> Problem | None:
        if frame.id in self._tasks:
            return Problem(kind="protocol", message="this call is open already")
        if len(self._tasks) >= OPEN_CALLS or self._characters > OPEN_BYTES:
            return Problem(kind="too_many", message=f"more than {OPEN_CALLS:,} calls, or 256 MiB, are open")
        if self._all_calls >= CELL_CALLS or self._all_characters > CELL_BYTES:
            return Problem(kind="too_many", message=f"more than {CELL_CALLS:,} calls, or 1 GiB, in one cell")
        return None


def _characters(call: KernelCall) -> int:
    if isinstance(call, LlmCall):
        return len(call.prompt) + len(call.context or "")
    if isinstance(call, RlmCall):
        return len(call.question) + sum(map(len, (call.texts or {}).values()))
    return len(call.quote)
