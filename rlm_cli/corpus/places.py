"""Where a person would look for a character of a text: the cell of a sheet, a slide, a footnote.

Reads the part map of a stored text. Pages and lines are not told here: a citation has fields for them.
"""

from __future__ import annotations

import re
from bisect import bisect_right

from rlm_cli.corpus.layout import Part, Record
from rlm_cli.corpus.mapped import Texts

_ADDRESS = re.compile(r"([A-Z]*)\d*")
_NUMBERED = ("footnote", "endnote", "table", "slide", "cell", "comment")
_NAMED = ("header", "footer")


def place_in(texts: Texts, record: Record, character: int) -> str:
    """The place of a character in words; empty where the format has no such places."""
    parts = texts.parts_of(record)
    at = bisect_right(parts, character, key=_start) - 1
    if at < 0:
        return ""
    part = parts[at]
    if part.kind in ("sheet", "row"):
        return _cell(texts, record, character, parts, at)
    if part.kind == "notes":
        return f"slide {part.number}, notes"
    if part.kind == "cell":
        return f"cell {part.number}"
    if part.kind == "deleted":
        return f"deleted passage {part.number}"
    if part.kind == "message":
        return f"part {part.number} ({part.label})" if part.label else f"part {part.number}"
    if part.kind == "section":
        return f'section "{part.label}"' if part.label else ""
    if part.kind in _NUMBERED:
        return f"{part.kind} {part.number}"
    return part.kind if part.kind in _NAMED else ""


def _cell(texts: Texts, record: Record, character: int, parts: tuple[Part, ...], at: int) -> str:
    sheet = next((part for part in reversed(parts[: at + 1]) if part.kind == "sheet"), None)
    named = f'sheet "{sheet.label}"' if sheet is not None else "sheet"
    part = parts[at]
    if part.kind != "row":
        return named
    before = texts.slice(record, part.start, character)
    row = part.number + before.count("\n")
    column = before[before.rfind("\n") + 1 :].count("\t") + column_number(part.label)
    return f"{named}, cell {column_letters(column)}{row}"


def column_number(address: str) -> int:
    """The number, from 1, of the column of an address such as `AB12`."""
    number = 0
    for letter in (_ADDRESS.match(address) or [""])[0]:
        if "A" <= letter <= "Z":
            number = number * 26 + ord(letter) - ord("A") + 1
    return max(1, number)


def column_letters(number: int) -> str:
    """The letters of a column counted from 1: `A`, `Z`, `AA`."""
    letters = ""
    while number > 0:
        number, digit = divmod(number - 1, 26)
        letters = chr(ord("A") + digit) + letters
    return letters


def _start(part: Part) -> int:
    return part.start
