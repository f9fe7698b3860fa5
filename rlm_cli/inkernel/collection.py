"""The corpus as cells have it: all documents or some of them, searched, cut, counted and asked together.

A document's own abilities are its own; here is what many of them can do at once.
"""

from __future__ import annotations

import difflib
import fnmatch
import heapq
import random
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Any, overload

from rlm_cli.inkernel.chunks import Chunks, chunked
from rlm_cli.inkernel.coverage import Coverage
from rlm_cli.inkernel.document import Document, Library
from rlm_cli.inkernel.grep import count, grep
from rlm_cli.inkernel.hits import Counts, Hits
from rlm_cli.inkernel.ledger import Ledger
from rlm_cli.inkernel.nearness import near
from rlm_cli.inkernel.overview import counted, tree_lines
from rlm_cli.inkernel.packing import Packs, packed
from rlm_cli.inkernel.query import counting, query
from rlm_cli.inkernel.querying import query_tables
from rlm_cli.inkernel.ranking import search
from rlm_cli.inkernel.tables import Table

_NEAR_PATHS = 20_000


class Corpus(Sequence[Document]):
    """All documents, or some of them: iteration gives documents, slices and filters give corpora.

    len(corpus)  corpus[0]  corpus[10:20]  corpus["a/b.pdf"] (or the end of a path that only one has)
    .paths("*.pdf")  .tree()  .stats()  .filter("2019/*", kind="pdf")  .sample(5)
    .grep(r"no cap")                 every match, with page and line
    .search("limits of liability")   the best passages
    .near("cap", "unlimited")        places where two patterns stand together
    .chunks(40_000)  .packs()        pieces for llm_batch; many small documents packed together
    .counts(r"shall")                how often each document has it
    .sql("SELECT …", t=doc)          SQL over tables
    .coverage()                      how much was searched by code and read by a model

    >>> hits = corpus.grep(r"indemnif\\w+"); print(hits); print(hits[0].around(3), hits[0].cite)
    """

    def __init__(self, library: Library, indices: Sequence[int]) -> None:
        self._library = library
        self._indices = indices
        self._by_path: dict[str, int] | None = None

    @property
    def library(self) -> Library:
        """What all documents hang on."""
        return self._library

    @property
    def ledger(self) -> Ledger:
        """The record of what was searched and read."""
        return self._library.ledger

    def __len__(self) -> int:
        return len(self._indices)

    def __iter__(self) -> Iterator[Document]:
        return (Document(self._library, index) for index in self._indices)

    @overload
    def __getitem__(self, key: int | str) -> Document: ...
    @overload
    def __getitem__(self, key: slice) -> Corpus: ...
    def __getitem__(self, key: int | str | slice) -> Document | Corpus:
        if isinstance(key, slice):
            return Corpus(self._library, self._indices[key])
        if isinstance(key, str):
            return Document(self._library, self._find(key))
        try:
            return Document(self._library, self._indices[key])
        except IndexError:
            raise IndexError(f"document {key}: there are {len(self):,} documents") from None

    def __contains__(self, item: object) -> bool:
        if isinstance(item, Document):
            return item.library is self._library and item.index in self._indices
        return isinstance(item, str) and item in self._paths()

    def paths(self, glob: str | None = None) -> list[str]:
        """The paths of all documents, or of those that match a glob (on the path or on its last part).

        >>> corpus.paths("*.pdf"); corpus.paths("2019/*")
        """
        return [path for path in self._paths() if glob is None or _fits(path, glob)]

    def tree(self, limit_lines: int = 60) -> str:
        """Folders and documents with their sizes in characters, as text for print()."""
        store = self._library.store
        records = (store.record(index) for index in self._indices)
        return "\n".join(tree_lines(((store.path(r), r.characters) for r in records), limit_lines))

    def stats(self) -> dict[str, Any]:
        """Counts as a dict: documents, characters, tokens (estimate), kinds, largest documents.

        >>> corpus.stats()["kinds"]
        """
        store = self._library.store
        lengths = store.columns()[1]
        biggest = heapq.nlargest(5, self._indices, key=lambda index: (lengths[index], -index))
        records = [store.record(index) for index in biggest]
        counts = self._counts()
        return {**counts, "largest": {store.path(record): record.characters for record in records}}

    def _counts(self) -> dict[str, Any]:
        """Documents, characters, tokens and kinds; known already where these are all documents."""
        store = self._library.store
        if self._indices == range(store.count):
            facts = store.facts
            names = ("documents", "characters", "tokens")
            return {**{name: facts[name] for name in names}, "kinds": facts["kinds_count"]}
        kinds: Counter[str] = Counter()
        characters = tokens = 0
        for index in self._indices:
            record = store.record(index)
            kinds[store.kinds[record.kind]] += 1
            characters += record.characters
            tokens += (record.length + 3) // 4
        return {
            "documents": len(self),
            "characters": characters,
            "tokens": tokens,
            "kinds": dict(kinds.most_common()),
        }

    def filter(
        self, which: str | Callable[[Document], object] | None = None, *, kind: str | None = None
    ) -> Corpus:
        """A corpus of the documents that match a glob, a function of the document, and a kind.

        >>> corpus.filter("2019/*"); corpus.filter(lambda doc: "cap" in doc.text, kind="pdf")
        """
        store = self._library.store
        kept = []
        for index in self._indices:
            record = store.record(index)
            if kind is not None and store.kinds[record.kind] != kind:
                continue
            if isinstance(which, str) and not _fits(store.path(record), which):
                continue
            if callable(which) and not which(Document(self._library, index)):
                continue
            kept.append(index)
        return Corpus(self._library, kept)

    def sample(self, n: int, seed: int = 0) -> Corpus:
        """A corpus of n documents taken at random, the same ones for the same seed."""
        chosen = random.Random(seed).sample(range(len(self)), min(n, len(self)))
        return Corpus(self._library, [self._indices[at] for at in sorted(chosen)])

    def grep(
        self,
        pattern: str | re.Pattern[str],
        *,
        ignore_case: bool = True,
        literal: bool = False,
        word: bool = False,
        max_hits: int = 1000,
        max_per_document: int | None = None,
        context: int = 0,
        max_seconds: float = 60.0,
    ) -> Hits:
        """Every match of a regular expression, in the order of the corpus, as hits with page and line.

        Case is ignored unless ignore_case=False. ^ and $ match at lines. A single space matches any white
        space, also a line end (write [ ] for a space only). literal=True takes the pattern as plain words,
        word=True whole words only. context=2 puts two more lines around hit.text. `.truncated` of the
        result says when max_hits or max_seconds stopped the search.

        >>> hits = corpus.grep(r"(unlimited|uncapped) liability", context=2); print(hits)
        """
        wanted = query(
            pattern,
            ignore_case=ignore_case,
            literal=literal,
            word=word,
            max_hits=max_hits,
            max_per_document=max_per_document,
            context=context,
            seconds=max_seconds,
        )
        return grep(self._library, self._indices, wanted)

    def counts(
        self,
        pattern: str | re.Pattern[str],
        *,
        ignore_case: bool = True,
        literal: bool = False,
        word: bool = False,
        max_seconds: float = 60.0,
    ) -> Counts:
        """How many matches each document has, as a dict by path; the pattern is taken as in grep.

        >>> counts = corpus.counts("force majeure"); print(counts.total, counts.most(5))
        """
        wanted = counting(pattern, ignore_case, literal, word, max_seconds)
        return count(self._library, self._indices, wanted)

    def near(
        self,
        one: str | re.Pattern[str],
        other: str | re.Pattern[str],
        within: int = 200,
        *,
        ignore_case: bool = True,
        max_hits: int = 1000,
        max_seconds: float = 60.0,
    ) -> Hits:
        """Places where two patterns match at most `within` characters apart; a hit spans both.

        >>> corpus.near("liabilit", "uncapped|unlimited", within=300)
        """
        first, second = (counting(p, ignore_case, False, False, max_seconds) for p in (one, other))
        return near(self._library, self._indices, first, second, within, max_hits)

    def search(self, query: str, k: int = 10) -> Hits:
        """The k passages (about 1,000 characters each) that fit the words best, best first (BM25).

        Endings of English words are ignored, other languages go by whole words or pairs of characters.
        Say many words, synonyms too: more of them matching ranks higher. hit.text is the passage.

        >>> for hit in corpus.search("indemnify hold harmless losses claims", k=20): print(hit.score, hit)
        """
        return search(self._library, self._indices, query, k)

    def chunks(
        self,
        size: int | None = None,
        by: str = "characters",
        overlap: int = 0,
        *,
        tokens: int | None = None,
    ) -> Chunks:
        """Pieces of all documents, in order; a piece never spans two documents.

        by="characters": at most `size` characters (40,000 when not said), cut between paragraphs or lines.
        by="pages", "sections" (headings) or "records" (lines of tables and logs, else paragraphs): one
        each; with `size`, neighbours are packed together up to that many characters. tokens=25_000 says
        the size in tokens (an estimate from the bytes of the text).

        >>> replies = llm_batch("List every duty to indemnify.", corpus.chunks(40_000))
        """
        return chunked(self, by, self._size(size, tokens), overlap)

    def packs(self, size: int = 100_000, *, tokens: int | None = None) -> Packs:
        """All documents packed into texts of at most `size` characters, each headed by its path.

        For many small documents: one sub-call reads a whole pack. Long documents are cut.

        >>> replies = llm_batch("List every duty to indemnify, with its [path].", corpus.packs(100_000))
        """
        return packed(self, self._size(size, tokens) or size)

    def _size(self, size: int | None, tokens: int | None) -> int | None:
        """The characters that are meant by a size in either of both."""
        if tokens is None:
            return size
        counts = self._counts()
        return max(1, tokens * int(counts["characters"]) // max(1, int(counts["tokens"])))

    def sql(self, query: str, **tables: Any) -> Table:
        """The rows that an SQL query (SQLite) gives; each keyword names a table: a document or a Table.

        >>> corpus.sql("SELECT region, sum(amount) AS total FROM s GROUP BY region", s=corpus["sales.csv"])
        """
        return query_tables(query, tables)

    def coverage(self) -> Coverage:
        """Counts of documents and characters: all, searched by code, read by a model; and which they are.

        >>> seen = corpus.coverage(); print(seen); print(seen.only_code.paths()[:20])
        """
        return Coverage(self, self._indices)

    def of(self, indices: Sequence[int]) -> Corpus:
        """A corpus of some documents of the store, by their numbers."""
        return Corpus(self._library, indices)

    def _paths(self) -> dict[str, int]:
        if self._by_path is None:
            store = self._library.store
            self._by_path = {store.path(store.record(index)): index for index in reversed(self._indices)}
            self._by_path = dict(reversed(self._by_path.items()))
        return self._by_path

    def _find(self, key: str) -> int:
        paths = self._paths()
        exact = paths.get(key)
        if exact is not None:
            return exact
        tail = "/" + key.removeprefix("./").lstrip("/")
        ends = [path for path in paths if ("/" + path).endswith(tail)]
        if len(ends) == 1:
            return paths[ends[0]]
        if ends:
            raise KeyError(f"{len(ends)} documents end in {key!r}: {', '.join(ends[:5])}")
        known = list(paths)[:_NEAR_PATHS]
        near = (
            difflib.get_close_matches(key, known, 3, 0.4)
            or [p for p in known if key.lower() in p.lower()][:3]
        )
        raise KeyError(f"no document {key!r}; near: {', '.join(near or known[:3])}")

    def __repr__(self) -> str:
        store = self._library.store
        head = [store.path(store.record(index)) for index in self._indices[:4]]
        more = f", … {len(self) - 4:,} more" if len(self) > 4 else ""
        facts = self._counts()
        kinds = ", ".join(f"{kind} {count:,}" for kind, count in facts["kinds"].items())
        size = f"{facts['characters']:,} characters, about {facts['tokens']:,} tokens"
        documents = counted(len(self), "document")
        return f"<Corpus: {documents}, {size}\n kinds: {kinds}\n paths: {', '.join(head)}{more}>"


def _fits(path: str, glob: str) -> bool:
    return fnmatch.fnmatchcase(path, glob) or fnmatch.fnmatchcase(path.rpartition("/")[2], glob)
