"""Breaks blocks into lines and pages of US Letter paper.

Owns where every line stands. Knows font widths; must never know how a PDF is written.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache

from reportlab.pdfbase.pdfmetrics import stringWidth

from .blocks import Block, Table, curly

WIDTH, HEIGHT = 612.0, 792.0
LEFT, RIGHT, TOP, BOTTOM = 80.0, 532.0, 706.0, 76.0
ROMAN, BOLD = "Times-Roman", "Times-Bold"


@dataclass(frozen=True)
class Line:
    """A line of text at a point; `stretch` is added to every space, in points."""

    x: float
    y: float
    font: str
    points: float
    text: str
    stretch: float = 0.0


@dataclass
class Page:
    lines: list[Line] = field(default_factory=list)
    rules: list[float] = field(default_factory=list)
    parts: list[str] = field(default_factory=list)
    clauses: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Look:
    """How a style is set: font, size, leading, indent of the text, space above."""

    font: str
    points: float
    leading: float
    indent: float
    above: float


_LOOKS = {
    "part": Look(BOLD, 13, 17, 0, 20),
    "article": Look(BOLD, 13, 17, 0, 20),
    "heading": Look(BOLD, 11, 14, 36, 12),
    "clause": Look(ROMAN, 11, 14, 36, 7),
    "plain": Look(ROMAN, 11, 14, 0, 8),
    "signature": Look(ROMAN, 11, 17, 0, 22),
    "title": Look(BOLD, 24, 30, 0, 150),
    "centre": Look(ROMAN, 13, 19, 0, 34),
    "contents": Look(ROMAN, 11, 14.6, 0, 0),
}
_BELOW_HEADING = 60.0
_CELL = Look(ROMAN, 9.5, 12, 0, 3)


def width_of(text: str, font: str, points: float) -> float:
    return sum(_word_width(word, font) for word in text.split(" ")) * points + text.count(" ") * 0.25 * points


@cache
def _word_width(word: str, font: str) -> float:
    return float(stringWidth(word, font, 1))


class Layout:
    """Pages that fill up block by block. A clause is never split; a part starts a new page."""

    def __init__(self, most_pages: int) -> None:
        self.pages: list[Page] = [Page()]
        self._most_pages = most_pages
        self._y = TOP

    def add(self, blocks: Iterable[Block | Table]) -> bool:
        """Sets blocks until they or the pages end; True while there is room."""
        for block in blocks:
            if not self._table(block) if isinstance(block, Table) else not self._block(block):
                return False
        return True

    def new_page(self) -> bool:
        if len(self.pages) == self._most_pages:
            return False
        self.pages.append(Page())
        self._y = TOP
        return True

    def _block(self, block: Block) -> bool:
        look = _LOOKS[block.style]
        texts = wrapped(curly(block.text), look, RIGHT - LEFT - look.indent)
        page_is_fresh = self._y == TOP
        if block.style == "part" and not page_is_fresh and not self.new_page():
            return False
        spare = _BELOW_HEADING if block.style in ("heading", "article") else 0
        if not self._room(len(texts) * look.leading + look.above, spare):
            return False
        page = self.pages[-1]
        self._y -= look.above if self._y < TOP or block.style == "title" else 0
        if block.number:
            number = Line(LEFT, self._y - look.leading, look.font, look.points, block.number)
            page.lines.append(number)
        centred = block.style in ("title", "centre", "part", "article")
        for text, stretch in texts:
            self._y -= look.leading
            x = (LEFT + RIGHT - width_of(text, look.font, look.points)) / 2 if centred else LEFT + look.indent
            if text:
                page.lines.append(Line(x, self._y, look.font, look.points, text, 0 if centred else stretch))
        if block.style in ("part", "article"):
            page.parts.append(block.text)
        if block.clause:
            page.clauses.append(block.clause)
        return True

    def _table(self, table: Table) -> bool:
        """Rows one by one; the header row stands again at the top of every further page."""
        head, *rows = table.rows
        if not self._room(10 + _CELL.leading, _BELOW_HEADING):
            return False
        self._y -= 10
        self._row(table, head, BOLD)
        for row in rows:
            before = len(self.pages)
            if not self._room(_CELL.leading + _CELL.above, 0):
                return False
            if len(self.pages) > before:
                self._row(table, head, BOLD)
            self._row(table, row, ROMAN)
        return True

    def _row(self, table: Table, cells: tuple[str, ...], font: str) -> None:
        self._y -= _CELL.leading + _CELL.above
        page = self.pages[-1]
        for at, cell in enumerate(cells):
            x = LEFT + (RIGHT - LEFT) * sum(table.widths[:at])
            page.lines.append(Line(x, self._y, font, _CELL.points, curly(cell)))
        page.rules.append(self._y - 3.5)

    def _room(self, height: float, spare: float) -> bool:
        return self._y - height - spare >= BOTTOM or self.new_page()


def wrapped(text: str, look: Look, width: float) -> list[tuple[str, float]]:
    """The lines of a text, each with the stretch that justifies it.

    Shape:   the last line of a paragraph is not stretched; a newline ends a paragraph.
    """
    lines: list[tuple[str, float]] = []
    space = 0.25 * look.points
    for paragraph in text.split("\n"):
        words: list[str] = []
        used = 0.0
        for word in paragraph.split(" "):
            wide = _word_width(word, look.font) * look.points
            if words and used + space + wide > width:
                lines.append((" ".join(words), round((width - used) / max(1, len(words) - 1), 2)))
                words, used = [], 0.0
            used += wide + (space if words else 0)
            words.append(word)
        lines.append((" ".join(words), 0.0))
    return lines
