"""Searching documents for a pattern: every match that `re` has, found on all cores, within bounds.

The linear engine finds places in the mapped bytes for a looser form of the pattern; `re` decides in a window
around each of them. Where there is no such form or no such engine, `re` goes through the texts of documents
that may match. Whatever is cut off is said in `truncated`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from rlm_cli.inkernel.extents import Extents
from rlm_cli.inkernel.hits import LINE_CHARACTERS, Counts, Hit, Hits
from rlm_cli.inkernel.linear import Scanner, scanner
from rlm_cli.inkernel.query import Query
from rlm_cli.inkernel.scanning import Found, places
from rlm_cli.inkernel.store import RELEASE_CHARACTERS
from rlm_cli.inkernel.superset import WHOLE, Superset, superset
from rlm_cli.inkernel.watch import OutOfTime, Watch
from rlm_cli.inkernel.windows import Window, whole, windows

if TYPE_CHECKING:
    from rlm_cli.inkernel.document import Library

_SMALL_BYTES = 1 << 20


class Match(NamedTuple):
    """One match: characters and line of its document, and the window that it was found in."""

    document: int
    start: int
    end: int
    line: int
    window: Window


def grep(library: Library, indices: Sequence[int], wanted: Query) -> Hits:
    """Every match in some documents, in their order, up to the bounds of the query."""
    search = _Search(library, indices, wanted)
    hits = Hits(map(search.hit, search.matches()))
    hits.truncated = search.truncated()
    return _in_order(hits, indices)


def count(library: Library, indices: Sequence[int], wanted: Query) -> Counts:
    """How many matches each document has, documents without any left out."""
    search = _Search(library, indices, wanted)
    found: dict[int, int] = {}
    for match in search.matches():
        found[match.document] = found.get(match.document, 0) + 1
    store = library.store
    counts = Counts((store.path(store.record(index)), found[index]) for index in indices if index in found)
    counts.truncated = search.truncated()
    return counts


def spans_of(
    library: Library, indices: Sequence[int], wanted: Query
) -> tuple[dict[int, list[tuple[int, int]]], str]:
    """The characters of every match by document, in order; and what was left out."""
    search = _Search(library, indices, wanted)
    found: dict[int, list[tuple[int, int]]] = {}
    for match in search.matches():
        found.setdefault(match.document, []).append((match.start, match.end))
    return found, search.truncated()


class _Search:
    """One search: where it looks, how far it has come, what it has left out."""

    def __init__(self, library: Library, indices: Sequence[int], wanted: Query) -> None:
        self._library, self._store, self._wanted = library, library.store, wanted
        self._indices = indices
        self._watch = Watch(wanted.seconds)
        self._gone_through = 0
        self._why = ""
        self._of: dict[int, int] = {}
        self._total = 0

    def matches(self) -> Iterator[Match]:
        """The matches, in the order of the bytes."""
        try:
            with self._watch:
                for match in self._unbounded():
                    if self._total >= self._wanted.max_hits:
                        self._why = (
                            f"stopped at max_hits={self._wanted.max_hits:,}{self._so_far()}: there are more; "
                            "narrow the pattern, raise max_hits, or set max_per_document"
                        )
                        return
                    self._total += 1
                    yield match
        except OutOfTime:
            self._why = f"stopped after {self._wanted.seconds:g} s{self._so_far()}"
            if self._watch.slow:
                self._why = f"stopped{self._so_far()}"

    def truncated(self) -> str:
        """What was left out, and why; empty when nothing was."""
        said = [self._why] if self._why else []
        if self._watch.slow:
            said.append(
                f"{self._watch.slow} passages were given up after a second each: the pattern backtracks; "
                "avoid a repeat inside of a repeat"
            )
        most = self._wanted.max_per_document
        if most is not None and any(number > most for number in self._of.values()):
            said.append(f"some documents have more than max_per_document={most} hits")
        return "; ".join(said)

    def hit(self, match: Match) -> Hit:
        """A match as a hit."""
        text, base = match.window.text, match.window.characters
        start, end = match.start - base, match.end - base
        document = self._library.document(match.document)
        low, high = _line(text, start, end)
        hit = Hit(document, match.start, match.end, match.line, text[start:end], text[low:high])
        if self._wanted.context:
            hit.text = hit.around(self._wanted.context)
        hit.served(base + low)
        return hit

    def _so_far(self) -> str:
        done = min(self._gone_through, len(self._indices))
        return f", {done:,} of {len(self._indices):,} documents were searched"

    def _unbounded(self) -> Iterator[Match]:
        form = superset(self._wanted.pattern)
        if form is not None:
            extents = self._library.extents(self._indices)
            engine = scanner(form.expressions) if extents.size_bytes > _SMALL_BYTES else None
            if engine is not None:
                yield from self._scanned(extents, form, engine)
                return
        yield from self._document_by_document()

    def _document_by_document(self) -> Iterator[Match]:
        """Without the engine: every document that may hold a match."""
        scanned = 0
        for index in self._indices:
            self._watch.check()
            self._gone_through += 1
            length = self._store.record(index).length
            scanned += length
            if scanned > RELEASE_CHARACTERS:
                scanned = 0
                self._store.release()
            self._library.ledger.searched(index)
            needles = self._wanted.needles
            if length and (needles is None or needles.may_match(self._store, index)):
                yield from self._in_window(index, whole(self._store, index), is_whole=True)

    def _scanned(self, extents: Extents, form: Superset, engine: Scanner) -> Iterator[Match]:
        """With the engine: only around the places that it finds."""
        place, covered = (-1, -1), 0
        try:
            for found in places(self._store, extents, engine):
                self._watch.check()
                for positions, start, offsets in _by_text(extents, found):
                    documents = [extents.ids[at] for at in positions if not self._is_full(extents.ids[at])]
                    self._gone_through = max(self._gone_through, positions[-1] + 1)
                    if not documents:
                        continue
                    if (found.piece.segment, start) != place:
                        place, covered = (found.piece.segment, start), 0
                    for window in windows(self._store, documents[0], offsets, form.reach, covered):
                        covered = window.end
                        if all(map(self._is_full, documents)):
                            break
                        for index in documents:
                            yield from self._in_window(index, window, form.reach == WHOLE)
                self._gone_through = max(self._gone_through, found.piece.last)
        finally:
            self._library.ledger.searched_all(extents.ids[: self._gone_through])

    def _is_full(self, index: int) -> bool:
        """Whether a document has more matches already than are wanted of it."""
        most = self._wanted.max_per_document
        return most is not None and self._of.get(index, 0) > most

    def _in_window(self, index: int, window: Window, is_whole: bool = False) -> Iterator[Match]:
        """The matches of a window, each document's up to the bound."""
        most = self._wanted.max_per_document
        had = self._of.get(index, 0)
        if self._is_full(index):
            return
        room = self._wanted.max_hits - self._total + 1
        spans = self._watch.matches(
            self._wanted.pattern, window.text, room if most is None else min(room, most - had + 1), is_whole
        )
        line, counted_to = window.lines + 1, 0
        for start, end in spans:
            if (window.is_cut_before and start == 0) or (window.is_cut_after and end == len(window.text)):
                continue
            had += 1
            self._of[index] = had
            if most is not None and had > most:
                return
            line += window.text.count("\n", counted_to, start)
            counted_to = start
            yield Match(index, window.characters + start, window.characters + end, line, window)


def _by_text(extents: Extents, found: Found) -> Iterator[tuple[list[int], int, list[int]]]:
    """The places of each text: the positions of the documents that have it, its start, bytes from there."""
    positions: list[int] = []
    inside: list[int] = []
    start, end = 0, -1
    for offset in found.offsets:
        if offset > end:
            if inside and positions:
                yield positions, start, inside
            positions, inside = extents.at(found.piece, offset), []
            first = extents.ids[positions[0]] if positions else -1
            start = extents.starts[first] if positions else offset
            end = start + extents.lengths[first] if positions else offset
        inside.append(offset - start)
    if inside and positions:
        yield positions, start, inside


def _in_order(hits: Hits, indices: Sequence[int]) -> Hits:
    """The hits in the order of the documents."""
    if isinstance(indices, range) and indices.step > 0:
        hits.sort(key=lambda hit: (hit.document.index, hit.start))
    else:
        wanted = {hit.document.index for hit in hits}
        rank = {index: number for number, index in enumerate(indices) if index in wanted}
        hits.sort(key=lambda hit: (rank[hit.document.index], hit.start))
    return hits


def _line(text: str, start: int, end: int) -> tuple[int, int]:
    """Where the line of a match begins and ends; of a long line the part around it, cut between words."""
    low = text.rfind("\n", 0, start) + 1
    high = text.find("\n", end)
    high = len(text) if high < 0 else high
    if high - low > LINE_CHARACTERS:
        room = max(0, LINE_CHARACTERS - (end - start)) // 2
        near, far = max(low, start - room), min(high, end + room)
        if near > low:
            space = text.find(" ", near, start)
            near = space + 1 if space >= 0 else near
        if far < high:
            space = text.rfind(" ", end, far)
            far = space if space >= 0 else far
        low, high = near, min(far, near + max(LINE_CHARACTERS, end - near))
    return low, high
