"""Writes documents as PDF with the standard fonts, the same bytes for the same blocks.

Owns pages, running lines and the table of contents. Must never know what the text says.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator

from reportlab import rl_config
from reportlab.pdfgen.canvas import Canvas

from .blocks import Block, Document, Table, curly
from .layout import HEIGHT, LEFT, RIGHT, ROMAN, WIDTH, Layout, Line, Page, width_of

PageOf = dict[str, int]
_CONTENTS_LINES = 40


def short_pdf(document: Document) -> tuple[bytes, PageOf]:
    """A document that takes as many pages as it needs, title first."""
    layout = Layout(most_pages=10_000)
    layout.add((Block("part", document.title), *document.blocks))
    return _written(document.title, document.header, layout.pages), _page_of(layout.pages)


def long_pdf(
    title: str, header: str, front: Iterable[Block], blocks: Iterable[Block | Table], pages: int
) -> tuple[bytes, PageOf]:
    """A document of exactly `pages` pages: front, table of contents, and blocks until it is full.

    Errors:  AssertionError if the blocks end before the pages do.
    """
    cover = Layout(most_pages=1)
    cover.add(front)
    body = Layout(most_pages=pages)
    body.add(blocks)
    assert len(body.pages) == pages, f"the blocks end on page {len(body.pages)}"
    found = [(part, at) for at, page in enumerate(body.pages, 1) for part in page.parts]
    room = -(-len(found) // _CONTENTS_LINES)
    contents = Layout(most_pages=room)
    contents.add(_contents([(part, at + 1 + room) for part, at in found]))
    every = [*cover.pages, *contents.pages, *body.pages][:pages]
    return _written(title, header, every), _page_of(every)


def _contents(parts: list[tuple[str, int]]) -> Iterator[Block]:
    yield Block("article", "Table of Contents")
    full = RIGHT - LEFT
    for part, page in parts:
        dots = int((full - width_of(f"{part}  {page}", ROMAN, 11)) / (0.25 * 11)) - 1
        yield Block("contents", f"{part} {'.' * dots} {page}")


def _page_of(pages: list[Page]) -> PageOf:
    return {clause: at for at, page in enumerate(pages, 1) for clause in page.clauses}


def _written(title: str, header: str, pages: list[Page]) -> bytes:
    rl_config.useA85 = 0
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=(WIDTH, HEIGHT), pageCompression=1, invariant=1)
    canvas.setTitle(title)
    canvas.setAuthor("")
    canvas.setCreator("")
    for number, page in enumerate(pages, 1):
        _draw(canvas, page)
        if number > 1 or len(pages) < 100:
            _running_lines(canvas, header, number, len(pages))
        for part in page.parts:
            canvas.bookmarkPage(str(number))
            canvas.addOutlineEntry(part, str(number))
        canvas.showPage()
    canvas.save()
    return out.getvalue()


def _draw(canvas: Canvas, page: Page) -> None:
    text = canvas.beginText()
    font: tuple[str, float] = ("", 0)
    stretch = 0.0
    for line in page.lines:
        if (line.font, line.points) != font:
            font = (line.font, line.points)
            text.setFont(*font)
        if line.stretch != stretch:
            stretch = line.stretch
            text.setWordSpace(stretch)
        text.setTextOrigin(round(line.x, 1), round(line.y, 1))
        text.textOut(line.text)
    canvas.drawText(text)
    canvas.setLineWidth(0.3)
    for y in page.rules:
        canvas.line(LEFT, round(y, 1), RIGHT, round(y, 1))


def _running_lines(canvas: Canvas, header: str, number: int, count: int) -> None:
    foot = f"Page {number} of {count}"
    lines = (
        Line(LEFT, 742, ROMAN, 9, curly(header)),
        Line(RIGHT - width_of("Execution Version", ROMAN, 9), 742, ROMAN, 9, "Execution Version"),
        Line(LEFT, 44, ROMAN, 9, "Confidential"),
        Line(RIGHT - width_of(foot, ROMAN, 9), 44, ROMAN, 9, foot),
    )
    _draw(canvas, Page(lines=list(lines), rules=[736, 56]))
