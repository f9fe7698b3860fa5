"""Lines for people, as rows of a terminal: elapsed time first, wrapped or cut to the width. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from rlm_cli.base.text import cells, cut_to, elapsed, visible
from rlm_cli.views.line import Line

_TAB = 4
_NARROWEST = 20
_HANGING = 2


def laid_out(line: Line, columns: int | None) -> list[tuple[str, str]]:
    """The rows of a line, each as its lead (time and indent) and its text.

    Units:   columns is the width to keep to; None keeps a line whole.
    """
    time = f"{elapsed(line.t):<5} " if line.t is not None else " " * 6
    lead = time + " " * line.indent
    text = visible(line.text).replace("\n", " ").expandtabs(_TAB)
    room = columns - len(lead) if columns is not None else None
    if room is None or cells(text) <= room:
        return [(lead, text)]
    if line.tone in ("code", "output") or room < _NARROWEST:
        return [(lead, cut_to(text, max(1, room)))]
    first, *rest = _wrapped(text, room, room - _HANGING)
    return [(lead, first), *((" " * (len(lead) + _HANGING), row) for row in rest)]


def wrapped(text: str, width: int) -> list[str]:
    """A text as rows of at most so many cells, broken between words where that is possible."""
    return list(_wrapped(text, width, width))


def _wrapped(text: str, first: int, others: int) -> Iterator[str]:
    row, width = "", first
    for word in text.split(" "):
        joined = f"{row} {word}" if row else word
        if cells(joined) <= width:
            row = joined
            continue
        if row:
            yield row
            width = others
        row = word
        while cells(row) > width:
            piece = _fitting(row, width)
            yield piece
            row, width = row[len(piece) :], others
    if row:
        yield row


def _fitting(word: str, width: int) -> str:
    """The beginning of a word that fits; at least one character."""
    end = min(len(word), width)
    while end > 1 and cells(word[:end]) > width:
        end -= 1
    return word[:end]
