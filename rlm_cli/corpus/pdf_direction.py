"""The order of letters that are written from right to left, on pages where pdfium does not know it.

Some programs draw Arabic and Hebrew letter by letter from left to right, some draw a ligature whose letters
pdfium turns round. Where the letters stand on the page tells which of them comes first. Runs in a worker.
"""

from __future__ import annotations

import itertools
import re
from typing import Any

import pypdfium2.raw as pdfium

_RIGHT = "\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc"
_WORD = re.compile(f"[{_RIGHT}]+")
_ALEFS = "\u0622\u0623\u0625\u0627"
_LAM = "\u0644"


def in_reading_order(text: str, text_page: Any) -> str:
    """The text of a page with words from right to left in their order; as it is when there are none."""
    if not _WORD.search(text) or not _is_aligned(text, text_page):
        return text
    letters = list(text)
    for match in _WORD.finditer(text):
        _turn(letters, match.start(), match.end(), text_page)
    return "".join(letters)


def _is_aligned(text: str, text_page: Any) -> bool:
    """Whether the characters of the text are those that pdfium counts, so that their places can be asked."""
    return len(text) == text_page.count_chars() and all(
        pdfium.FPDFText_GetUnicode(text_page, match.start()) == ord(text[match.start()])
        for match in _WORD.finditer(text)
    )


def _turn(letters: list[str], start: int, end: int, text_page: Any) -> None:
    """Turn a word round whose letters go from left to right, and ligatures of lam and alef."""
    lefts = [text_page.get_charbox(at)[0] for at in range(start, end)]
    steps = [here - before for before, here in itertools.pairwise(lefts)]
    is_rising = sum(1 for step in steps if step > 0) > sum(1 for step in steps if step < 0)
    is_number = all(letter in "\u066b\u066c" or letter.isdigit() for letter in letters[start:end])
    if is_rising and not is_number:
        letters[start:end] = letters[start:end][::-1]
        lefts.reverse()
    for at in range(start, end - 1):
        is_ligature = lefts[at - start] == lefts[at + 1 - start]
        if is_ligature and letters[at] in _ALEFS and letters[at + 1] == _LAM:
            letters[at], letters[at + 1] = _LAM, letters[at]
