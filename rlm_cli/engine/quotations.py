"""Where a text quotes: between quotation marks of any kind, the outermost ones, and in block quotes.

Pure. Knows the marks of citations, which are no part of what is quoted.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

MARK = re.compile(r"\[\[cite:(\d+)\]\]")
_ITEM = r"[ \t]*(?:[-*+]|\d+[.)])?[ \t]*"
_BLOCK_QUOTE = re.compile(rf"(?:^{_ITEM}>.*(?:\n|\Z))(?:^[ \t]*>.*(?:\n|\Z))*", re.MULTILINE)
_PREFIX = re.compile(rf"^{_ITEM}> ?", re.MULTILINE)
_SOURCE_LINE = re.compile(r"\n\s*(?:[\u2014\u2013]|--?\s|\().*\Z")
_MARK_BEHIND = re.compile(r"\s?\[\[cite:\d+\]\]")
_GAP = re.compile(r"\n[ \t]*\n")
_CJK = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff]")
_PAIRS = {"\u201c": "\u201d", "\u201e": "\u201c\u201d", "\u00ab": "\u00bb", "\u300c": "\u300d", '"': '"'}
_QUOTES = re.compile('["\u201c\u201d\u201e\u00ab\u00bb\u300c\u300d]')
_FEWEST_WORDS = 4


@dataclass(frozen=True)
class Quotation:
    """A place where a text quotes.

    Units:   start and end are characters of the text, quotation marks included.
    Shape:   words is what is quoted, without marks of citations; is_short says that it is too few words to
             be looked for everywhere.
    """

    start: int
    end: int
    words: str
    is_short: bool = False


def quotations(content: str) -> list[Quotation]:
    """Every quotation of a text, in its order; of a few words only where a citation's mark follows.

    An ellipsis splits nothing: a quotation with a gap is not word for word.
    """
    found = [*_block_quotes(content), *_between_marks(content)]
    taken: list[Quotation] = []
    for each in sorted(found, key=lambda each: (each.start, -each.end)):
        is_inside = bool(taken) and each.start < taken[-1].end
        if each.words and not is_inside and (not each.is_short or _MARK_BEHIND.match(content, each.end)):
            taken.append(each)
    return taken


def _block_quotes(content: str) -> Iterator[Quotation]:
    for match in _BLOCK_QUOTE.finditer(content):
        inner = _SOURCE_LINE.sub("", _PREFIX.sub("", match[0]).strip())
        if inner[:1] not in _PAIRS:  # one that begins with a quotation mark is found by its marks
            yield _quotation(match.start(), match.start() + len(match[0].rstrip()), inner)


def _between_marks(content: str) -> Iterator[Quotation]:
    """Outermost pairs; one that is not closed before a blank line quotes nothing, but what is in it may."""
    border = 0
    for gap in [*_GAP.finditer(content), None]:
        end = gap.start() if gap else len(content)
        yield from _of_paragraph(content, border, end)
        border = end


def _of_paragraph(content: str, start: int, end: int) -> list[Quotation]:
    open_at: list[int] = []
    done: list[tuple[int, int]] = []
    for match in _QUOTES.finditer(content, start, end):
        at = match.start()
        if open_at and _closes(content, open_at[-1], at):
            done.append((open_at.pop(), at + 1))
        elif _opens(content, at):
            open_at.append(at)
    outermost: list[tuple[int, int]] = []
    for first, last in sorted(done, key=lambda each: (each[0], -each[1])):
        if not outermost or first >= outermost[-1][1]:
            outermost.append((first, last))
    return [_quotation(first, last, content[first + 1 : last - 1]) for first, last in outermost]


def _opens(content: str, at: int) -> bool:
    if content[at] != '"':
        return content[at] in _PAIRS
    before, after = content[at - 1 : at] if at else "", content[at + 1 : at + 2]
    return not before.isalnum() and bool(after.strip())


def _closes(content: str, opened: int, at: int) -> bool:
    if content[at] not in _PAIRS[content[opened]]:
        return False
    if content[at] != '"':
        return True
    before, after = content[at - 1], content[at + 1 : at + 2]
    is_opening = (before.isspace() or before in "([{\u2014\u2013") and bool(after.strip())
    return not is_opening and not after.isalnum()


def _quotation(start: int, end: int, text: str) -> Quotation:
    words = MARK.sub("", text).strip().rstrip(".,;:")
    is_short = len(words.split()) + len(_CJK.findall(words)) // 2 < _FEWEST_WORDS
    return Quotation(start, end, words, is_short)
