"""Recorded cells, run again in order in a kernel, with what they ask answered from the record.

No call is made and nothing is paid. A call that is not in the record fails with the kind `not_recorded`. What
is to be made of it all is the business of an `Account`: to go on with a session, or to compare.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

import msgspec

from rlm_cli.engine.broker import data_of, prompt_of
from rlm_cli.engine.citations import Citations
from rlm_cli.engine.past import Past, PastCall, PastCell, PastQuestion, PastTurn, Step
from rlm_cli.events.bodies import CellFinished
from rlm_cli.events.values import Json, Problem
from rlm_cli.ports import CallReply, Cell, CellResult, CiteCall, Corpus, Kernel, KernelCall, LlmCall, RlmCall

CLEAR_ANSWER = "answer['content'] = ''\nanswer['ready'] = False"
"""Run as cell 0, which no turn has, before each further question."""

_NOT_RUN_AGAIN = ("timeout", "interrupted", "died")


class RecordedCalls:
    """What the cells of a session were answered with: their own calls first, then those of all others.

    Shape:   a cell whose documents have changed may ask what another one had asked.
    """

    def __init__(self, past: Past) -> None:
        self._by_content: dict[tuple[str, str, str], PastCall] = {}
        for run in (past, *past.children.values()):
            for cell in run.cells():
                for (operation, prompt), calls in cell.calls.items():
                    for call in calls:
                        self._by_content.setdefault((operation, call.model, prompt), call)

    def of_another_cell(self, operation: str, model: str, prompts: Iterable[str]) -> PastCall | None:
        """A call of this content, of whatever cell."""
        found = (self._by_content.get((operation, model, prompt)) for prompt in prompts)
        return next((call for call in found if call is not None), None)


class RecordedHost:
    """A `ports.CellHost` that says nothing, and answers the calls of one cell from the record.

    Shape:   missing are the prompts for which there was no reply; served counts the others. content is the
             answer variable as it was last drafted, None when it was not.
    """

    def __init__(
        self,
        citations: Citations,
        corpus: Corpus,
        cell: PastCell | None = None,
        calls: RecordedCalls | None = None,
        account: Account | None = None,
    ) -> None:
        self._citations = citations
        self._corpus = corpus
        own = cell.calls if cell is not None else {}
        self._left = {content: list(found) for content, found in own.items()}
        self._calls = calls
        self._account = account
        self.missing: list[str] = []
        self.served = 0
        self.content: Json = None

    def output(self, stream: str, text: str) -> None:
        """Output is looked at whole, when the cell has ended."""

    def drafted(self, content: Json, ready: bool) -> None:
        """Keep the answer as it is."""
        self.content = content

    async def call(self, call: KernelCall) -> CallReply:
        """The recorded reply; where a call was asked more often than it is recorded, the last one again."""
        if isinstance(call, CiteCall):
            return await self._citations.cite(self._corpus, call)
        found = self._found(call)
        if found is None:
            self.missing.append(call.question if isinstance(call, RlmCall) else prompt_of(call))
            why = "this call is not in the record of the session, and nothing is paid while it is run again"
            return CallReply(problem=Problem(kind="not_recorded", message=why))
        self.served += 1
        if isinstance(call, RlmCall):
            if self._account is not None:
                await self._account.asked_child(found.span, call, self._corpus)
            return found.reply
        data = data_of(found.reply.text, call.schema) if not found.reply.problem else None
        return msgspec.structs.replace(found.reply, data=data)

    def _found(self, call: LlmCall | RlmCall) -> PastCall | None:
        if isinstance(call, LlmCall):  # a call to a model that there is not is recorded by its bare prompt
            operation, prompts = "llm", [prompt_of(call), call.prompt]
        else:
            operation, prompts = "rlm", [call.question]
        model = self._account.model_of(call) if self._account is not None else ""
        for prompt in prompts:
            if waiting := self._left.get((operation, prompt)):
                same = (place for place, each in enumerate(waiting) if each.model == model)
                place = next(same, 0)
                return waiting.pop(place) if len(waiting) > 1 else waiting[0]
        return self._calls.of_another_cell(operation, model, prompts) if self._calls is not None else None


class Account(Protocol):
    """Hears how recorded cells come out when they are run again."""

    def model_of(self, call: LlmCall | RlmCall) -> str:
        """The full name of the model that a call means, as it would be recorded."""

    async def asked_child(self, span: str, call: RlmCall, corpus: Corpus) -> None:
        """A child run was answered from the record; span is that of its call."""

    def skipped(self, cell: PastCell, status: str) -> None:
        """A cell is not run again, for it had to be stopped."""

    def ran(self, cell: PastCell, result: CellResult, host: RecordedHost) -> None:
        """A cell was run again."""

    def behind(self, step: Step) -> None:
        """A step is through."""


@dataclass(frozen=True)
class Bounds:
    """What a cell may take when it is run again.

    Units:   as in `ports.Cell`.
    """

    compute_seconds: float | None = None
    waiting_seconds: float | None = None


class Rerun:
    """The cells of one run, in one kernel."""

    def __init__(
        self, kernel: Kernel, corpus: Corpus, citations: Citations, calls: RecordedCalls, account: Account
    ) -> None:
        self._kernel = kernel
        self._corpus = corpus
        self._citations = citations
        self._calls = calls
        self._account = account

    async def go(self, steps: Iterable[Step], bounds: Bounds) -> None:
        """Run them, and tell each.

        Errors:  KernelError when a lost kernel cannot be replaced.
        """
        for step in steps:
            match step:
                case PastQuestion():
                    await clear_answer(self._citations, self._corpus, self._kernel)
                case PastCell():
                    self._kernel.remember({"turn": step.turn, "cell": step.number, "reply": "", "by": "user"})
                    await self._cell(step, bounds)
                case PastTurn():
                    await self._turn(step, bounds)
            self._account.behind(step)

    async def _turn(self, turn: PastTurn, bounds: Bounds) -> None:
        text = turn.reply.text if turn.reply else ""
        if turn.cell is None:
            self._kernel.remember(
                {"turn": turn.number, "reply": text, "code": "", "status": "nothing to run"}
            )
            return
        self._kernel.remember({"turn": turn.number, "reply": text, "cell": turn.cell.number})
        await self._cell(turn.cell, bounds)

    async def _cell(self, past: PastCell, bounds: Bounds) -> None:
        finished = past.finished
        if finished is None or finished.status in _NOT_RUN_AGAIN:
            self._account.skipped(past, finished.status if finished is not None else "")
        else:
            cell = Cell(
                number=past.number,
                code=past.code,
                turn=past.turn,
                compute_seconds=bounds.compute_seconds,
                waiting_seconds=bounds.waiting_seconds,
            )
            host = RecordedHost(self._citations, self._corpus, past, self._calls, self._account)
            result = await self._kernel.run(cell, host)
            self._account.ran(past, result, host)
            if result.kernel_is_lost:
                why = result.problem.message if result.problem else result.status
                await self._kernel.restart(why)
                return
        if past.is_replaced:
            await self._kernel.restart("as it was in the record")


async def clear_answer(citations: Citations, corpus: Corpus, kernel: Kernel) -> None:
    """Make the answer variable empty for the next question."""
    await kernel.run(Cell(number=0, code=CLEAR_ANSWER), RecordedHost(citations, corpus))


def result_of(finished: CellFinished) -> CellResult:
    """A recorded end of a cell as the kernel would have told it."""
    return CellResult(
        status=finished.status,
        shown=finished.shown,
        omitted=finished.omitted,
        seconds=finished.seconds,
        waited_seconds=finished.waited_seconds,
        problem=finished.problem,
        variables=finished.variables,
    )
