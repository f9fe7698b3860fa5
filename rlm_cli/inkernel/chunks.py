"""Cutting documents into chunks: by characters at good borders, by pages, sections or records.

Spans are found first and texts made when they are asked for, so that the chunks of a large corpus cost
nothing until they are used.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple, overload

from rlm_cli.inkernel.store import RELEASE_CHARACTERS

if TYPE_CHECKING:
    from rlm_cli.inkernel.document import Document
    from rlm_cli.inkernel.hits import Mark

DEFAULT_CHARACTERS = 40_000
WAYS = ("characters", "pages", "sections", "records")
_QUOTED = 300
_HEADING = re.compile(
    r"^(?:#{1,6}[ \t]+\S.*"
    r"|(?:ARTICLE|Article|SECTION|Section|CHAPTER|Chapter|PART|Part|SCHEDULE|Schedule|EXHIBIT|Exhibit|ANNEX|Annex"
    r"|APPENDIX|Appendix)[ \t]+[\dIVXLC]+\b.{0,100}"
    r"|\d{1,3}(?:\.\d{1,3}){0,4}\.?[ \t]+[A-Z][^\n.;]{2,80}\.?)[ \t]*$",
    re.MULTILINE,
)
_CODE = re.compile(
    r"^(?:(?:export |pub |public |static |async )*(?:def|class|func|fn|function|interface|struct|impl)\b).*$",
    re.M,
)
_BESIDE = {
    "footnote": "footnotes",
    "endnote": "endnotes",
    "header": "headers",
    "footer": "footers",
    "deleted": "deleted passages",
    "comment": "comments",
}
_BLANK = re.compile(r"\n[ \t]*\n\s*")


class Chunk(str):
    """A piece of a document: a str that knows where it comes from.

    .path .page .start .end  where it begins and ends, in characters of document.text
    .document                the document
    .title                   the heading of a section, otherwise ""
    .cite                    a citation mark for its beginning; chunk.cite("exact words") for some of it

    >>> for chunk in doc.chunks(): print(chunk.path, chunk.page, chunk[:80])
    """

    document: Document
    start: int
    end: int
    title: str  # type: ignore[assignment]  # hides str.title(), which no passage needs

    @classmethod
    def of(cls, document: Document, start: int, end: int, title: str = "") -> Chunk:
        """The chunk of a document between two characters."""
        chunk = cls(document[start:end])
        chunk.document, chunk.start, chunk.end, chunk.title = document, start, end, title
        return chunk

    @property
    def path(self) -> str:
        """The path of the document."""
        return self.document.path

    @property
    def page(self) -> int | None:
        """The page on which it begins, None without pages."""
        return self.document.page_at(self.start)

    @property
    def cite(self) -> Mark:
        """The citation mark for the chunk's first words; call it with the words that you mean."""
        words = str.__str__(self).strip()
        return self.document.marked(words[: _cut(words, 0, _QUOTED)].strip(), self.start)

    def __repr__(self) -> str:
        page = f" p.{self.page}" if self.page else ""
        head = " ".join(self[:120].split())
        return f"<Chunk {self.path}{page} {self.start:,}-{self.end:,}: {head[:80]}…>"


class Span(NamedTuple):
    """A chunk that is not made yet."""

    document: Document
    start: int
    end: int
    title: str = ""


class Chunks(Sequence[Chunk]):
    """A sequence of chunks, each made when it is asked for: len, index, slices and iteration work."""

    def __init__(self, spans: list[Span]) -> None:
        self._spans = spans

    def __len__(self) -> int:
        return len(self._spans)

    @overload
    def __getitem__(self, key: int) -> Chunk: ...
    @overload
    def __getitem__(self, key: slice) -> Chunks: ...
    def __getitem__(self, key: int | slice) -> Chunk | Chunks:
        if isinstance(key, slice):
            return Chunks(self._spans[key])
        return Chunk.of(*self._spans[key])

    def __add__(self, other: Chunks | list[Chunk]) -> list[Chunk]:
        return [*self, *other]

    def __repr__(self) -> str:
        characters = sum(span.end - span.start for span in self._spans)
        documents = len({span.document.index for span in self._spans})
        lines = [f"{len(self):,} chunks of {documents:,} documents, {characters:,} characters"]
        lines += [f"  {s.document.path} {s.start:,}-{s.end:,} {s.title}".rstrip() for s in self._spans[:10]]
        return "\n".join([*lines, *(["  …"] if len(self) > 10 else [])])


def chunked(documents: Iterable[Document], by: str, size: int | None, overlap: int) -> Chunks:
    """The chunks of some documents.

    Errors:  ValueError for a way or a size that does not exist.
    """
    if by not in WAYS:
        raise ValueError(f"by={by!r}: chunks go by {', '.join(map(repr, WAYS))}")
    if size is not None and size < 1:
        raise ValueError(f"size={size}: a chunk needs at least one character")
    if not 0 <= overlap < (size or DEFAULT_CHARACTERS):
        raise ValueError(f"overlap={overlap} must be smaller than size={size or DEFAULT_CHARACTERS}")
    spans: list[Span] = []
    scanned = 0
    for document in documents:
        spans.extend(_spans(document, by, size, overlap))
        scanned += len(document)
        if scanned > RELEASE_CHARACTERS:
            scanned = 0
            document.library.store.release()
    return Chunks(spans)


def _spans(document: Document, by: str, size: int | None, overlap: int) -> Iterator[Span]:
    if by == "pages":
        units = page_spans(document)
    elif by == "sections":
        units = section_spans(document)
    elif by == "records":
        units = _record_spans(document)
    else:
        units = []
    if not units:
        yield from pieces_of(Span(document, 0, len(document)), size or DEFAULT_CHARACTERS, overlap)
    elif size is None:
        yield from units
    else:
        for unit in _packed(units, size):
            yield from pieces_of(unit, size, overlap)


def page_spans(document: Document) -> list[Span]:
    """The pages of a document, else its slides or sheets; empty when it has none of them."""
    kinds = {part.kind for part in document.parts}
    wanted = next((kind for kind in ("page", "slide", "sheet") if kind in kinds), None)
    if wanted is None:
        return []
    parts = [part for part in document.parts if part.kind == wanted]
    ends = [part.start for part in parts[1:]] + [len(document)]
    return [Span(document, part.start, end) for part, end in zip(parts, ends, strict=True)]


def section_spans(document: Document) -> list[Span]:
    """The sections of a document by its part map, else by its headings; empty when it has none."""
    titles = _titles(document)
    if titles:
        ends = [start for start, _ in titles[1:]] + [len(document)]
        return [Span(document, start, end, title) for (start, title), end in zip(titles, ends, strict=True)]
    text = document.text
    headings = list((_CODE if document.kind == "code" else _HEADING).finditer(text))
    if not headings:
        return []
    starts = [match.start() for match in headings]
    spans = [Span(document, 0, starts[0])] if text[: starts[0]].strip() else []
    for match, end in zip(headings, [*starts[1:], len(text)], strict=True):
        spans.append(Span(document, match.start(), end, match.group().strip().lstrip("# ")))
    return spans


def _titles(document: Document) -> list[tuple[int, str]]:
    """Where sections begin, and their titles; notes, headers and footers stand by themselves."""
    titles: list[tuple[int, str]] = []
    for part in document.parts:
        title = part.label if part.kind == "section" else _BESIDE.get(part.kind, "")
        if title and (not titles or titles[-1][1] != title):
            titles.append((part.start if titles else 0, title))
    return titles


def _record_spans(document: Document) -> list[Span]:
    """The lines of tables and logs, the paragraphs of everything else."""
    text = document.text
    is_lines = document.kind in ("csv", "tsv", "jsonl", "log")
    border = re.compile(r"\n") if is_lines else _BLANK
    spans, start = [], 0
    for match in border.finditer(text):
        if text[start : match.end()].strip():
            spans.append(Span(document, start, match.end()))
        start = match.end()
    if text[start:].strip():
        spans.append(Span(document, start, len(text)))
    return spans


def _packed(units: list[Span], size: int) -> Iterator[Span]:
    """Neighbouring units joined while they fit."""
    open_span: Span | None = None
    for unit in units:
        if open_span is not None and unit.end - open_span.start <= size:
            open_span = open_span._replace(end=unit.end)
            continue
        if open_span is not None:
            yield open_span
        open_span = unit
    if open_span is not None:
        yield open_span


def pieces_of(span: Span, size: int, overlap: int) -> Iterator[Span]:
    """A span cut at good borders into pieces of at most `size` characters."""
    start = span.start
    while span.end - start > size:
        text = span.document.peek(start, start + size + 1)
        length = _cut(text, 0, size)
        yield Span(span.document, start, start + length, span.title)
        start += max(1, length - overlap)
    if start < span.end:
        yield Span(span.document, start, span.end, span.title)


def _cut(text: str, start: int, size: int) -> int:
    """The best border in the second half of the first `size` characters: paragraph, line, sentence, word."""
    if len(text) - start <= size:
        return len(text)
    middle, end = start + size // 2, start + size
    for border in ("\n\n", "\n", ". ", "。", " "):
        at = text.rfind(border, middle, end)
        if at >= 0:
            return at + len(border)
    return end
