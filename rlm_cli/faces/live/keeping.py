"""The lines that stay, as rows of a terminal: time first, code in colours, Markdown drawn once."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby

from rlm_cli.base.text import visible
from rlm_cli.faces.layout import laid_out
from rlm_cli.faces.live.code import highlighted
from rlm_cli.faces.live.markdown import markdown_rows
from rlm_cli.faces.live.styling import Style
from rlm_cli.faces.themes import TONES
from rlm_cli.views.line import Line

_LEAD = " " * 6
_TAB = 4
_NARROWEST = 16


def kept_rows(lines: Iterable[Line], style: Style, columns: int) -> list[str]:
    """The rows of some lines, each narrower than the terminal, so that none of them wraps.

    Units:   columns of the terminal.
    Shape:   a turn and a block of Markdown have an empty row before them.
    """
    rows: list[str] = []
    for tone, group in groupby(lines, key=lambda line: line.tone):
        if tone == "code":
            rows += _code_rows(list(group), style, columns)
            continue
        for line in group:
            if tone == "markdown":
                rows += ["", *_markdown_rows(line, style, columns)]
            else:
                rows += [""] if tone == "title" and line.t is not None and not line.indent else []
                rows += _plain_rows(line, style, columns)
    return rows


def _plain_rows(line: Line, style: Style, columns: int) -> list[str]:
    if line.t is None and line.indent >= 4:
        line = Line(line.text, line.tone, line.t, max(0, line.indent - 4))
    found = []
    for lead, text in laid_out(line, columns - 1):
        painted = style.coloured(style.simple(text), TONES.get(line.tone, ""))
        found.append((style.coloured(lead, "2") if lead.strip() else lead) + painted if text else "")
    return found


def _code_rows(lines: list[Line], style: Style, columns: int) -> list[str]:
    lead = _LEAD + " " * max(0, min(line.indent for line in lines) - 4)
    code = [visible(line.text).replace("\n", " ").expandtabs(_TAB) for line in lines]
    return [(lead + row).rstrip() for row in highlighted(code, style, max(1, columns - 1 - len(lead)))]


def _markdown_rows(line: Line, style: Style, columns: int) -> list[str]:
    room = columns - 1 - len(_LEAD)
    lead = _LEAD if room >= _NARROWEST else ""
    return [
        lead + row if row else "" for row in markdown_rows(line.text, style, max(1, columns - 1 - len(lead)))
    ]
