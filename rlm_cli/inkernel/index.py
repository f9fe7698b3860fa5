"""The kept index as a reader has it: the blocks of the segments in which the words of a query stand best.

tantivy, where it is installed. The store may be read-only, but tantivy wants to lock what it opens; so it
opens a folder of links in the scratch, which is gone once everything is mapped. Whatever is wrong with an
index, the answer is None, and the caller scans.
"""

from __future__ import annotations

import math
import os
import shutil
import tempfile
from collections.abc import Sequence
from typing import Any, NamedTuple

from rlm_cli.inkernel.index_layout import (
    BLOCK,
    FOLDER,
    LONGEST_WORD_BYTES,
    PAIRS,
    WORDS,
    Covered,
    failing_cleanly,
    read_covered,
    register,
    state_of,
    word_analyzer,
)
from rlm_cli.inkernel.store import Store
from rlm_cli.inkernel.terms import LITTLE_WORDS, RUN, forms

_PAIRS_OF_ONE = 64
_PASSAGES = 4
"""A block of the index is as long as so many passages."""


class Ranked(NamedTuple):
    """The best blocks of a query, best first.

    Units:   share says for each term in what part of all passages it stands.
    Shape:   is_all: no other block has any of the terms.
    """

    blocks: list[int]
    share: dict[str, float]
    is_all: bool


class Index:
    """An index that was opened."""

    def __init__(self, tantivy: Any, index: Any, covered: Covered) -> None:
        self.covered = covered
        self._tantivy = tantivy
        self._schema = index.schema
        self._searcher = index.searcher()
        self._analyzer = word_analyzer(tantivy)
        self._blocks = max(1, self._searcher.num_docs)
        self.size_bytes = sum(covered.bytes_of.values())

    def best(self, terms: Sequence[str], most: int) -> Ranked | None:
        """The blocks that fit some terms best; None when it cannot say, and a scan is needed."""
        if all(term in LITTLE_WORDS for term in terms):
            return None
        if any(len(term.encode()) > LONGEST_WORD_BYTES for term in terms):
            return None
        try:
            with failing_cleanly():
                return self._best(terms, most)
        except (ValueError, OSError):
            return None

    def _best(self, terms: Sequence[str], most: int) -> Ranked:
        share: dict[str, float] = {}
        queries: list[Any] = []
        for term in terms:
            found = self._tokens(term)
            having = min(self._blocks, sum(frequency for _, _, frequency in found))
            share[term] = _share_of_passages(having / self._blocks)
            worth = _worth(having, self._blocks)
            for field, token, frequency in found:
                query = self._tantivy.Query.term_query(self._schema, field, token, index_option="freq")
                # Rare forms of a word are worth what the word is worth.
                boost = worth / _worth(frequency, self._blocks)
                queries.append(self._tantivy.Query.boost_query(query, boost))
        if not queries:
            return Ranked([], share, True)
        should = self._tantivy.Occur.Should
        wanted = self._tantivy.Query.boolean_query([(should, query) for query in queries])
        hits = self._searcher.search(wanted, limit=most, count=False).hits
        blocks = self._searcher.fast_field_values(BLOCK, [address for _, address in hits])
        return Ranked(list(dict.fromkeys(map(int, blocks))), share, len(hits) < most)

    def _tokens(self, term: str) -> list[tuple[str, str, int]]:
        """The tokens of the index that are a term: field, token, number of blocks."""
        if RUN.match(term):
            pairs = [term] if len(term) > 1 else self._pairs_with(term)
            found = [(PAIRS, pair) for pair in pairs]
        else:
            # The analyzer parts some words that Python does not; then each part stands for the word.
            words = dict.fromkeys(token for form in forms(term) for token in self._analyzer.analyze(form))
            found = [(WORDS, word) for word in words]
        counted = [(field, token, self._searcher.doc_freq(field, token)) for field, token in found]
        return [each for each in counted if each[2]]

    def _pairs_with(self, character: str) -> list[str]:
        return [pair for pair, _ in self._searcher.terms_with_prefix(PAIRS, character, limit=_PAIRS_OF_ONE)]


class KeptIndex:
    """The index of a store as long as the store is open: opened when it is needed, anew when it has grown."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._state: tuple[int, ...] = ()
        self._index: Index | None = None

    def current(self) -> Index | None:
        """The index as it is on the disk; None without a usable one."""
        state = state_of(os.path.join(self._store.folder, FOLDER))  # noqa: PTH118
        if state != self._state:
            opened = open_index(self._store) if state else None
            # While an index is being made its files come and go; what was mapped before is still true.
            self._index = opened or self._index
            self._state = state
        return self._index


def open_index(store: Store) -> Index | None:
    """The index of a store; None when there is none that can be used, or when tantivy is not installed."""
    folder = os.path.join(store.folder, FOLDER)  # noqa: PTH118 - pathlib costs 8 ms to import
    covered = read_covered(folder)
    if covered is None:
        return None
    numbers = [int(number) for number, size in store.facts["segments"].items() if size]
    if not covered.is_of({number: store.segment_numbered(number) for number in numbers}):
        return None
    try:
        import tantivy
    except ImportError:
        return None
    try:
        with failing_cleanly():
            return Index(tantivy, _opened(tantivy, folder), covered)
    except (OSError, ValueError):
        return None


def _opened(tantivy: Any, folder: str) -> Any:
    """tantivy's index over links to its files, mapped once and for all."""
    links = tempfile.mkdtemp(prefix="index-")
    try:
        for entry in os.scandir(folder):
            if not entry.name.startswith(".") or entry.name == ".managed.json":
                os.symlink(entry.path, os.path.join(links, entry.name))  # noqa: PTH118, PTH211
        index = tantivy.Index.open(links)
        index.config_reader("manual")
        register(tantivy, index)
        index.reload()
        return index
    finally:
        shutil.rmtree(links, ignore_errors=True)


def _worth(having: int, of: int) -> float:
    return math.log(1 + (of - having + 0.5) / (having + 0.5))


def _share_of_passages(share_of_blocks: float) -> float:
    """In what part of all passages a term stands that stands in this part of the longer blocks."""
    return 1.0 - math.pow(1.0 - min(share_of_blocks, 0.9999), 1 / _PASSAGES)
