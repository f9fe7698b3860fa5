"""Python code in colours, line by line. Pygments is imported with the first line of code."""

from __future__ import annotations

from collections.abc import Iterable

from rlm_cli.base.text import cells
from rlm_cli.faces.live.styling import Style

_COLOURS = (
    ("Token.Comment", "2"),
    ("Token.Keyword.Constant", "34"),
    ("Token.Keyword", "35"),
    ("Token.Literal.String.Interpol", "33"),
    ("Token.Literal.String", "32"),
    ("Token.Literal.Number", "34"),
    ("Token.Operator.Word", "35"),
    ("Token.Name.Builtin", "36"),
    ("Token.Name.Function", "36"),
    ("Token.Name.Class", "36"),
    ("Token.Name.Decorator", "33"),
)
_known: dict[object, str] = {}


def highlighted(lines: list[str], style: Style, width: int) -> list[str]:
    """The lines in colours, each cut to a width in cells.

    Shape:   as many as were given; they are visible already, and have no tabs.
    """
    if not style.has_colour:
        return [style.simple(_cut(line, width)) for line in lines]
    rows: list[list[tuple[str, str]]] = [[]]
    for colour, text in _tokens("\n".join(lines)):
        first, *others = text.split("\n")
        rows[-1].append((first, colour))
        rows += [[(other, colour)] for other in others]
    return [_painted(row, style, width) for row in rows[: len(lines)]]


def _painted(row: list[tuple[str, str]], style: Style, width: int) -> str:
    parts, left = [], width
    is_cut = sum(cells(text) for text, _ in row) > width
    left -= is_cut
    for text, colour in row:
        piece = _fitting(text, left)
        left -= cells(piece)
        if piece:
            parts.append(style.coloured(style.simple(piece), colour))
        if piece != text:
            break
    return "".join(parts) + (style.simple("…") if is_cut else "")


def _cut(line: str, width: int) -> str:
    return line if cells(line) <= width else _fitting(line, width - 1) + "…"


def _fitting(text: str, width: int) -> str:
    if cells(text) <= width:
        return text
    end = min(len(text), max(0, width))
    while end and cells(text[:end]) > width:
        end -= 1
    return text[:end]


def _tokens(code: str) -> Iterable[tuple[str, str]]:
    from pygments.lexers.python import PythonLexer

    for token, text in PythonLexer(stripnl=False, ensurenl=False).get_tokens(code):
        colour = _known.get(token)
        if colour is None:
            name = str(token)
            colour = next((code for prefix, code in _COLOURS if name.startswith(prefix)), "")
            _known[token] = colour
        yield colour, text
