"""A reply as it streams in: which of its blocks are whole, and what is still being written. Pure.

A block is whole when nothing that follows can change how it looks. So the blocks that were handed on while a
text streamed in are those of the whole text. Code that runs as a cell is no block: the cell shows it.
"""

from __future__ import annotations

import re

CELL_CODE = {"repl", "python", "py", "python3", "ipython"}
"""The fences whose code runs as a cell."""

_FENCE = re.compile(r"\s*(?P<fence>`{3,}|~{3,})[ \t]*(?P<info>[\w+.-]*)[^`\n]*$")
_ITEM = re.compile(r" {0,3}(?:[-*+]|\d{1,9}[.)])(?:\s|$)")


def whole_blocks(text: str, start: int = 0, *, is_ended: bool = False) -> tuple[list[str], int]:
    """The blocks of a text from a place on that are whole, and the place behind them.

    Units:   start and the place are characters.
    Shape:   each block is Markdown without white space around it. is_ended: nothing follows the text, so that
             all of it is whole.
    """
    scan = _Scan(start)
    place = start
    while place < len(text):
        end = text.find("\n", place) + 1
        if not end and not is_ended:
            break
        end = end or len(text)
        scan.take(text, place, end)
        place = end
    if is_ended:
        scan.cut(text, len(text))
    return scan.blocks, scan.begin


def being_written(text: str, start: int) -> tuple[str, bool]:
    """What follows the whole blocks, without its fence, and whether it is code."""
    rest = text[start:].lstrip("\n")
    first, newline, code = rest.partition("\n")
    if newline and _FENCE.match(first):
        return code, True
    return rest, False


class _Scan:
    """The lines of a text, one after the other.

    Units:   begin is where the block that is under way begins, in characters.
    """

    def __init__(self, start: int) -> None:
        self.blocks: list[str] = []
        self.begin = start
        self._fence = ""
        self._is_cell = False
        self._is_list = False
        self._is_empty = True
        self._had_blank = False

    def take(self, text: str, begin: int, end: int) -> None:
        """The next line."""
        line = text[begin:end].rstrip("\n")
        if self._fence:
            self._in_fence(text, line, end)
        elif not line.strip():
            self._had_blank = True
        else:
            self._outside(text, line, begin)

    def cut(self, text: str, end: int) -> None:
        """What is under way ends here."""
        block = text[self.begin : end].strip("\n")
        if block.strip() and not self._is_cell:
            self.blocks.append(block)
        self.begin = end
        self._is_empty, self._is_list, self._is_cell, self._had_blank = True, False, False, False

    def _in_fence(self, text: str, line: str, end: int) -> None:
        mark = line.strip()
        if len(mark) >= len(self._fence) and set(mark) == {self._fence[0]}:
            self._fence = ""
            if not self._is_list:
                self.cut(text, end)

    def _outside(self, text: str, line: str, begin: int) -> None:
        opening = _FENCE.match(line)
        is_cell = opening is not None and opening["info"].lower() in CELL_CODE
        goes_on = self._is_list and (line.startswith((" ", "\t")) or bool(_ITEM.match(line)))
        is_next = self._had_blank and not goes_on and not line.startswith((" ", "\t"))
        if not self._is_empty and (is_next or is_cell or (opening is not None and not goes_on)):
            self.cut(text, begin)
        if self._is_empty:
            self._is_empty = False
            self._is_list = bool(_ITEM.match(line))
            self._is_cell = is_cell
        self._had_blank = False
        if opening is not None:
            self._fence = opening["fence"]
