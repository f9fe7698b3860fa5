"""Folding: the form in which a quotation and its source are compared, with the way back to the source.

Two texts fold to the same string when a reader would say that they are the same words: white space and line
ends, line-end hyphens, soft hyphens, ligatures, width, composed and decomposed letters, curly and straight
quotation marks, kinds of dash. Letters, digits and case are never changed: superscripts, fractions and
circled digits stay what they are, since folding them would make another number.

Source:  Unicode NFKC (UAX 15), character by character, without the compatibility tags in `_KEPT`.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from dataclasses import dataclass, field

BREAK = "\x01"
"""A hyphen at a line end: it may belong to the word, or only to the line."""

_KEPT = ("<super>", "<sub>", "<fraction>", "<circle>", "<square>")
_MARKS = str.maketrans(
    {
        **dict.fromkeys("‘’‚‛ʼ′", "'"),
        **dict.fromkeys("“”„‟″", '"'),
        **dict.fromkeys("‐‑‒–—―−", "-"),
    }
)
_ODD = re.compile(
    r"(?P<break>(?<=[^\W\d_])[-\u00ad][^\S\n]*\n\s*(?=[^\W\d_]))"
    r"|(?P<space>\s{2,}|[^\S ])"
    r"|(?P<nothing>[\u00ad\u200b-\u200d\u2060\ufeff]+)"
    r"|(?P<wide>[!-~]?[^\x00-\x7f]+)"
)


@dataclass(slots=True)
class Folded:
    """A folded text. `source` leads from a position in it to a position in the text it was made of."""

    text: str
    has_breaks: bool = False
    _folded_at: list[int] = field(default_factory=lambda: [0])
    _source_at: list[int] = field(default_factory=lambda: [0])

    def source(self, position: int) -> int:
        """The source's character that the folded character at `position` came from."""
        step = bisect_right(self._folded_at, position) - 1
        return self._source_at[step] + position - self._folded_at[step]


def fold(text: str) -> Folded:
    """The folded form of a text, with the way back."""
    folded = Folded("")
    marked = text if text.isascii() else text.translate(_MARKS)
    pieces: list[str] = []
    length, done = 0, 0

    def put(piece: str, start: int, end: int) -> None:
        """The piece stands for source[start:end]; text before it is taken over as it is."""
        nonlocal length, done
        pieces.append(marked[done:start])
        length += start - done
        _step(folded, length, start)
        pieces.append(piece)
        length += len(piece)
        _step(folded, length, end)
        done = end

    for match in _ODD.finditer(marked):
        start, end = match.span()
        kind = match.lastgroup
        if kind == "break":
            folded.has_breaks = True
            put(BREAK, start, end)
        elif kind == "space":
            put(" ", start, end)
        elif kind == "nothing":
            put("", start, end)
        elif not unicodedata.is_normalized("NFKC", match.group()):
            for at, cluster in _clusters(match.group()):
                plain = _normal(cluster)
                if plain != cluster:
                    put(plain, start + at, start + at + len(cluster))
    pieces.append(marked[done:])
    folded.text = "".join(pieces)
    return folded


def fold_quote(quote: str) -> str:
    """The folded form of a quotation, without the white space around it."""
    return fold(quote).text.strip()


def _step(folded: Folded, at: int, source: int) -> None:
    if folded._folded_at[-1] == at:
        folded._source_at[-1] = source
    else:
        folded._folded_at.append(at)
        folded._source_at.append(source)


def _normal(cluster: str) -> str:
    """The NFKC form of a character with its marks; characters that would become another number stay."""
    if unicodedata.decomposition(cluster[0]).startswith(_KEPT):
        return cluster
    plain = unicodedata.normalize("NFKC", cluster)
    return re.sub(r"\s+", " ", plain)


def _clusters(run: str) -> list[tuple[int, str]]:
    """The characters of a run, each with the combining marks and Hangul vowels that follow it."""
    found: list[tuple[int, str]] = []
    start = 0
    for at in range(1, len(run) + 1):
        if at == len(run) or not (unicodedata.combining(run[at]) or "\u1160" <= run[at] <= "\u11ff"):
            found.append((start, run[start:at]))
            start = at
    return found
