"""A Corpus in memory, for tests of the engine: quotations are found by plain `str.find`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rlm_cli.base.errors import CorpusError
from rlm_cli.base.text import tokens_estimate
from rlm_cli.events.bodies import CorpusLoaded
from rlm_cli.events.values import Citation, Input
from rlm_cli.ports import Mount


class FakeCorpus:
    """Documents by path. Implements `ports.Corpus`."""

    def __init__(self, texts: Mapping[str, str]) -> None:
        if not texts:
            raise CorpusError("the corpus is empty", "no document was chosen")
        self._texts = dict(texts)
        self._is_made = False
        self.is_slow = False

    @property
    def loaded(self) -> CorpusLoaded:
        characters = sum(map(len, self._texts.values()))
        return CorpusLoaded(
            documents=len(self._texts),
            characters=characters,
            bytes=characters,
            tokens=tokens_estimate(characters),
            fingerprint="fake",
            kinds={"text": len(self._texts)},
            inputs=[Input(given="./notes", path="/notes", variable="notes", documents=len(self._texts))],
        )

    @property
    def mount(self) -> Mount:
        return Mount(store="", generation="")

    def tree(self, limit_lines: int) -> str:
        return "\n".join(list(self._texts)[:limit_lines])

    def preview(self, limit_documents: int, limit_characters: int) -> str:
        return "\n".join(text[:limit_characters] for text in list(self._texts.values())[:limit_documents])

    def texts(self) -> list[tuple[str, str]]:
        return list(self._texts.items())

    def cite(self, quote: str, document: int | str | None = None, start: int | None = None) -> Citation:
        for index, (path, text) in enumerate(() if self._is_made else self._texts.items()):
            at = text.find(quote) if document in (None, index, path) else -1
            if at >= 0:
                end = at + len(quote)
                return Citation(id=0, path=path, quote=quote, start=at, end=end, checked=True)
        why, is_settled = "no document has these words", not (self.is_slow and document is None)
        return Citation(id=0, path="", quote=quote, why=why, is_settled=is_settled)

    def subset(self, documents: Sequence[int]) -> FakeCorpus:
        paths = list(self._texts)
        corpus = FakeCorpus({paths[index]: self._texts[paths[index]] for index in documents})
        corpus._is_made = self._is_made
        return corpus

    def of_texts(self, texts: Mapping[str, str]) -> FakeCorpus:
        corpus = FakeCorpus(texts)
        corpus._is_made = True
        return corpus
