"""Ranked search: passages of about a thousand characters, scored by BM25, without an index.

The words of a query are found by scanning; only documents that hold one of them are cut into passages. Words
are compared by a light stem; scripts without spaces by pairs of characters.

Source:  Robertson and Zaragoza, The Probabilistic Relevance Framework: BM25 and Beyond (2009); k1 and b are
         the usual 1.2 and 0.75.
"""

from __future__ import annotations

import heapq
import math
import re
import time
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rlm_cli.inkernel.hits import Hit, Hits
from rlm_cli.inkernel.store import RELEASE_CHARACTERS

if TYPE_CHECKING:
    from rlm_cli.inkernel.document import Document

PASSAGE_CHARACTERS = 1000
_K1, _B = 1.2, 0.75
_SECONDS = 60.0
_UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af"
_RUN = re.compile(f"[{_UNSPACED}]+")
_WORD = re.compile(rf"[^\W_{_UNSPACED}]+")
_LITTLE = """a an and are as at be by can do does for from had has have how if in into is it its may no not of
on or our shall should so that the their there these this to under was we were what when where which who will
with would you your any all find show list tell give me about between"""
_STOP = frozenset(_LITTLE.split())
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
    words = _WORD.findall(lowered)
    kept = [word for word in words if word not in _STOP] or words
    pairs = [run[i : i + 2] for run in _RUN.findall(lowered) for i in range(max(1, len(run) - 1))]
    return list(dict.fromkeys([*map(stem, kept), *pairs]))


@dataclass(slots=True)
class _Found:
    """One document with its passages and how often each term stands in each of them."""

    document: Document
    borders: list[int]
    counts: dict[int, dict[str, int]]


def search(documents: Iterable[Document], query: str, k: int) -> Hits:
    """The k passages that fit a query best, best first; `truncated` when not all documents were searched."""
    terms = terms_of(query)
    if not terms:
        raise ValueError("search(query): say some words to look for")
    hits, found, characters = Hits(), [], 0
    began = time.monotonic()
    for number, document in enumerate(documents):
        if time.monotonic() - began > _SECONDS:
            hits.truncated = f"stopped after {_SECONDS:g} s: {number:,} documents were searched"
            break
        document.library.ledger.searched(document.index)
        characters += len(document)
        if characters // RELEASE_CHARACTERS > (characters - len(document)) // RELEASE_CHARACTERS:
            document.library.store.release()
        counted = _counted(document, terms)
        if counted is not None:
            found.append(counted)
    hits.extend(_best(found, terms, max(1.0, characters / PASSAGE_CHARACTERS), k))
    return hits


def _counted(document: Document, terms: list[str]) -> _Found | None:
    """The terms of a document by passage, None when it has none of them."""
    store = document.library.store
    record = store.record(document.index)
    if record.flags & 1 and record.length <= 1 << 22:
        raw = store.raw(record, 0, record.length).lower()
        if not any(_root(term).encode() in raw for term in terms):
            return None
    text = store.text(document.index).lower()
    places = [(term, _places(text, term)) for term in terms]
    if not any(at for _, at in places):
        return None
    if len(text) != record.characters:
        text = store.text(document.index)
        places = [(term, _places(text, term)) for term in terms]
    borders = _borders(document, store.text(document.index))
    counts: dict[int, dict[str, int]] = defaultdict(dict)
    for term, positions in places:
        for position in positions:
            passage = counts[bisect_right(borders, position) - 1]
            passage[term] = passage.get(term, 0) + 1
    return _Found(document, borders, counts)


def _root(term: str) -> str:
    """What every word with this stem begins with."""
    return term[:-1] if len(term) > 3 and term.endswith("i") else term


def _places(text: str, term: str) -> list[int]:
    """Where words of a stem begin in a lowered text."""
    if _RUN.match(term):
        return [match.start() for match in re.finditer(re.escape(term), text)]
    found: list[int] = []
    forms: dict[str, bool] = {}
    for match in re.finditer(re.escape(_root(term)) + r"[^\W_]*", text):
        word, start = match.group(), match.start()
        is_form = forms.get(word)
        if is_form is None:
            is_form = forms[word] = stem(word) == term
        if is_form and not (start and text[start - 1].isalnum()):
            found.append(start)
    return found


def _borders(document: Document, text: str) -> list[int]:
    """Where passages begin: at pages; within them near a thousand characters, between paragraphs or lines."""
    borders: list[int] = []
    starts = sorted({0, *(part.start for part in document.parts)})
    for start, end in zip(starts, [*starts[1:], len(text)], strict=True):
        borders.append(start)
        while end - start > PASSAGE_CHARACTERS * 3 // 2:
            start = _border(text, start + PASSAGE_CHARACTERS // 2, start + PASSAGE_CHARACTERS)
            borders.append(start)
    return borders


def _border(text: str, low: int, high: int) -> int:
    """The best place to cut between two characters: before a paragraph, a line, a sentence, a word."""
    for border in ("\n\n", "\n", ". ", "。", " "):
        at = text.rfind(border, low, high)
        if at >= 0:
            return at + len(border)
    return high


def _best(found: list[_Found], terms: list[str], passages: float, k: int) -> list[Hit]:
    having = dict.fromkeys(terms, 0)
    for each in found:
        for counts in each.counts.values():
            for term in counts:
                having[term] += 1
    weight = {
        term: math.log(1 + (passages - n + 0.5) / (n + 0.5)) if n < passages else 0.01
        for term, n in having.items()
    }
    scored = (
        (_score(counts, weight, _length(each, passage)), -number, -passage, each)
        for number, each in enumerate(found)
        for passage, counts in each.counts.items()
    )
    best = heapq.nlargest(k, scored, key=lambda item: item[:3])
    return [_hit(each, -passage, terms, score) for score, _, passage, each in best]


def _length(each: _Found, passage: int) -> int:
    end = each.borders[passage + 1] if passage + 1 < len(each.borders) else len(each.document)
    return end - each.borders[passage]


def _score(counts: dict[str, int], weight: dict[str, float], length: int) -> float:
    norm = _K1 * (1 - _B + _B * length / PASSAGE_CHARACTERS)
    return sum(weight[term] * n * (_K1 + 1) / (n + norm) for term, n in counts.items())


def _hit(each: _Found, passage: int, terms: list[str], score: float) -> Hit:
    start = each.borders[passage]
    text = each.document.peek(start, start + _length(each, passage))
    lead = len(text) - len(text.lstrip())
    text = text.strip()
    line = each.document.line_at(start + lead)
    words = [term for term in terms if term in each.counts[passage]]
    hit = Hit(each.document, start + lead, start + lead + len(text), line, ", ".join(words), text)
    hit.score = round(score, 3)
    each.document.library.ledger.served(each.document.index, text)
    each.document.library.ledger.served(each.document.index, hit.short)
    return hit
