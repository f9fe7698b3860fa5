"""The checker of quotations: does it stand in the source, word for word, and where?

A quotation matches when its folded form (folding.py) stands in the folded source with no word and no number
cut at its ends. Long texts are compared window by window, so that memory is bounded by the windows kept.
"""

from __future__ import annotations

import re
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from rlm_cli.base.text import one_line
from rlm_cli.corpus.citing_elsewhere import elsewhere
from rlm_cli.corpus.folding import BREAK, UNSPACED, Folded, fold, fold_quote
from rlm_cli.corpus.layout import Record
from rlm_cli.corpus.mapped import Texts
from rlm_cli.corpus.places import place_in
from rlm_cli.corpus.skeleton import Probe
from rlm_cli.corpus.stretches import Stretch, blocks, stretches
from rlm_cli.events.values import Citation

MAX_QUOTE_CHARACTERS = 4000
_WINDOW = 1 << 19
_OVERLAP = 1 << 14
_WINDOWS_KEPT = 6
_SECONDS = 5.0
_SECONDS_ELSEWHERE = 0.5
_AGREED_WORDS = 3
_PLACES = 1000
_NUMBER = re.compile(
    r"(?:(?<![\w)\]])-(?:[$€£¥] ?)?)?"
    r"(?:\d{1,3}(?:[ ']\d{3})+(?!\d)(?:[.,]\d+)*|\d+(?:[.,:/]\d+)*)"
)
"""A minus before it, groups of three that a space or an apostrophe parts, fractions, dates and times."""
_ELLIPSIS = re.compile(r"\s*(?:\.\.\.|…|\[\.\.\.\])\s*")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a quotation stands: characters of a document's text."""

    index: int
    start: int
    end: int


class QuoteChecker:
    """Checks quotations against the texts of one generation; keeps the windows that it used last.

    Units:   seconds is what a search through all documents may take.
    """

    def __init__(self, texts: Texts, seconds: float = _SECONDS) -> None:
        self._texts = texts
        self._windows: OrderedDict[tuple[int, int], Folded] = OrderedDict()
        self._whole: list[Stretch] | None = None
        self._is_cut = False
        self._seconds = seconds

    def check(
        self,
        quote: str,
        indices: Sequence[int],
        start: int | None,
        paths: Sequence[str],
        visible: Sequence[int] | None = None,
    ) -> Citation:
        """The citation of a quotation in some documents; `checked` tells whether it stands there.

        Shape:   indices are searched in order, until the first that has it; paths are for the message.
                 visible are all documents in which the words may stand too; None means the same ones.
        """
        everywhere = indices if visible is None else visible
        self._is_cut = False
        wanted = fold_quote(quote)
        problem = _problem(quote, wanted)
        if problem:
            return Citation(id=0, path=paths[0] if len(paths) == 1 else "", quote=quote, why=problem)
        for words in _readings(wanted):
            found = self._search(words, indices, start, self._seconds)
            if found:
                return self._citation(quote, words, found, everywhere)
        return self._refusal(quote, wanted, indices, paths, everywhere)

    def _search(self, words: str, indices: Sequence[int], start: int | None, seconds: float) -> list[Place]:
        """The places in the first document that has the words, the nearest to `start` first."""
        if len(indices) == 1:
            near = start or 0
            record = self._texts.generation.record(indices[0])
            bases = sorted(range(0, max(1, record.characters), _WINDOW), key=lambda base: abs(base - near))
            places = self._places(indices[0], words, bases)
            return sorted(places, key=lambda place: abs(place.start - near))
        raw_words = words.encode()
        deadline = time.monotonic() + seconds
        for may_hold in (lambda raw: raw_words in raw, Probe(words).may_stand_in):
            for index in self._holding(may_hold, indices, deadline):
                places = self._places(index, words)
                if places:
                    return places
        return []

    def _holding(
        self, may_hold: Callable[[bytes], bool], indices: Sequence[int], deadline: float
    ) -> Iterator[int]:
        """The documents whose bytes pass a test, while there is time."""
        for stretch in self._stretches(indices):
            if time.monotonic() > deadline:
                self._is_cut = True
                return
            if not any(map(may_hold, blocks(self._texts, stretch, MAX_QUOTE_CHARACTERS * 4))):
                continue
            for index in stretch.indices:
                record = self._texts.generation.record(index)
                if len(stretch.indices) == 1 or may_hold(self._texts.raw(record)):
                    yield index

    def _stretches(self, indices: Sequence[int]) -> Sequence[Stretch]:
        """The documents as stretches; those of the whole corpus are made once."""
        generation = self._texts.generation
        if not isinstance(indices, range) or len(indices) != generation.count:
            return list(stretches((index, generation.record(index)) for index in indices))
        if self._whole is None:
            self._whole = list(stretches(enumerate(generation.records())))
        return self._whole

    def _places(self, index: int, words: str, bases: Sequence[int] | None = None) -> list[Place]:
        """Every place of the words in a document, or in some windows of it."""
        found: dict[int, Place] = {}
        record = self._texts.generation.record(index)
        probe = Probe(words)
        for base in range(0, max(1, record.characters), _WINDOW) if bases is None else bases:
            folded = self._window(index, record, base, probe)
            if folded is None:
                continue
            for low, high in matches(folded, words):
                start, end = base + folded.source(low), base + folded.source_end(high)
                found.setdefault(start, Place(index, start, end))
                if len(found) >= _PLACES:
                    return list(found.values())
        return list(found.values())

    def _window(self, index: int, record: Record, base: int, probe: Probe) -> Folded | None:
        """A window of a text, folded; None when the words cannot stand in it."""
        folded = self._windows.get((index, base))
        if folded is not None:
            self._windows.move_to_end((index, base))
            return folded
        text = self._texts.slice(record, base, base + _WINDOW + _OVERLAP)
        if record.characters > _WINDOW and not probe.may_stand_in(text.encode()):
            return None
        folded = self._windows[index, base] = fold(text)
        if len(self._windows) > _WINDOWS_KEPT:
            self._windows.popitem(last=False)
        return folded

    def _citation(self, quote: str, words: str, places: list[Place], visible: Sequence[int]) -> Citation:
        place = places[0]
        record = self._texts.generation.record(place.index)
        further = elsewhere(self._texts, words, record, self._stretches(visible))
        return Citation(
            id=0,
            path=self._texts.generation.path_of(record),
            quote=quote,
            page=self._texts.page_of(record, place.start),
            place=place_in(self._texts, record, place.start),
            line_start=self._texts.line_of(record, place.start),
            line_end=self._texts.line_of(record, place.end - 1),
            start=place.start,
            end=place.end,
            checked=True,
            elsewhere=len(places) - 1 + further.count,
            elsewhere_in=further.named,
            elsewhere_is_whole=further.is_whole,
        )

    def _refusal(
        self, quote: str, wanted: str, indices: Sequence[int], paths: Sequence[str], visible: Sequence[int]
    ) -> Citation:
        where = paths[0] if len(paths) == 1 else f"any of {len(indices):,} documents"
        why = f"these words do not stand in {where}"
        is_settled = not self._is_cut
        if not is_settled:
            why = "not found in the time that there is for all documents: name the document"
        elif _ELLIPSIS.search(wanted):
            why += "; a quotation with an ellipsis is not word for word: cite its parts one by one"
        elif len(indices) == 1:
            why += self._in_others(wanted, visible) or self._nearest(wanted, indices[0])
        path = paths[0] if len(paths) == 1 else ""
        return Citation(id=0, path=path, quote=quote, why=why, is_settled=is_settled)

    def _in_others(self, wanted: str, visible: Sequence[int]) -> str:
        """Which other document has the words, if one does."""
        found = self._search(wanted, visible, None, _SECONDS_ELSEWHERE) if len(visible) > 1 else []
        if not found:
            return ""
        record = self._texts.generation.record(found[0].index)
        line = self._texts.line_of(record, found[0].start)
        return f"; they stand in {self._texts.generation.path_of(record)}, line {line}: name that document"

    def _nearest(self, wanted: str, index: int) -> str:
        """How far the quotation agrees with the source, and how the source goes on."""
        words = wanted.split(" ")
        first = self._places(index, " ".join(words[:_AGREED_WORDS])) if len(words) > _AGREED_WORDS else []
        if not first:
            return ""
        bases = sorted({place.start // _WINDOW * _WINDOW for place in first})[:_WINDOWS_KEPT]
        low, high, place = _AGREED_WORDS, len(words) - 1, first[0]
        while low < high:
            middle = (low + high + 1) // 2
            places = self._places(index, " ".join(words[:middle]), bases)
            if places:
                low, place = middle, places[0]
            else:
                high = middle - 1
        record = self._texts.generation.record(index)
        goes_on = one_line(self._texts.slice(record, place.end, place.end + 80), 60)
        line = self._texts.line_of(record, place.end - 1)
        agreed = one_line(" ".join(words[max(0, low - 6) : low]), 60)
        return f'; it agrees up to "{agreed}" (line {line}), where the source goes on "{goes_on}"'


def matches(folded: Folded, words: str) -> Iterator[tuple[int, int]]:
    """Every place of folded words in a folded text where no word and no number is cut at the ends."""
    spans: Iterator[tuple[int, int]]
    if folded.has_breaks:
        spans = (match.span() for match in _with_breaks(words).finditer(folded.text))
    else:
        spans = _plain_spans(folded.text, words)
    for low, high in spans:
        if _is_edge(folded, low) and _is_edge(folded, high):
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


def _is_edge(folded: Folded, at: int) -> bool:
    """Whether a quotation may begin or end here: not inside a word, not inside a number."""
    text = folded.text
    if at <= 0 or at >= len(text):
        return True
    before, after = text[at - 1], text[at]
    if BREAK in (before, after):
        return False
    if _is_word(before) and _is_word(after):
        return bool(UNSPACED.match(before) or UNSPACED.match(after))
    if not (before.isdigit() or after.isdigit() or before == "-"):
        return True
    low = max(0, at - 40)
    near = "".join(
        "\n" if character == " " and folded.is_changed(low + step) else character
        for step, character in enumerate(text[low : at + 40])
    )
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
