"""One document as cells have it: its text, pages, lines and sections, search in it, citations of it.

Everything here hands out text lazily from the mapped store, and tells the ledger.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from rlm_cli.inkernel.chunks import Chunk, Chunks, chunked, page_spans, section_spans
from rlm_cli.inkernel.columns import Columns, uncollected
from rlm_cli.inkernel.extents import Extents
from rlm_cli.inkernel.grep import count, grep
from rlm_cli.inkernel.hits import Hits, Mark
from rlm_cli.inkernel.index import Index, KeptIndex
from rlm_cli.inkernel.ledger import Ledger
from rlm_cli.inkernel.places import place_in
from rlm_cli.inkernel.query import counting, query
from rlm_cli.inkernel.querying import query_tables
from rlm_cli.inkernel.ranking import search
from rlm_cli.inkernel.store import Part, Store
from rlm_cli.inkernel.tables import Table, columns_of, parquet_columns, sheet_columns

if TYPE_CHECKING:
    from rlm_cli.inkernel.documents import Services


class Library:
    """What all documents of a mount share: the store, the ledger, the services of the host."""

    def __init__(self, store: Store, services: Services) -> None:
        self.store = store
        self.services = services
        self._extents: tuple[object, Sequence[int], Extents] | None = None
        self._index = KeptIndex(store)
        self.ledger = Ledger(store.count, self._characters, store.text)

    def document(self, index: int) -> Document:
        """A document by its number."""
        return Document(self, index)

    def extents(self, indices: Sequence[int]) -> Extents:
        """Where the texts of some documents lie; kept for all documents, and for the last subset."""
        key = indices if isinstance(indices, range) else id(indices)
        if self._extents is None or self._extents[0] != key:
            self._extents = (key, indices, Extents(self.store, indices))
        return self._extents[2]

    def index(self) -> Index | None:
        """The index that is kept with the store, as it is on the disk; None without a usable one."""
        return self._index.current()

    def _characters(self, index: int) -> int:
        return self.store.record(index).characters


class Page(str):
    """A page of a document: a str with .number, .path, .start, .end, .document and .cite.

    >>> page = corpus["msa.pdf"].pages[3]; page.number, page.cite("exact words")
    """

    document: Document
    number: int
    start: int
    end: int

    @property
    def path(self) -> str:
        """The path of the document."""
        return self.document.path

    @property
    def page(self) -> int:
        """The page's number, counted from 1."""
        return self.number

    @property
    def cite(self) -> Mark:
        """The citation mark for the page's first words; call it with the words that you mean."""
        return Chunk.of(self.document, self.start, self.end).cite

    def __repr__(self) -> str:
        return f"<Page {self.number} of {self.path}: {' '.join(self[:120].split())[:80]}…>"


class Document:
    """One document of the corpus.

    .text                      all of it, as str; str(doc) and f"{doc}" give the same
    .path .kind .meta          where it is, what it is, what the file says of itself
    len(doc) .tokens           characters, and about how many tokens
    doc[a:b]                   characters a to b (cheap also in a huge document)
    .pages .lines .sections    lists of str; pages know .number, sections .title
    .grep(p) .search(q)        hits with page and line
    .chunks(size=…, by=…)      pieces for sub-calls
    .table() .sql("SELECT …")  rows of csv, tsv, json, jsonl, parquet, sheets; .sheets
    .cite("exact words")       a citation mark for the answer

    >>> doc = corpus["msa_2019.pdf"]; print(doc.kind, len(doc), len(doc.pages)); print(doc[:500])
    """

    __slots__ = ("index", "library")

    def __init__(self, library: Library, index: int) -> None:
        self.library = library
        self.index = index

    @property
    def path(self) -> str:
        """The path, relative to the input folder."""
        return self.library.store.path(self.library.store.record(self.index))

    @property
    def kind(self) -> str:
        """What it is: pdf, docx, html, markdown, text, csv, json, code, …"""
        return self.library.store.kinds[self.library.store.record(self.index).kind]

    @property
    def text(self) -> str:
        """The whole text. Lines end in \\n."""
        self.library.ledger.opened(self.index)
        return self.library.store.text(self.index)

    @property
    def tokens(self) -> int:
        """About how many tokens the text is."""
        return (self.library.store.record(self.index).length + 3) // 4

    @property
    def meta(self) -> dict[str, Any]:
        """What the file says of itself (title, author) and how it was read (encoding, pages without text)."""
        return self.library.store.meta(self.library.store.record(self.index))

    @property
    def lines(self) -> list[str]:
        """The lines, without their ends; doc.lines[119] is line 120 of a hit or citation."""
        lines = self.text.split("\n")
        return lines[:-1] if lines[-1] == "" else lines

    @property
    def pages(self) -> list[Page]:
        """The pages (slides, sheets); doc.pages[3] is page 4. Without any, one entry has all of it."""
        spans = page_spans(self)
        if not spans:
            return [_page(self, 1, 0, len(self))]
        return [_page(self, number, span.start, span.end) for number, span in enumerate(spans, 1)]

    @property
    def sections(self) -> list[Chunk]:
        """The sections by headings, each with .title; all of it as one when it has no headings."""
        spans = section_spans(self)
        return [Chunk.of(*span) for span in spans] or [Chunk.of(self, 0, len(self))]

    @property
    def parts(self) -> list[Part]:
        """The part map: kind (page, cell), number, first character, label."""
        return self.library.store.parts(self.index)

    def grep(
        self,
        pattern: str | re.Pattern[str],
        *,
        ignore_case: bool = True,
        literal: bool = False,
        word: bool = False,
        max_hits: int = 1000,
        context: int = 0,
        max_seconds: float = 60.0,
    ) -> Hits:
        """Every match in this document; see corpus.grep.

        >>> doc.grep(r"shall not exceed .{0,80}")
        """
        wanted = query(
            pattern,
            ignore_case=ignore_case,
            literal=literal,
            word=word,
            max_hits=max_hits,
            max_per_document=None,
            context=context,
            seconds=max_seconds,
        )
        return grep(self.library, [self.index], wanted)

    def count(
        self,
        pattern: str | re.Pattern[str],
        *,
        ignore_case: bool = True,
        literal: bool = False,
        word: bool = False,
        max_seconds: float = 60.0,
    ) -> int:
        """How many matches there are; see corpus.counts.

        >>> doc.count("shall")
        """
        wanted = counting(pattern, ignore_case, literal, word, max_seconds)
        return count(self.library, [self.index], wanted).total

    def search(self, query: str, k: int = 10) -> Hits:
        """The k passages of this document that fit the words best, best first; see corpus.search."""
        return search(self.library, [self.index], query, k)

    def chunks(
        self,
        size: int | None = None,
        by: str = "characters",
        overlap: int = 0,
        *,
        tokens: int | None = None,
    ) -> Chunks:
        """Pieces of this document; see corpus.chunks.

        >>> replies = llm_batch("Which duties are named?", doc.chunks(20_000))
        """
        if tokens is not None:
            size = max(1, tokens * len(self) // max(1, self.tokens))
        return chunked([self], by, size, overlap)

    def table(self, sheet: int | str = 1) -> Table:
        """The rows of a csv, tsv, json, jsonl or parquet document or of a sheet, as dicts with typed values.

        .columns has the names, .types what they hold, .frame() is a pandas DataFrame, .sql("SELECT … FROM t")
        asks it.

        >>> rows = doc.table(); rows.columns; rows[0]; rows.sql("SELECT count(*) AS n FROM t")
        """
        with uncollected():
            return Table.of(self.columns(sheet))

    def columns(self, sheet: int | str = 1) -> Columns:
        """The table by columns: .names, .values (a list each), .types; see table."""
        if self.kind == "workbook":
            return sheet_columns(self.text, self.parts, sheet, self.path)
        if self.kind == "parquet":
            return parquet_columns(self.text, self.meta["columns"])
        return columns_of(self.text, self.kind, self.path)

    @property
    def sheets(self) -> list[str]:
        """The names of the sheets of a workbook."""
        return [part.label for part in self.parts if part.kind == "sheet"]

    def sql(self, query: str) -> Table:
        """The rows that an SQL query over this document's table `t` gives.

        >>> doc.sql("SELECT region, sum(amount) AS total FROM t GROUP BY region ORDER BY total DESC")
        """
        return query_tables(query, {"t": self})

    def cite(self, quote: str) -> str:
        """A citation mark for words of this document; raises QuoteNotFound when they do not stand in it."""
        return self.library.services.cite(self.index, quote, None)

    def page_at(self, character: int) -> int | None:
        """The page on which a character stands, None without pages."""
        return self.library.store.page_at(self.index, character)

    def place_at(self, character: int) -> str:
        """Where a person would look for a character: sheet and cell, slide, footnote; else ""."""
        return place_in(self.library.store, self.index, character)

    def line_at(self, character: int) -> int:
        """The line, from 1, in which a character stands."""
        return self.library.store.line_at(self.index, character)

    def marked(self, words: str, start: int | None) -> Mark:
        """The citation mark for words near a character; it can be called with other words."""
        cite: Callable[[int | None, str, int | None], str] = self.library.services.cite
        return Mark.made(cite(self.index, words, start), lambda other: cite(self.index, other, start))

    def peek(self, start: int, end: int) -> str:
        """Characters of the text, without a note in the ledger."""
        return self.library.store.slice(self.index, start, end)

    def __len__(self) -> int:
        return self.library.store.record(self.index).characters

    def __getitem__(self, key: int | slice) -> str:
        length = len(self)
        if isinstance(key, int):
            if not -length <= key < length:
                raise IndexError(f"character {key} of {length}")
            start, end, step = key % length, key % length + 1, 1
        else:
            start, end, step = key.indices(length)
        if step != 1:
            return self.text[key]
        text = self.peek(start, max(start, end))
        self.library.ledger.served(self.index, text, start)
        return text

    def __contains__(self, words: object) -> bool:
        return isinstance(words, str) and words in self.text

    def __str__(self) -> str:
        return self.text

    def __format__(self, spec: str) -> str:
        return format(self.text, spec)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Document) and (other.library, other.index) == (self.library, self.index)

    def __hash__(self) -> int:
        return hash((id(self.library), self.index))

    def __getattr__(self, name: str) -> Any:
        if not name.startswith("_") and hasattr(str, name):
            raise AttributeError(f"a document is not a str: use doc.text.{name}(…)")
        raise AttributeError(f"a document has no attribute {name!r}; help(doc) lists what it has")

    def __repr__(self) -> str:
        pages = sum(1 for part in self.parts if part.kind == "page")
        size = f"{len(self):,} characters" + (f", {pages:,} pages" if pages else "")
        head = " ".join(self.peek(0, 200).split())
        return f"<Document {self.path} ({self.kind}, {size}): {head[:80]}…>"


def _page(document: Document, number: int, start: int, end: int) -> Page:
    page = Page(document[start:end])
    page.document, page.number, page.start, page.end = document, number, start, end
    return page
