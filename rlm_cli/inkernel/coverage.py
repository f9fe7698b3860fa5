"""Coverage as cells have it: who has seen what of some documents, counted, and told stretch by stretch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rlm_cli.inkernel.collection import Corpus

MODEL, CODE, NOBODY = "model", "code", "nobody"


class Coverage(dict[str, int]):
    """Counts of documents and characters: all, searched by code, read by a model.

    .read        corpus of the documents that a model has read from
    .only_code   corpus of those that only code has searched
    .unseen      corpus of those that nobody has looked at
    .spans(doc)  [(start, end, "model" | "code" | "nobody"), …] of one document

    >>> seen = corpus.coverage(); print(seen); print(seen.only_code.paths()[:20])
    """

    def __init__(self, corpus: Corpus, indices: Sequence[int]) -> None:
        ledger, store = corpus.ledger, corpus.library.store
        self._corpus, self._indices = corpus, indices
        is_visible = set(indices) if not isinstance(indices, range) else indices
        read = [index for index in ledger.read() if index in is_visible]
        spans = [span for index in read for span in ledger.read_spans(index)]
        super().__init__(
            documents=len(indices),
            searched_by_code=sum(map(ledger.is_searched, indices)),
            read_by_model=len(read),
            characters=sum(store.record(index).characters for index in indices),
            characters_read_by_model=sum(end - start for start, end in spans),
        )

    @property
    def read(self) -> Corpus:
        """The documents that a model has read from."""
        known = set(self._corpus.ledger.read())
        return self._corpus.of([index for index in self._indices if index in known])

    @property
    def only_code(self) -> Corpus:
        """The documents that code has searched and no model has read from."""
        ledger, known = self._corpus.ledger, set(self._corpus.ledger.read())
        return self._corpus.of(
            [index for index in self._indices if ledger.is_searched(index) and index not in known]
        )

    @property
    def unseen(self) -> Corpus:
        """The documents that neither code nor a model has looked at."""
        ledger = self._corpus.ledger
        return self._corpus.of([index for index in self._indices if not ledger.is_searched(index)])

    def spans(self, document: int | str) -> list[tuple[int, int, str]]:
        """Who has seen what of a document: first character, last but one, `model`, `code` or `nobody`."""
        found = self._corpus[document]
        rest = CODE if self._corpus.ledger.is_searched(found.index) else NOBODY
        told: list[tuple[int, int, str]] = []
        at, length = 0, len(found)
        for start, end in self._corpus.ledger.read_spans(found.index):
            if start > at:
                told.append((at, start, rest))
            told.append((start, min(end, length), MODEL))
            at = end
        return [*told, *([(at, length, rest)] if at < length else [])]

    def __repr__(self) -> str:
        share = 100 * self["characters_read_by_model"] / max(1, self["characters"])
        return (
            f"{self['documents']:,} documents: searched by code {self['searched_by_code']:,}, "
            f"read by a model {self['read_by_model']:,} ({share:.1f} % of the text)"
        )
