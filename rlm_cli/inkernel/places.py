"""Where a person would look for a character: the cell of a sheet, a slide, a footnote, from the part map.

The same words as `rlm_cli/corpus/places.py` finds for citations; a test holds them equal.
"""

from __future__ import annotations

import re
from bisect import bisect_right

from rlm_cli.inkernel.store import Part, Store

_ADDRESS = re.compile(r"([A-Z]*)\d*")
_NUMBERED = ("footnote", "endnote", "table", "slide", "cell", "comment")
_NAMED = ("header", "footer")


def place_in(store: Store, index: int, character: int) -> str:
    """The place of a character in words; empty where the format has no such places."""
    parts = store.parts(index)
    at = bisect_right(parts, character, key=_start) - 1
    if at < 0:
        return ""
    part = parts[at]
    if part.kind in ("sheet", "row"):
        return _cell(store, index, character, parts, at)
    if part.kind == "notes":
        return f"slide {part.number}, notes"
    if part.kind == "deleted":
        return f"deleted passage {part.number}"
    if part.kind == "message":
        return f"part {part.number} ({part.label})" if part.label else f"part {part.number}"
    if part.kind == "section":
        return f'section "{part.label}"' if part.label else ""
    if part.kind in _NUMBERED:
        return f"{part.kind} {part.number}"
    return part.kind if part.kind in _NAMED else ""


def _cell(store: Store, index: int, character: int, parts: list[Part], at: int) -> str:
    sheet = next((part for part in reversed(parts[: at + 1]) if part.kind == "sheet"), None)
    named = f'sheet "{sheet.label}"' if sheet is not None else "sheet"
    part = parts[at]
    if part.kind != "row":
        return named
    before = store.slice(index, part.start, character)
    row = part.number + before.count("\n")
    column = before[before.rfind("\n") + 1 :].count("\t") + _column_number(part.label)
    return f"{named}, cell {_column_letters(column)}{row}"


def _column_number(address: str) -> int:
    number = 0
    for letter in (_ADDRESS.match(address) or [""])[0]:
        if "A" <= letter <= "Z":
            number = number * 26 + ord(letter) - ord("A") + 1
    return max(1, number)


def _column_letters(number: int) -> str:
    letters = ""
    while number > 0:
        number, digit = divmod(number - 1, 26)
        letters = chr(ord("A") + digit) + letters
    return letters


def _start(part: Part) -> int:
    return part.start
