"""What a text must hold, at the least, to hold a quotation: a quick test on bytes, right when it says no.

Folding (folding.py) is exact and slow. Here a quotation and a text are stripped to their letters and digits,
in which no line end, hyphen, mark or kind of space is left to differ, and compared as bytes.
"""

from __future__ import annotations

import re
import unicodedata

from rlm_cli.corpus.variants import letter_variants

_ENOUGH = 8
_LONGEST = 64
_ASCII_LETTERS = frozenset(b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")
_ALL_BUT_THEM = bytes(sorted(frozenset(range(256)) - _ASCII_LETTERS))
_ASCII_BUT_THEM = bytes(sorted(frozenset(range(128)) - _ASCII_LETTERS))
_SPACES_AND_UNSEEN = re.compile("[\\s\xad\u180e\u200b-\u200d\u2060\ufeff]+")


class Probe:
    """The longest piece of a quotation's letters and digits that any source of it has in one piece.

    Shape:   of the letters of ASCII alone where there are enough; else a run of letters of any script. A
             piece of no length stands in every text.
    """

    def __init__(self, words: str) -> None:
        plain = _normal(words)
        latin = plain.encode().translate(None, _ALL_BUT_THEM)
        run = max(re.findall(r"[^\W_]+", plain), key=len, default="").encode()
        self._is_latin = len(latin) >= min(len(run), _ENOUGH)
        self._needle = latin[:_LONGEST] if self._is_latin else run
        self._is_ascii = words.isascii()

    def may_stand_in(self, raw: bytes) -> bool:
        """Whether the quotation may stand in some bytes of a text, which may be cut at their ends."""
        if raw.isascii():
            return self._is_ascii and self._needle in raw.translate(None, _ALL_BUT_THEM)
        text = _normal(raw.decode("utf-8", "ignore"))
        if self._is_latin:
            return self._needle in text.encode().translate(None, _ALL_BUT_THEM)
        return self._needle in _SPACES_AND_UNSEEN.sub("", text).encode().translate(None, _ASCII_BUT_THEM)


def _normal(text: str) -> str:
    """The text with its letters and digits in NFKC, those that folding keeps apart too."""
    pieces: list[str] = []
    done = 0
    for start, end in letter_variants(text):
        pieces += [text[done:start], unicodedata.normalize("NFKC", text[start:end])]
        done = end
    return "".join([*pieces, text[done:]]) if pieces else text
