"""The checker of quotations: does it stand in the source, word for word, and where?

A quotation matches when its folded form (folding.py) stands in the folded source with no word and no number
cut at its ends. Long texts are compared window by window, so that memory is bounded by the windows kept.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rlm_cli.base.text import one_line
from rlm_cli.corpus.folding import BREAK, Folded, fold, fold_quote
from rlm_cli.corpus.layout import Record
from rlm_cli.corpus.mapped import Texts
from rlm_cli.events.values import Citation

MAX_QUOTE_CHARACTERS = 4000
_WINDOW = 1 << 19
_OVERLAP = 1 << 14
_WINDOWS_KEPT = 6
_SEARCHED_BYTES = 1 << 26
_ELSEWHERE_BYTES = 1 << 24
_NUMBER = re.compile(r"\d+(?:[.,:]\d+)*")
_UNSPACED = re.compile(
    r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]"
)
_LIGATURES = b"\xef\xac"
_ELLIPSIS = re.compile(r"\s*(?:\.\.\.|…|\[\.\.\.\])\s*")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a quotation stands: characters of a document's text."""

    index: int
    start: int
    end: int


class QuoteChecker:
    """Checks quotations against the texts of one generation; keeps the windows that it used last."""

    def __init__(self, texts: Texts) -> None:
        self._texts = texts
        self._windows: OrderedDict[tuple[int, int], Folded] = OrderedDict()

    def check(self, quote: str, indices: Sequence[int], start: int | None, paths: Sequence[str]) -> Citation:
        """The citation of a quotation in some documents; `checked` tells whether it stands there.

        Shape:   indices are searched in order, until the first that has it; paths are for the message.
        """
        wanted = fold_quote(quote)
        problem = _problem(quote, wanted)
        if problem:
            return Citation(id=0, path=paths[0] if len(paths) == 1 else "", quote=quote, why=problem)
        for words in _readings(wanted):
            found = self._search(words, indices, start)
            if found:
                return self._citation(quote, words, found, indices)
        return self._refusal(quote, wanted, indices, paths)

    def _search(self, words: str, indices: Sequence[int], start: int | None) -> list[Place]:
        budget = _SEARCHED_BYTES
        needles = _needles(words)
        for index in indices:
            record = self._texts.generation.record(index)
            if len(indices) > 1:
                if budget <= 0:
                    break
                budget -= record.length
                if needles and not self._holds(record, needles):
                    continue
            places = self._places(index, record, words)
            if places:
                near = start or 0
                return sorted(places, key=lambda place: abs(place.start - near))
        return []

    def _holds(self, record: Record, needles: list[bytes]) -> bool:
        """Whether a text may hold a quotation: it has one of its rarest words, or ligatures."""
        for at in range(0, record.length, 1 << 22):
            raw = self._texts.raw(record, at, (1 << 22) + 256)
            if any(needle in raw for needle in needles) or _LIGATURES in raw:
                return True
            if len(needles) == 1 and b"-\n" in raw:
                return True
        return False

    def _places(self, index: int, record: Record, words: str) -> list[Place]:
        found: dict[int, Place] = {}
        for base, folded in self._windows_of(index, record):
            for low, high in matches(folded, words):
                start, end = base + folded.source(low), base + folded.source(high - 1) + 1
                found.setdefault(start, Place(index, start, end))
        return list(found.values())

    def _windows_of(self, index: int, record: Record) -> Iterator[tuple[int, Folded]]:
        for base in range(0, max(1, record.characters), _WINDOW):
            key = (index, base)
            folded = self._windows.get(key)
            if folded is None:
                folded = fold(self._texts.slice(record, base, base + _WINDOW + _OVERLAP))
                self._windows[key] = folded
                if len(self._windows) > _WINDOWS_KEPT:
                    self._windows.popitem(last=False)
            else:
                self._windows.move_to_end(key)
            yield base, folded

    def _citation(self, quote: str, words: str, places: list[Place], indices: Sequence[int]) -> Citation:
        place = places[0]
        record = self._texts.generation.record(place.index)
        return Citation(
            id=0,
            path=self._texts.generation.path_of(record),
            quote=quote,
            page=self._texts.page_of(record, place.start),
            line_start=self._texts.line_of(record, place.start),
            line_end=self._texts.line_of(record, place.end - 1),
            start=place.start,
            end=place.end,
            checked=True,
            elsewhere=len(places) - 1 + self._elsewhere(words, place.index),
        )

    def _elsewhere(self, words: str, index: int) -> int:
        """Places with the same words in other documents, white space folded; small corpora only."""
        generation = self._texts.generation
        if generation.facts["tokens"] * 4 > _ELSEWHERE_BYTES or len(words) < 12:
            return 0
        pattern = re.compile(rb"\s+".join(re.escape(word.encode()) for word in words.split(" ")))
        home = generation.record(index)
        count = 0
        for record in generation.records():
            if (record.segment, record.start) != (home.segment, home.start) and count < 1000:
                count += sum(1 for _ in pattern.finditer(self._texts.raw(record)))
        return count

    def _refusal(self, quote: str, wanted: str, indices: Sequence[int], paths: Sequence[str]) -> Citation:
        where = paths[0] if len(paths) == 1 else f"any of {len(indices):,} documents"
        why = f"these words do not stand in {where}"
        if _ELLIPSIS.search(wanted):
            why += "; a quotation with an ellipsis is not word for word: cite its parts one by one"
        elif len(indices) == 1:
            why += self._nearest(wanted, indices[0])
        return Citation(id=0, path=paths[0] if len(paths) == 1 else "", quote=quote, why=why)

    def _nearest(self, wanted: str, index: int) -> str:
        """How far the quotation agrees with the source, and how the source goes on."""
        words = wanted.split(" ")
        record = self._texts.generation.record(index)
        low, high, place = 0, len(words) - 1, None
        while low < high:
            middle = (low + high + 1) // 2
            places = self._places(index, record, " ".join(words[:middle]))
            if places:
                low, place = middle, places[0]
            else:
                high = middle - 1
        if place is None or low < 3:
            return ""
        goes_on = one_line(self._texts.slice(record, place.end, place.end + 80), 60)
        line = self._texts.line_of(record, place.end - 1)
        agreed = one_line(" ".join(words[max(0, low - 6) : low]), 60)
        return f'; it agrees up to "{agreed}" (line {line}), where the source goes on "{goes_on}"'


def _needles(words: str) -> list[bytes]:
    """Up to three pieces of a quotation of which its source has at least one, however its lines break."""
    plain = sorted(set(re.findall(r"[A-Za-z0-9]{4,}", words)), key=len, reverse=True)[:3]
    if not plain:
        plain = [run[:4] for run in re.findall(r"[^\x00-\x7f]{4,}", words)[:3]]
    return [piece.encode() for piece in plain]


def matches(folded: Folded, words: str) -> Iterator[tuple[int, int]]:
    """Every place of folded words in a folded text where no word and no number is cut at the ends."""
    spans: Iterator[tuple[int, int]]
    if folded.has_breaks:
        spans = (match.span() for match in _with_breaks(words).finditer(folded.text))
    else:
        spans = _plain_spans(folded.text, words)
    for low, high in spans:
        if _is_edge(folded.text, low) and _is_edge(folded.text, high):
            yield low, high


def _plain_spans(text: str, words: str) -> Iterator[tuple[int, int]]:
    at = text.find(words)
    while at >= 0:
        yield at, at + len(words)
        at = text.find(words, at + 1)


def _with_breaks(words: str) -> re.Pattern[str]:
    """The words as a pattern in which a word may be broken at a line end."""
    pieces: list[str] = []
    for before, here in zip(" " + words, words, strict=False):
        if before.isalpha() and here.isalpha():
            pieces.append(f"{BREAK}?")
        pieces.append(f"[-{BREAK}]" if here == "-" else re.escape(here))
    return re.compile("".join(pieces))


def _is_edge(text: str, at: int) -> bool:
    """Whether a quotation may begin or end here: not inside a word, not inside a number."""
    if at <= 0 or at >= len(text):
        return True
    before, after = text[at - 1], text[at]
    if BREAK in (before, after):
        return False
    if _is_word(before) and _is_word(after):
        return bool(_UNSPACED.match(before) or _UNSPACED.match(after))
    if not (before.isdigit() or after.isdigit()):
        return True
    low = max(0, at - 40)
    near = text[low : at + 40]
    return not any(match.start() < at - low < match.end() for match in _NUMBER.finditer(near))


def _is_word(character: str) -> bool:
    return character.isalnum() or character == "_"


def _readings(wanted: str) -> Iterator[str]:
    """The quotation as given, then without quotation marks or an ellipsis that its writer put around it."""
    yield wanted
    bare = wanted.strip("\"'` ").removesuffix("...").removeprefix("...").strip("\"'` ")
    if bare and bare != wanted:
        yield bare


def _problem(quote: str, wanted: str) -> str:
    if len(quote) > MAX_QUOTE_CHARACTERS:
        return f"a quotation may have {MAX_QUOTE_CHARACTERS:,} characters, this one has {len(quote):,}"
    if not any(character.isalnum() for character in wanted):
        return "a quotation needs at least one word"
    return ""
