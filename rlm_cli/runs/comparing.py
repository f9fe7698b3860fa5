"""A session that is run again beside its record: each cell, and the answer of each question, compared."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from rlm_cli.engine.children import chosen
from rlm_cli.engine.citations import Citations
from rlm_cli.engine.drafts import text_of
from rlm_cli.engine.past import Past, PastCell, PastQuestion, PastTurn, Step
from rlm_cli.engine.replies import Malformed, read_reply
from rlm_cli.engine.rerunning import Bounds, RecordedCalls, RecordedHost, Rerun
from rlm_cli.events.values import Json
from rlm_cli.ports import CellResult, Corpus, KernelFactory, LlmCall, RlmCall
from rlm_cli.runs.differences import (
    Difference,
    answer_differences,
    cell_differences,
    draft_difference,
)

_COMPUTE_SECONDS = 120.0
_CHILD_KERNELS = 4
_PROMPT = 2_000


@dataclass
class Report:
    """What was compared, and what was found.

    Shape:   cells and calls count what was run and served again, questions the answers that were compared;
             remarks say what could not be compared.
    """

    questions: int = 0
    cells: int = 0
    calls: int = 0
    differences: list[Difference] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)

    @property
    def is_same(self) -> bool:
        """Whether everything is as it is recorded."""
        return not self.differences


@dataclass
class _Answer:
    """The answer variable behind the last cell of the root model: as it is recorded, and as it is again."""

    recorded: Json = ""
    again: Json = ""


class Comparison:
    """A session, or a child run of it, that is run again. Implements `engine.rerunning.Account`.

    Shape:   is_corpus_same: all documents are those of the record. In a child run no answer is compared: its
             drafts are, and its parent's answer.
    """

    def __init__(
        self,
        past: Past,
        kernels: KernelFactory,
        aliases: Mapping[str, str],
        citations: Citations,
        report: Report,
    ) -> None:
        self._past = past
        self._kernels = kernels
        self._aliases = aliases
        self._citations = citations
        self._report = report
        self._calls = RecordedCalls(past)
        self._waiting: dict[int, asyncio.Semaphore] = {}
        self._corpus: Corpus | None = None
        self._ends: dict[int, PastQuestion] = {}
        self._question = past.questions[0]
        self._answer = _Answer()
        self._prose = ""
        self._variables: dict[str, tuple[str | None, str | None]] = {}
        self.is_corpus_same = True
        self.is_child = False

    async def run(self, corpus: Corpus, cell_seconds: float | None = None) -> None:
        """Run the cells again, and compare each, and each answer.

        Errors:  KernelError.
        """
        self._corpus = corpus
        steps = self._past.steps
        self._ends = {} if self.is_child else _ends(steps)
        if not any(self._past.cells()):  # what went to the model whole needs no kernel
            for step in steps:
                self._begun(step)
                self.behind(step)
            return
        bound = cell_seconds or self._question.started.limits.cell_seconds or _COMPUTE_SECONDS
        kernel = self._kernels(corpus)
        try:
            await kernel.start()
            await Rerun(kernel, corpus, self._citations, self._calls, self).go(steps, Bounds(bound))
        finally:
            await kernel.close()

    def model_of(self, call: LlmCall | RlmCall) -> str:
        """The model that a call meant when it was recorded."""
        started = self._question.started
        if isinstance(call, RlmCall) or call.model == "root":
            return started.root_model
        if call.model is None or call.model == "sub":
            return started.sub_model
        return self._aliases.get(call.model, call.model)

    async def asked_child(self, span: str, call: RlmCall, corpus: Corpus) -> None:
        """Run a recorded child run again, over the documents that its cell names today; a few at once."""
        found = self._past.children.get(span)
        if found is None or not found.questions:
            return
        child = replace(found, children=self._past.children)
        comparison = Comparison(child, self._kernels, self._aliases, self._citations, self._report)
        comparison.is_child = True
        comparison._waiting = self._waiting
        async with self._waiting.setdefault(span.count("/s"), asyncio.Semaphore(_CHILD_KERNELS)):
            await comparison.run(chosen(corpus, call))

    def skipped(self, cell: PastCell, status: str) -> None:
        """A cell that was stopped cannot end again as it did; its draft stands."""
        why = f"was stopped ({status})" if status else "has no end"
        self._report.remarks.append(f"cell {cell.number} {why}: it was not run again")
        recorded = _recorded(cell, self._answer.recorded)
        self._answer = _Answer(recorded, recorded)

    def ran(self, cell: PastCell, result: CellResult, host: RecordedHost) -> None:
        """Compare how a cell has ended, what it has asked, and the answer that it has left."""
        assert cell.finished is not None
        report = self._report
        report.cells += 1
        report.calls += host.served + len(host.missing)
        differences = cell_differences(cell.span, cell.finished, result)
        report.differences += [each for each in differences if self._is_of_this_cell(each)]
        before, now = self._answer, _Answer(_recorded(cell, self._answer.recorded), result.content)
        if cell.origin == "model" and now != before:
            found = draft_difference(cell.span, text_of(now.recorded), text_of(now.again))
            report.differences += found
        report.differences += [_unknown(cell.span, prompt) for prompt in host.missing]
        self._answer = now

    def behind(self, step: Step) -> None:
        """Compare the answer of a question behind its last step."""
        if isinstance(step, PastQuestion):
            self._begun(step)
        if isinstance(step, PastTurn) and step.cell is None and step.reply is not None:
            reading = read_reply(step.reply.text) if step.reply.finish == "stop" else None
            self._prose = reading.prose if isinstance(reading, Malformed) else self._prose
        question = self._ends.get(id(step))
        if question is not None:
            self._compare_answer(question)

    def _is_of_this_cell(self, difference: Difference) -> bool:
        """Whether it is not merely a variable that an earlier cell has left otherwise."""
        if difference.kind != "variable":
            return True
        values = (difference.before, difference.after)
        is_known = self._variables.get(difference.what) == values
        self._variables[difference.what] = values
        return not is_known

    def _begun(self, step: Step) -> None:
        if isinstance(step, PastQuestion):
            self._question, self._answer, self._prose = step, _Answer(), ""

    def _compare_answer(self, question: PastQuestion) -> None:
        number, several = self._past.questions.index(question) + 1, len(self._past.questions) > 1
        report, corpus, finished = self._report, self._corpus, question.finished
        which = f"question {number}" if several else ""
        if finished is None:
            what = which or "the record"
            report.remarks.append(f"{what} has no end: there is no answer to compare")
            return
        report.questions += 1
        content: Json = self._answer.again
        if question.is_direct and question.draft is not None and not _has_cells(self._past, question):
            content = question.draft.content
            if not self.is_corpus_same:
                report.differences.append(_given_whole(which))
        if not text_of(content).strip() and finished.stop != "ready":
            content = self._prose.strip()
        assert corpus is not None
        again = self._citations.render(text_of(content), corpus)
        report.differences += answer_differences(finished, again.text, again.citations, which)


def _ends(steps: Sequence[Step]) -> dict[int, PastQuestion]:
    """The last step of each question, itself or a turn, by its identity."""
    last: dict[int, tuple[Step, PastQuestion]] = {}
    question: PastQuestion | None = None
    for step in steps:
        question = step if isinstance(step, PastQuestion) else question
        if question is not None and not isinstance(step, PastCell):
            last[id(question)] = (step, question)
    return {id(step): question for step, question in last.values()}


def _recorded(cell: PastCell, before: Json) -> Json:
    if cell.draft is None:
        return before
    return cell.draft.content if cell.draft.value is None else cell.draft.value


def _has_cells(past: Past, question: PastQuestion) -> bool:
    after = [each.turns_before for each in past.questions if each.turns_before > question.turns_before]
    last = min(after, default=past.last_turn)
    return any(turn.cell for turn in past.turns if question.turns_before < turn.number <= last)


def _unknown(span: str, prompt: str) -> Difference:
    return Difference(kind="call", where=span, what="asks what was not asked", after=prompt[:_PROMPT])


def _given_whole(which: str) -> Difference:
    what = "was asked of all documents at once, and they have changed"
    return Difference(kind="call", where="root", what=f"{which or 'the question'} {what}")
