"""Searching texts for patterns: what a hit is, and how documents are gone through.

Documents that cannot hold a match are passed over by looking for a literal that every match must have, in
the mapped bytes. What a document is, is not known here beyond its store and number.
"""

from __future__ import annotations

import re
import time
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, SupportsIndex, overload

from rlm_cli.inkernel.literals import Needles, loosened, needles_of
from rlm_cli.inkernel.store import RELEASE_CHARACTERS

if TYPE_CHECKING:
    from rlm_cli.inkernel.document import Document

LINE_CHARACTERS = 500
_REPR_CHARACTERS = 160
_SHOWN = 20


class PatternError(ValueError):
    """A pattern that is not a valid regular expression."""


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
    def cite(self) -> Mark:
        """The citation mark for this hit's text, for `answer["content"]`."""
        return self.document.marked(self.text.strip(), self.start)

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
        page = f" p.{self.page}" if self.page else ""
        return f"{self.path}{page} l.{self.line}: {self.short}"

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


@dataclass(frozen=True, slots=True)
class Query:
    """A pattern, ready to be searched for, with the bounds of the search.

    Units:   seconds bounds the whole search, looked at between documents.
    """

    pattern: re.Pattern[str]
    needles: Needles | None
    max_hits: int
    max_per_document: int | None
    context: int
    seconds: float


def query(
    pattern: str | re.Pattern[str],
    *,
    ignore_case: bool,
    literal: bool,
    word: bool,
    max_hits: int,
    max_per_document: int | None,
    context: int,
    seconds: float,
) -> Query:
    """A query from what a cell has written.

    Errors:  PatternError, with what is wrong with the pattern.
    """
    flags = re.MULTILINE | (re.IGNORECASE if ignore_case else 0)
    if isinstance(pattern, re.Pattern):
        if not isinstance(pattern.pattern, str):
            raise PatternError("the pattern must be a str, not bytes")
        flags, written = (pattern.flags & ~re.DEBUG) | re.MULTILINE, pattern.pattern
    else:
        written = str(pattern)
    if not written:
        raise PatternError("the pattern is empty")
    expression = r"\s+".join(map(re.escape, written.split())) or re.escape(written) if literal else written
    if not literal and not flags & re.VERBOSE:
        expression = loosened(expression)
    if word:
        expression = rf"\b(?:{expression})\b"
    try:
        compiled = re.compile(expression, flags)
    except (re.error, OverflowError, RecursionError) as error:
        remedy = "literal=True searches for these very characters"
        raise PatternError(f"not a regular expression: {written!r}: {error}; {remedy}") from None
    return Query(compiled, needles_of(compiled), max_hits, max_per_document, context, seconds)


def grep(documents: Iterable[Document], wanted: Query) -> Hits:
    """Every match in some documents, up to the bounds of the query; `truncated` says what was left out."""
    hits = Hits()
    began = time.monotonic()
    gone_through, scanned = 0, 0
    for document in documents:
        if time.monotonic() - began > wanted.seconds:
            hits.truncated = f"stopped after {wanted.seconds:g} s: {gone_through:,} documents were searched"
            break
        gone_through += 1
        scanned += len(document)
        if scanned > RELEASE_CHARACTERS:
            scanned = 0
            document.library.store.release()
        document.library.ledger.searched(document.index)
        if wanted.needles is not None and not wanted.needles.may_match(
            document.library.store, document.index
        ):
            continue
        room = wanted.max_hits - len(hits)
        limit = room if wanted.max_per_document is None else min(room, wanted.max_per_document)
        found = list(_limited(matches(document, wanted.pattern), limit + 1))
        hits.extend(_hit(document, found[:limit], wanted.context))
        if len(found) > room:
            hits.truncated = (
                f"stopped at max_hits={wanted.max_hits:,}, in document {gone_through:,}: there are more; "
                "narrow the pattern, raise max_hits, or set max_per_document"
            )
            break
        if len(found) > limit:
            hits.truncated = f"some documents have more than max_per_document={limit} hits"
    return hits


def matches(document: Document, pattern: re.Pattern[str]) -> Iterator[tuple[int, int]]:
    """The spans of all matches in a document that are not empty."""
    text = document.library.store.text(document.index)
    return (match.span() for match in pattern.finditer(text) if match.end() > match.start())


def _hit(document: Document, spans: list[tuple[int, int]], context: int) -> Iterator[Hit]:
    text = document.library.store.text(document.index)
    line, counted_to = 1, 0
    for start, end in spans:
        line += text.count("\n", counted_to, start)
        counted_to = start
        hit = Hit(document, start, end, line, text[start:end], _line(text, start, end))
        if context:
            hit.text = hit.around(context)
        document.library.ledger.served(document.index, hit.text)
        if len(hit.text) > _REPR_CHARACTERS or "\n" in hit.text:
            document.library.ledger.served(document.index, hit.short)
        yield hit


def _line(text: str, start: int, end: int) -> str:
    """The line of a match; of a long line the part around it, cut between words."""
    low = text.rfind("\n", 0, start) + 1
    high = text.find("\n", end)
    high = len(text) if high < 0 else high
    if high - low > LINE_CHARACTERS:
        room = max(0, LINE_CHARACTERS - (end - start)) // 2
        near, far = max(low, start - room), min(high, end + room)
        if near > low:
            space = text.find(" ", near, start)
            near = space + 1 if space >= 0 else near
        if far < high:
            space = text.rfind(" ", end, far)
            far = space if space >= 0 else far
        low, high = near, min(far, near + max(LINE_CHARACTERS, end - near))
    return text[low:high]


def _limited(items: Iterator[Any], limit: int) -> Iterator[Any]:
    for _, item in zip(range(limit), items, strict=False):
        yield item


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


def span_index(starts: list[int], position: int) -> int:
    """Which of some ordered spans a position lies in."""
    return max(0, bisect_right(starts, position) - 1)
