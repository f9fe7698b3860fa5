"""Markdown as rows of a terminal, drawn by Rich, which is imported with the first block.

HTML in it is text, links show where they lead, and no block is drawn in a box.
"""

from __future__ import annotations

from copy import copy
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from rlm_cli.base.text import visible
from rlm_cli.faces.live.styling import Style

if TYPE_CHECKING:
    from rich.console import Console

WIDEST = 100


def markdown_rows(text: str, style: Style, width: int) -> list[str]:
    """A text of one or more blocks, as rows no wider than `width`, without empty ones at its ends.

    Shape:   at most one empty row between others.
    """
    from rich.color import ColorSystem

    console = _console(min(width, WIDEST))
    options = console.options.update(width=min(width, WIDEST))
    system = ColorSystem.STANDARD if style.has_colour else None
    rows: list[str] = []
    for line in console.render_lines(_document(visible(text)), options, pad=False):
        parts = [
            (style.simple(segment.text), segment.style)
            for segment in line
            if segment.text and not segment.control
        ]
        rows.append(
            _ended([(each, of.render(each, color_system=system) if of else each) for each, of in parts])
        )
    kept = [row for before, row in zip(["", *rows], rows, strict=False) if row or before]
    return kept[:-1] if kept and not kept[-1] else kept


def _ended(parts: list[tuple[str, str]]) -> str:
    """The painted parts of a row, without white space at its end."""
    while parts and not parts[-1][0].strip():
        parts.pop()
    if parts and parts[-1][0] != parts[-1][0].rstrip():
        plain, painted = parts[-1]
        parts[-1] = (plain, painted.replace(plain, plain.rstrip()))
    return "".join(painted for _, painted in parts)


@lru_cache(maxsize=4)
def _console(width: int) -> Console:
    import io

    from rich.console import Console

    return Console(
        file=io.StringIO(),
        width=width,
        force_terminal=True,
        color_system="standard",
        legacy_windows=False,
        markup=False,
        highlight=False,
        emoji=False,
        theme=_theme(),
        _environ={},
    )


def _theme() -> Any:
    from rich.theme import Theme

    return Theme(
        {
            "markdown.code": "cyan",
            "markdown.code_block": "cyan",
            "markdown.h1": "bold",
            "markdown.h2": "bold",
            "markdown.h3": "bold",
            "markdown.h4": "bold dim",
            "markdown.h1.border": "dim",
            "markdown.item.bullet": "none",
            "markdown.item.number": "none",
            "markdown.block_quote": "dim",
            "markdown.hr": "dim",
            "markdown.link": "none",
            "markdown.link_url": "underline",
            "markdown.table.border": "dim",
            "markdown.table.header": "bold",
        }
    )


def _document(text: str) -> Any:
    """Rich's Markdown with a parser of our own: the one of Rich leaves HTML out of what it shows."""
    document = copy(_empty_document())
    document.markup, document.parsed = text, _cleaned(_parser().parse(text))
    return document


def _cleaned(tokens: Any) -> Any:
    """Tokens without controls: the parser turns `&#x202e;`, and `%1b` in an address, into characters."""
    for token in tokens:
        token.content = visible(token.content)
        token.attrs = {name: visible(str(value)) for name, value in token.attrs.items()}
        _cleaned(token.children or ())
    return tokens


@lru_cache(maxsize=1)
def _parser() -> Any:
    from markdown_it import MarkdownIt

    return MarkdownIt("commonmark", {"html": False}).enable("strikethrough").enable("table")


@lru_cache(maxsize=1)
def _empty_document() -> Any:
    return _class()("", hyperlinks=False)


@lru_cache(maxsize=1)
def _class() -> Any:
    from rich.markdown import CodeBlock, Heading, Markdown
    from rich.padding import Padding
    from rich.text import Text

    class PlainHeading(Heading):
        def __rich_console__(self, console: Any, options: Any) -> Any:
            self.text.justify = "left"
            yield self.text

    class PlainCode(CodeBlock):
        def __rich_console__(self, console: Any, options: Any) -> Any:
            yield Padding(Text(str(self.text).rstrip(), style="cyan", overflow="fold"), (0, 0, 0, 2))

    class Document(Markdown):
        pass

    own = {"heading_open": PlainHeading, "fence": PlainCode, "code_block": PlainCode}
    Document.elements = {**Markdown.elements, **own}
    return Document
