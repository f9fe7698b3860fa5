"""Folding: the form in which a quotation and its source are compared, with the way back to the source.

Two texts fold to the same string when a reader would say that they are the same words: white space and line
ends (none beside a script without spaces), line-end hyphens, soft hyphens, ligatures, width, composed and
decomposed letters, curly and straight quotation marks, kinds of dash. Letters, digits and case are never
changed: superscripts, fractions and circled digits stay what they are, since folding them would make another
number.

Source:  Unicode NFKC (UAX 15), character by character, without the compatibility tags in `_KEPT`.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from heapq import merge

from rlm_cli.corpus.variants import variants

BREAK = "\x01"
"""A hyphen at a line end: it may belong to the word, or only to the line."""

_KEPT = ("<super>", "<sub>", "<fraction>", "<circle>", "<square>")
_ALIKE = {
    "'": "‘’‚‛ʼ′",
    '"': "“”„‟″",
    "-": "‐‑‒–—―−",
    " ": "\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000",
    "\n": "\u0085\u2028\u2029",
}
_ODD = re.compile(
    r"\n\s*|-[ \t]*\n\s*| \s+|\t\s*|\r\s*|\x0b\s*|\x0c\s*|\x1c\s*|\x1d\s*|\x1e\s*|\x1f\s*"
    r"|\xad[ \t]*\n\s*|\xad|\u200b|\u200c|\u200d|\u2060|\ufeff"
)
"""Every alternative begins with a literal, so that the search skips ordinary text quickly."""
_SCRIPTS = (
    r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3001-\u30ff\u3400-\u9fff\uf900-\ufaff"
    r"\uff01-\uff0f\uff1a-\uff20\uff3b-\uff40\uff5b-\uff9f\U00020000-\U0003ffff]"
)
UNSPACED = re.compile(_SCRIPTS)
"""Scripts that put no space between words, and their marks: a line ends there anywhere, within a word too."""
_LONE_SPACE = re.compile(rf" (?<!\s\s)(?!\s)(?:(?={_SCRIPTS})|(?<={_SCRIPTS} ))")


@dataclass(slots=True)
class Folded:
    """A folded text. `source` leads from a position in it to a position in the text it was made of."""

    text: str
    has_breaks: bool = False
    _folded_at: list[int] = field(default_factory=lambda: [0])
    _source_at: list[int] = field(default_factory=lambda: [0])
    _left_out: dict[int, int] = field(default_factory=dict)

    def source(self, position: int) -> int:
        """The source's character that the folded character at `position` came from."""
        step = bisect_right(self._folded_at, position) - 1
        found = self._source_at[step] + position - self._folded_at[step]
        if step + 1 < len(self._source_at):
            return min(found, max(self._source_at[step], self._source_at[step + 1] - 1))
        return found

    def is_changed(self, position: int) -> bool:
        """Whether the folded character stands for others: a tab, a line end, several spaces."""
        step = bisect_left(self._folded_at, position)
        return self._folded_at[step : step + 2] == [position, position + 1]

    def source_end(self, position: int) -> int:
        """The source's character just behind the folded characters before `position`."""
        if position in self._left_out:
            return self._left_out[position]
        step = bisect_left(self._folded_at, position)
        if step < len(self._folded_at) and self._folded_at[step] == position:
            return self._source_at[step]
        return self.source(position - 1) + 1


def fold(text: str) -> Folded:
    """The folded form of a text, with the way back."""
    marked = _alike(text)
    folded = Folded("")
    pieces: list[str] = []
    length, done = 0, 0
    changes = _spaces(marked) if text.isascii() else merge(_spaces(marked), _gaps(marked), _letters(marked))
    for start, end, piece in changes:
        pieces.append(marked[done:start])
        length += start - done
        _step(folded, length, start)
        if not piece:
            folded._left_out.setdefault(length, start)
        pieces.append(piece)
        length += len(piece)
        _step(folded, length, end)
        done = end
        folded.has_breaks = folded.has_breaks or piece == BREAK
    pieces.append(marked[done:])
    folded.text = "".join(pieces)
    return folded


Change = tuple[int, int, str]
"""The characters from start to end become a piece."""


def _alike(text: str) -> str:
    """The text with marks that look alike made one, character for character."""
    if not text.isascii():
        for one, others in _ALIKE.items():
            for other in others:
                text = text.replace(other, one)
    return text


def _spaces(text: str) -> Iterator[Change]:
    """White space, hyphens at line ends, and characters that are not seen."""
    last = len(text)
    for match in _ODD.finditer(text):
        start, end = match.span()
        first = text[start]
        if first in "-\xad" and end - start > 1:
            if start and end < last and text[start - 1].isalpha() and text[end].isalpha():
                yield start, end, BREAK
            elif first == "-":
                yield start + 1, end, " "
            else:
                yield start, end, " "
        elif not first.isspace() or UNSPACED.match(text, end) or (start and UNSPACED.match(text, start - 1)):
            yield start, end, ""
        else:
            yield start, end, " "


def _gaps(text: str) -> Iterator[Change]:
    """Single spaces beside a script that has none between its words."""
    if UNSPACED.search(text):
        for match in _LONE_SPACE.finditer(text):
            yield match.start(), match.end(), ""


def _letters(text: str) -> Iterator[Change]:
    """Characters outside of ASCII that have another form in NFKC, with the marks that belong to them."""
    for start, end in variants(text):
        plain = _normal(text[start:end])
        if plain != text[start:end]:
            yield start, end, plain


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
