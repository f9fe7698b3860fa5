"""The words of a query as terms: stems, and pairs of characters in scripts that do not part words.

A light stemmer of English endings; words of other languages are taken whole, in either case.
"""

from __future__ import annotations

import re

UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af"
RUN = re.compile(f"[{UNSPACED}]+")
_MARKS = (
    "\u0300-\u036f\u0483-\u0487\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0610-\u061a\u064b-\u065f\u0670"
    "\u06d6-\u06dc\u06df-\u06e4\u06e7\u06e8\u06ea-\u06ed\u0711\u0730-\u074a\u0900-\u0963\u0966-\u0df3\u1dc0-\u1dff"
    "\u200c\u200d"
)
"""Signs that belong to the letter before them: accents, and vowels of scripts in which they are signs."""
_LETTER = rf"[^\W_{UNSPACED}]"
WORD = re.compile(rf"{_LETTER}+(?:[{_MARKS}]+{_LETTER}*)*")
_LITTLE = """a an and are as at be by can do does for from had has have how if in into is it its may no not of
on or our shall should so that the their there these this to under was we were what when where which who will
with would you your any all find show list tell give me about between"""
LITTLE_WORDS = frozenset(_LITTLE.split())
_ENDINGS = (
    ("ifications", "ifi"),
    ("ification", "ifi"),
    ("ations", "at"),
    ("ation", "at"),
    ("ities", "iti"),
    ("ies", "i"),
    ("ied", "i"),
    ("ying", "i"),
    ("ings", ""),
    ("ing", ""),
    ("ed", ""),
    ("sses", "ss"),
    ("es", ""),
    ("ss", "ss"),
    ("us", "us"),
    ("is", "is"),
    ("s", ""),
    ("y", "i"),
    ("e", ""),
)


def stem(word: str) -> str:
    """A word without its English ending, so that `indemnifies` and `indemnification` are one."""
    if len(word) < 4 or not word.isascii():
        return word
    for ending, instead in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word[: len(word) - len(ending)] + instead
    return word


def terms_of(text: str) -> list[str]:
    """The terms of a query: stems, pairs of characters where there are no spaces; without little words."""
    lowered = text.lower()
    words = WORD.findall(lowered)
    kept = [word for word in words if word not in LITTLE_WORDS] or words
    pairs = [run[i : i + 2] for run in RUN.findall(lowered) for i in range(max(1, len(run) - 1))]
    return list(dict.fromkeys([*map(stem, kept), *pairs]))


def forms(term: str) -> list[str]:
    """The words that have a term as their stem; the term itself where it is no English stem."""
    if not term.isascii() or len(term) < 3:
        return [term]
    made = {
        term[: len(term) - len(instead)] + ending for ending, instead in _ENDINGS if term.endswith(instead)
    }
    return sorted(word for word in made | {term} if stem(word) == term) or [term]
