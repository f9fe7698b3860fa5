"""Characters that have another form in NFKC, and the marks that join the letter before them.

The classes are made of Unicode's own tables when they are first asked for, which takes some 30 ms.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from functools import cache
from itertools import chain

_BLOCKS = ((0x80, 0x3400), (0xA000, 0xAC00), (0xD7B0, 0xD800), (0xF900, 0xFFF0))
"""Outside of them, up to U+FFFF, no character changes in NFKC, and none is a combining mark."""
_BEYOND = "\\U00010000-\\U0010ffff"
"""Past U+FFFF every character may change: a class that names some of them is searched thirty times slower."""
_JOINED = re.compile("[\u1160-\u11ff\uff9e\uff9f]")
"""Vowels and voicing marks that belong to the letter before them, though they are no combining marks."""
_NO_BASE = re.compile("[\\s\xad\u200b-\u200d\u2060\ufeff]")


def variants(text: str) -> Iterator[tuple[int, int]]:
    """Where characters stand that NFKC may change, each with the marks that belong to it."""
    return _clusters(_changing(), text)


def letter_variants(text: str) -> Iterator[tuple[int, int]]:
    """The same for letters and digits alone."""
    return _clusters(_changing_letters(), text)


def _clusters(pattern: re.Pattern[str], text: str) -> Iterator[tuple[int, int]]:
    end = 0
    for match in pattern.finditer(text):
        start = match.start()
        if start > end and _is_mark(text[start]) and not _NO_BASE.match(text[start - 1]):
            start -= 1
        end = match.end()
        yield start, end


@cache
def _changing() -> re.Pattern[str]:
    return _pattern(each for each in _candidates() if unicodedata.normalize("NFKC", each) != each)


@cache
def _changing_letters() -> re.Pattern[str]:
    forms = ((each, unicodedata.normalize("NFKC", each)) for each in _candidates())
    return _pattern(one for one, other in forms if other != one and any(map(str.isalnum, one + other)))


def _pattern(characters: Iterable[str]) -> re.Pattern[str]:
    """A match begins with one class, by which the search skips ordinary text."""
    marks = _class(filter(_is_mark, _candidates()))
    return re.compile(f"[{_class(characters)}{marks}{_BEYOND}][{marks}]*")


def _is_mark(character: str) -> bool:
    return bool(unicodedata.combining(character) or _JOINED.match(character))


def _candidates() -> Iterable[str]:
    return map(chr, chain.from_iterable(range(low, high) for low, high in _BLOCKS))


def _class(characters: Iterable[str]) -> str:
    """The inside of a character class: runs of neighbours as ranges."""
    runs: list[list[int]] = []
    for code in map(ord, characters):
        if runs and runs[-1][1] == code - 1:
            runs[-1][1] = code
        else:
            runs.append([code, code])
    return "".join(f"\\u{low:04x}-\\u{high:04x}" for low, high in runs)
