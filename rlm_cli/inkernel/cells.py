"""One cell inside the kernel: its number, its bounds, its failure, and the report that ends it.

It wraps `do_execute` of ipykernel: everything that a cell does happens between `begin` and `finish`. It
knows nothing of turns or of the program outside, except that a report is sent.
"""

from __future__ import annotations

import asyncio
import linecache
import threading
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from rlm_cli.inkernel import answer as answers
from rlm_cli.inkernel import faults, memory, variables
from rlm_cli.inkernel.calls import Calls
from rlm_cli.inkernel.descriptors import Tap
from rlm_cli.inkernel.interrupts import Interrupts
from rlm_cli.inkernel.output import Capture
from rlm_cli.inkernel.replies import Tally
from rlm_cli.inkernel.wire import FrameTooLarge

_ORDER_SECONDS = 10.0
_REPLY_SECONDS = 0.005
_Execute = Callable[..., Awaitable[dict[str, Any]]]


class Cells:
    """Runs cells and reports how each has ended.

    Shape:   `ledger` is the corpus's record of what was shown, or None without a corpus; `namespace` holds
             the names of cells and `built_in` those of them that are ours. `keep` is called with the number
             and the code of a cell that has ended, once its reply is on its way.
    """

    def __init__(
        self,
        send: Callable[[Any], None],
        calls: Calls,
        capture: Capture,
        tap: Tap,
        outputs: Path,
    ) -> None:
        self._send = send
        self._calls = calls
        self._capture = capture
        self._tap = tap
        self._outputs = outputs
        self._to_keep = 0
        self._code = ""
        self._announced = 0
        self._is_announced = threading.Condition()
        self._fault: faults.Fault | None = None
        self.interrupts = Interrupts()
        self.sources = faults.Sources()
        self.keep: Callable[[int, str], None] = lambda number, code: None
        self.running = ""
        self.tally = Tally()
        self.ledger: Any = None
        self.answer = answers.Answer()
        self.namespace: dict[str, Any] = {}
        self.built_in: dict[str, Any] = {}

    def announced(self, number: int) -> None:
        """The program outside has said that this cell comes; all that it sent before has been taken in."""
        self.interrupts.forget()
        with self._is_announced:
            self._announced = number
            self._is_announced.notify_all()

    def wrap(self, execute: _Execute) -> _Execute:
        """ipykernel's `do_execute` as the one that runs our cells."""

        async def do_execute(
            code: str,
            silent: bool,
            store_history: bool = True,
            user_expressions: Any = None,
            allow_stdin: bool = False,
            *,
            cell_meta: dict[str, Any] | None = None,
            cell_id: str | None = None,
        ) -> dict[str, Any]:
            number = int((cell_meta or {}).get("cell", 0))
            status = "error"
            self._keep_now()
            self._begin(number, code)
            try:
                try:
                    self.interrupts.open()
                    status = str((await execute(code, silent, False))["status"])
                finally:
                    self.interrupts.close()
            except (KeyboardInterrupt, asyncio.CancelledError) as error:
                self.interrupts.close()
                self.failed(error)
                status = "error"
            self._finish(number, status)
            self._to_keep, self._code = number, code
            asyncio.get_running_loop().call_later(_REPLY_SECONDS, self._keep_now)
            return {
                "status": status,
                "execution_count": number,
                "user_expressions": {},
                "payload": [],
                "ename": self._fault.kind if self._fault else "",
                "evalue": "",
                "traceback": [],
            }

        return do_execute

    def failed(self, error: BaseException) -> str:
        """A cell has raised: remember it, and put it into the output; returns its text."""
        self._fault = faults.describe(error, self.running, self.sources, self.namespace)
        self._capture.add("error", self._fault.text)
        return self._fault.text

    def _keep_now(self) -> None:
        number, self._to_keep = self._to_keep, 0
        if number:
            self.keep(number, self._code)

    def _begin(self, number: int, code: str) -> None:
        with self._is_announced:
            self._is_announced.wait_for(lambda: self._announced >= number, _ORDER_SECONDS)
        self.running = self.sources.add(number, code)
        lines = code.splitlines(keepends=True)
        linecache.cache[self.running] = (len(code), None, lines, self.running)
        self._fault = None
        self.tally = Tally()
        self._tap.take_in()
        self._capture.begin(number, memory.output_file(self._outputs, number))
        self._calls.begin(number)

    def _finish(self, number: int, status: str) -> None:
        self._calls.end()
        self._tap.settle()
        self._capture.add("stderr", self.tally.line())
        self.answer = answers.settled(self.namespace.get("answer"), self.answer)
        self.namespace["answer"] = self.built_in["answer"] = self.answer
        shown, omitted = self._capture.end()
        if self.ledger is not None and shown:
            self.ledger.shown(shown)
        report = self._report(number, status, shown, omitted)
        try:
            self._send(report)
        except FrameTooLarge:
            self._send({**report, "memory": {}, "content": "[the answer is too large to be taken out]"})

    def _report(self, number: int, status: str, shown: str, omitted: int) -> dict[str, Any]:
        fault = None if status == "ok" else self._fault
        content, ready = self.answer.state()
        kept, left_out = memory.kept(self.namespace.get("memory"))
        return {
            "note": "report",
            "cell": number,
            "status": _status(status, fault),
            "problem": fault and {"kind": fault.kind, "message": fault.message, "line": fault.line},
            "shown": shown,
            "omitted": omitted,
            "variables": list(variables.of(self.namespace, self.built_in)),
            "coverage": self.ledger.coverage() if self.ledger is not None else {},
            "content": content,
            "ready": ready,
            "memory": kept,
            "memory_left_out": left_out,
        }


def _status(status: str, fault: faults.Fault | None) -> str:
    if fault is None:
        return status
    return "interrupted" if fault.kind == "KeyboardInterrupt" else "error"
