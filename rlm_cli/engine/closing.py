"""The end of a run: the answer as the reader gets it, with its citations, and the account."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from rlm_cli.base.text import counted
from rlm_cli.engine.citations import CitedAnswer
from rlm_cli.engine.drafts import Drafts
from rlm_cli.engine.stops import Ending, Stop
from rlm_cli.engine.tree import Tree
from rlm_cli.events.bodies import CitationChecked, RunFinished
from rlm_cli.events.values import Coverage
from rlm_cli.ports import Corpus

_LOOKING_SECONDS = 30.0
_LAST_LOOKING_SECONDS = 5.0


class Closing:
    """Gathers what the last event of a run has to say.

    Shape:   in a child run the answer keeps its marks, so that they stay good in the parent's answer.
    """

    def __init__(self, tree: Tree, corpus: Corpus, drafts: Drafts, span: str, depth: int) -> None:
        self._tree = tree
        self._corpus = corpus
        self._drafts = drafts
        self._span = span
        self._depth = depth
        self._started = tree.clock.now()
        self._warnings: list[str] = []
        self._rendered: tuple[str, CitedAnswer] | None = None
        self.coverage = Coverage(documents=corpus.loaded.documents)
        self.sandbox = ""
        self.last_prose = ""

    async def cited(self, is_hurried: Callable[[], bool]) -> CitedAnswer:
        """The draft with numbers for its marks, and its faults; looked up once for each, beside the run.

        Shape:   is_hurried is asked between quotations: what is left then is not looked up.
        """
        content = self._drafts.content
        if self._rendered is None or self._rendered[0] != content:
            late = self._late_after(_LOOKING_SECONDS, is_hurried)
            render = self._tree.citations.render
            self._rendered = content, await asyncio.to_thread(render, content, self._corpus, late)
        return self._rendered[1]

    def _late_after(self, seconds: float, is_hurried: Callable[[], bool]) -> Callable[[], bool]:
        end = time.monotonic() + seconds
        return lambda: time.monotonic() > end or is_hurried()

    def warn(self, text: str) -> None:
        """Something the reader of the answer has to know."""
        if text not in self._warnings:
            self._warnings.append(text)

    def close(self, ending: Ending) -> RunFinished:
        """Say the last event."""
        finished = self._finished(ending)
        if self._depth == 0:
            for citation in finished.citations:
                self._tree.session.emit(self._span, CitationChecked(citation))
        self._tree.session.emit(self._span, finished)
        return finished

    def _finished(self, ending: Ending) -> RunFinished:
        if not self._drafts.content.strip() and self.last_prose.strip() and ending.stop is not Stop.READY:
            self._drafts.update(self.last_prose.strip(), is_ready=False)
            self.warn("the run ended without a draft: this is the model's last prose, not a checked answer")
        cited = self._cited_or_raw()
        has_answer = bool(cited.text.strip())
        if has_answer:
            self._warn_of_quotes(cited)
        data, fault = self._drafts.checked()
        if has_answer and fault:
            self.warn(f"the answer does not satisfy the schema: {fault}")
        budget = self._tree.budget
        return RunFinished(
            status=ending.status(has_answer),
            stop=ending.stop.value,
            exit_code=int(ending.code(has_answer)),
            answer=cited.text,
            data=None if fault else data,
            citations=cited.citations,
            coverage=self.coverage,
            root_usage=budget.root,
            sub_usage=budget.sub,
            limits=self._tree.settings.limits,
            sandbox=self.sandbox,
            warnings=self._warnings,
            problem=ending.problem,
            seconds=self._tree.clock.now() - self._started,
        )

    def _cited_or_raw(self) -> CitedAnswer:
        if self._depth == 0:
            content = self._drafts.content
            if self._rendered is None or self._rendered[0] != content:
                late = self._late_after(_LAST_LOOKING_SECONDS, lambda: False)
                self._rendered = content, self._tree.citations.render(content, self._corpus, late)
            return self._rendered[1]
        return CitedAnswer(text=self._drafts.content, citations=[], unknown_marks=[], unfound_quotes=[])

    def _warn_of_quotes(self, cited: CitedAnswer) -> None:
        if cited.unfound_quotes:
            shown = "; ".join(f'"{quote[:120]}"' for quote in cited.unfound_quotes[:3])
            self.warn(
                f"{counted(len(cited.unfound_quotes), 'quotation')} of the answer "
                f"{'is' if len(cited.unfound_quotes) == 1 else 'are'} in no document word for word: {shown}"
            )
        if cited.not_looked_up:
            left = counted(cited.not_looked_up, "quotation")
            self.warn(f"not looked up in the documents, so not checked: {left} without a citation mark")
        if cited.unknown_marks:
            marks = counted(len(cited.unknown_marks), "citation mark")
            self.warn(f"removed from the answer: {marks} that stood for nothing")
