"""`replay --verify`: the recorded cells run again in a fresh kernel over today's documents, and compared.

No model is opened: what a cell asks is answered from the record by its content, or not at all.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from rlm_cli.base.errors import CorpusError, SessionError
from rlm_cli.corpus.opened import HostCorpus, open_corpus
from rlm_cli.corpus.options import options_from
from rlm_cli.engine.broker import prompt_of
from rlm_cli.engine.citations import Citations
from rlm_cli.engine.drafts import text_of
from rlm_cli.engine.schemas import value_of
from rlm_cli.events import Event
from rlm_cli.events.bodies import CorpusLoaded
from rlm_cli.events.values import Citation, Json, Limits, Problem
from rlm_cli.ports import (
    CallReply,
    Cell,
    CellResult,
    CiteCall,
    Corpus,
    Kernel,
    KernelCall,
    KernelFactory,
    LlmCall,
    RlmCall,
)
from rlm_cli.runs.differences import (
    Difference,
    answer_differences,
    cell_differences,
    documents_changed,
    draft_difference,
    was_stopped,
)
from rlm_cli.runs.recorded import Recorded, RecordedCell, RecordedRun, recorded

_COMPUTE_SECONDS = 120.0


@dataclass
class Report:
    """What was compared, and what was found.

    Shape:   cells and calls count what was run and served again; remarks say what could not be compared.
    """

    cells: int = 0
    calls: int = 0
    differences: list[Difference] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)

    @property
    def is_same(self) -> bool:
        """Whether everything is as it is recorded."""
        return not self.differences


async def verify(
    events: list[Event], kernels: KernelFactory, cache_dir: Path, aliases: Mapping[str, str]
) -> Report:
    """Run a session again, and compare.

    Shape:   aliases are the names of models that cells may use, as the settings know them.
    Errors:  CorpusError when today's documents cannot be read; KernelError; SessionError when the record
             has nothing that could be run again.
    """
    found = recorded(events)
    loaded = found.root.loaded
    if found.root.started is None or loaded is None:
        raise SessionError("there is nothing to verify", "the record ends before the documents were read")
    corpus = todays_corpus(loaded, cache_dir)
    report = Report()
    _compare_documents(report, loaded, corpus.loaded)
    again = _Again(found, kernels, aliases, report)
    await again.run(found.root, corpus)
    again.compare_answer(found.root, corpus)
    return report


def todays_corpus(loaded: CorpusLoaded, cache_dir: Path) -> HostCorpus:
    """The documents of a record as they are today.

    Errors:  CorpusError when there are none any more, or the corpus was a document on stdin.
    """
    paths = [each.path for each in loaded.inputs]
    if any(each.given == "-" for each in loaded.inputs):
        raise CorpusError("the corpus was a document on stdin", "it is not kept", "")
    return open_corpus(paths, options_from(loaded.reading or {}), cache_dir=cache_dir)


def _compare_documents(report: Report, before: CorpusLoaded, after: CorpusLoaded) -> None:
    if isinstance(before.manifest, str) and isinstance(after.manifest, str):
        report.differences += documents_changed(before.manifest, after.manifest)
    elif before.fingerprint != after.fingerprint:
        report.differences.append(
            Difference(
                kind="document",
                where="corpus",
                what="changed",
                before=before.fingerprint,
                after=after.fingerprint,
            )
        )
        report.remarks.append("the record does not list the documents: which ones changed is not known")


class _Again:
    """A session that is run again."""

    def __init__(
        self, found: Recorded, kernels: KernelFactory, aliases: Mapping[str, str], report: Report
    ) -> None:
        self._found = found
        self._kernels = kernels
        self._aliases = aliases
        self.report = report
        self.citations = Citations()
        self.content: dict[str, Json] = {}

    async def run(self, run: RecordedRun, corpus: Corpus) -> None:
        """Run the cells of a run, child runs included, and compare each."""
        if run.is_direct:
            self.content[run.span] = run.draft.content if run.draft else ""
            return
        if not run.cells:
            return
        self.content.setdefault(run.span, "")
        kernel = self._kernels(corpus)
        try:
            await kernel.start()
            for cell in run.cells:
                await self._cell(run, cell, corpus, kernel)
        finally:
            await kernel.close()

    async def _cell(self, run: RecordedRun, cell: RecordedCell, corpus: Corpus, kernel: Kernel) -> None:
        if cell.finished is None or was_stopped(cell.finished):
            why = "has no end" if cell.finished is None else f"was stopped ({cell.finished.status})"
            self.report.remarks.append(f"cell {cell.number} {why}: it was not run again")
            return
        host = _Host(self, run, cell, corpus)
        turn = _turn(cell.span)
        kernel.remember({"turn": turn, "reply": cell.reply, "cell": cell.number})
        limits = run.started.limits if run.started else Limits()
        result = await kernel.run(
            Cell(
                number=cell.number,
                code=cell.code,
                turn=turn,
                compute_seconds=limits.cell_seconds or _COMPUTE_SECONDS,
            ),
            host,
        )
        self.report.cells += 1
        host.drafted(result.content, result.ready)
        self._compare(cell, result, host)
        if result.kernel_is_lost:
            await kernel.restart("the kernel was lost while a recorded cell was run again")

    def _compare(self, cell: RecordedCell, result: CellResult, host: _Host) -> None:
        assert cell.finished is not None
        differences = self.report.differences
        differences += cell_differences(cell.span, cell.finished, result)
        differences += draft_difference(cell.span, cell.draft, host.draft)
        differences += host.differences

    def compare_answer(self, run: RecordedRun, corpus: HostCorpus) -> None:
        """Compare the answer that the last draft gives now with the one that was handed over."""
        finished = run.finished
        if finished is None or run.span not in self.content:
            if finished is None:
                self.report.remarks.append("the record has no end: there is no answer to compare")
            return
        cited = self.citations.render(text_of(self.content[run.span]), corpus)
        again: list[Citation] = cited.citations
        self.report.differences += answer_differences(finished.answer, cited.text, finished.citations, again)


class _Host:
    """Serves the calls of one cell from the record. Implements `ports.CellHost`."""

    def __init__(self, again: _Again, run: RecordedRun, cell: RecordedCell, corpus: Corpus) -> None:
        self._again = again
        self._run = run
        self._cell = cell
        self._corpus = corpus
        self._state: tuple[Json, bool] = (again.content.get(run.span, ""), False)
        self.draft: str | None = None
        self.differences: list[Difference] = []

    def output(self, stream: str, text: str) -> None:
        """Output is compared whole, when the cell has ended."""

    def drafted(self, content: Json, ready: bool) -> None:
        """Keep the answer as it is."""
        if (content, ready) == self._state:
            return
        self._state = (content, ready)
        self.draft = text_of(content)
        self._again.content[self._run.span] = content

    async def call(self, call: KernelCall) -> CallReply:
        """Serve a call; never a request to a model."""
        if isinstance(call, CiteCall):
            return await self._again.citations.cite(self._corpus, call)
        self._again.report.calls += 1
        if isinstance(call, LlmCall):
            return self._llm(call)
        return await self._rlm(call)

    def _llm(self, call: LlmCall) -> CallReply:
        prompt = prompt_of(call)
        found = self._again._found.replies.take("llm", self._model(call.model), prompt)
        if found is None:
            return self._unknown(prompt)
        reply = found[1]
        if call.schema is None or reply.problem is not None:
            return reply
        value, _ = value_of(reply.text, call.schema)
        return msgspec.structs.replace(reply, data=value)

    async def _rlm(self, call: RlmCall) -> CallReply:
        model = self._run.started.root_model if self._run.started else ""
        root = self._again._found.root.started
        found = self._again._found.replies.take(
            "rlm", model or (root.root_model if root else ""), call.question
        )
        if found is None:
            return self._unknown(call.question)
        span, reply = found
        child = self._again._found.runs.get(span)
        if child is not None and child.cells:
            await self._again.run(child, self._documents(call))
        return reply

    def _documents(self, call: RlmCall) -> Corpus:
        if call.texts is not None:
            return self._corpus.of_texts(call.texts)
        return self._corpus if call.documents is None else self._corpus.subset(call.documents)

    def _model(self, alias: str | None) -> str:
        started = self._run.started or self._again._found.root.started
        assert started is not None
        if alias is None or alias == "sub":
            return started.sub_model
        return started.root_model if alias == "root" else self._again._aliases.get(alias, alias)

    def _unknown(self, prompt: str) -> CallReply:
        self.differences.append(
            Difference(
                kind="call", where=self._cell.span, what="asks what was not asked", after=prompt[:2_000]
            )
        )
        why = "the record has no reply for this request, and a verification sends none"
        return CallReply(problem=Problem(kind="not_recorded", message=why))


def _turn(span: str) -> int:
    part = span.split("/")[-2]
    return int(part[1:]) if part[1:].isdigit() else 0
