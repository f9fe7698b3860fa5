"""What a search gives: hits with their place, their line, and their citation mark; lists of them.

It knows a document by what it is asked for here, and nothing of how a search is done.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, SupportsIndex, overload

if TYPE_CHECKING:
    from rlm_cli.inkernel.document import Document

LINE_CHARACTERS = 500
_REPR_CHARACTERS = 160
_SHOWN = 20


class Mark(str):
    """A citation mark such as `[[cite:7]]`. Called with other words, it gives the mark for those."""

    _again: Callable[[str], str]

    @classmethod
    def made(cls, mark: str, again: Callable[[str], str]) -> Mark:
        """A mark that can make another one for the same place."""
        found = cls(mark)
        found._again = again
        return found

    def __call__(self, quote: str | None = None) -> str:
        return self if quote is None else self._again(quote)


class Hit:
    """A place in a document.

    .path .page .line  where: page and line count from 1, page is None without pages
    .place             sheet and cell, slide, footnote …; "" where page and line say it
    .start .end        characters of the match in document.text
    .match             the words that matched
    .text              its whole line (at most 500 characters of it); for search(), the passage
    .score             rank of search(), None for grep()
    .document          the document
    .around(n)         the text with n lines before and after
    .cite              a citation mark for .text; hit.cite("exact words") for some of it

    >>> for hit in corpus.grep("no cap")[:5]: print(hit, hit.around(2))
    """

    __slots__ = ("document", "end", "line", "match", "page", "score", "start", "text")

    def __init__(self, document: Document, start: int, end: int, line: int, match: str, text: str) -> None:
        self.document = document
        self.start = start
        self.end = end
        self.line = line
        self.match = match
        self.text = text
        self.page = document.page_at(start)
        self.score: float | None = None

    @property
    def path(self) -> str:
        """The path of the document."""
        return self.document.path

    @property
    def place(self) -> str:
        """Where a person would look in a format without pages: `sheet "Costs", cell C7`, `slide 3`."""
        return self.document.place_at(self.start)

    @property
    def cite(self) -> Mark:
        """The citation mark for this hit's text, for `answer["content"]`."""
        return self.document.marked(self.text.strip(), self.start)

    def served(self, start: int) -> None:
        """Tell the ledger that the text, which begins at a character, was handed to a cell."""
        ledger = self.document.library.ledger
        ledger.served(self.document.index, self.text, start)
        if len(self.text) > _REPR_CHARACTERS or "\n" in self.text:
            ledger.served(self.document.index, self.short, start)

    def around(self, lines: int = 3, characters: int | None = None) -> str:
        """The text around the hit: so many lines (or characters) before and after it.

        >>> hit.around(5); hit.around(characters=1000)
        """
        if characters is not None:
            return self.document[max(0, self.start - characters) : self.end + characters]
        reach = LINE_CHARACTERS * (lines + 1)
        low = max(0, self.start - reach)
        before = self.document[low : self.start]
        after = self.document[self.end : self.end + reach]
        first = _nth_newline_from_end(before, lines + 1)
        last = _nth_newline(after, lines + 1)
        return before[first:] + self.document[self.start : self.end] + after[:last]

    @property
    def short(self) -> str:
        """The text on one line, at most 160 characters of it."""
        text = " ".join(self.text.split())
        return text if len(text) <= _REPR_CHARACTERS else text[: _REPR_CHARACTERS - 1] + "…"

    def __repr__(self) -> str:
        where = f" p.{self.page}" if self.page else f" {self.place}" if self.place else ""
        return f"{self.path}{where} l.{self.line}: {self.short}"

    __str__ = __repr__


class Hits(list[Hit]):
    """A list of hits, in the order of the corpus (grep) or best first (search).

    .truncated         "" or what was left out and why
    .by_document()     {path: hits}
    .documents         the documents that have hits

    >>> hits = corpus.grep("indemnif"); print(len(hits), hits.truncated); print(hits)
    """

    truncated: str = ""

    def by_document(self) -> dict[str, Hits]:
        """The hits of each document, by path."""
        found: dict[str, Hits] = {}
        for hit in self:
            found.setdefault(hit.path, Hits()).append(hit)
        return found

    @property
    def documents(self) -> list[Document]:
        """The documents that have hits, in order."""
        return list({hit.document.index: hit.document for hit in self}.values())

    @overload
    def __getitem__(self, key: SupportsIndex, /) -> Hit: ...
    @overload
    def __getitem__(self, key: slice, /) -> Hits: ...
    def __getitem__(self, key: SupportsIndex | slice, /) -> Hit | Hits:
        if isinstance(key, slice):
            return Hits(super().__getitem__(key))
        return super().__getitem__(key)

    def __repr__(self) -> str:
        documents = len({hit.document.index for hit in self})
        lines = [f"{len(self):,} hits in {documents:,} documents", *map(repr, self[:_SHOWN])]
        if len(self) > _SHOWN:
            lines.append(f"… {len(self) - _SHOWN:,} more; .by_document() groups them")
        if self.truncated:
            lines.append(self.truncated)
        return "\n".join(lines)

    __str__ = __repr__


class Counts(dict[str, int]):
    """How many matches each document has, by path.

    .total       all matches
    .truncated   "" or what was left out and why
    .most(10)    the documents with the most

    >>> counts = corpus.counts("indemnif"); print(counts.total, counts.most(5))
    """

    truncated: str = ""

    @property
    def total(self) -> int:
        """All matches."""
        return sum(self.values())

    def most(self, n: int = 10) -> list[tuple[str, int]]:
        """The documents with the most matches, and how many each has."""
        return sorted(self.items(), key=lambda item: (-item[1], item[0]))[:n]

    def __repr__(self) -> str:
        lines = [f"{self.total:,} matches in {len(self):,} documents"]
        lines += [f"{number:,}  {path}" for path, number in self.most(_SHOWN)]
        if len(self) > _SHOWN:
            lines.append(f"… {len(self) - _SHOWN:,} more documents")
        return "\n".join([*lines, *([self.truncated] if self.truncated else [])])


def _nth_newline_from_end(text: str, count: int) -> int:
    at = len(text)
    for _ in range(count):
        at = text.rfind("\n", 0, at)
        if at < 0:
            return 0
    return at + 1


def _nth_newline(text: str, count: int) -> int:
    at = -1
    for _ in range(count):
        at = text.find("\n", at + 1)
        if at < 0:
            return len(text)
    return at
