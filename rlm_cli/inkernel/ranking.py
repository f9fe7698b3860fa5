"""Ranked search: passages of about a thousand characters, scored by BM25.

With an index that is kept with the store its best blocks are looked into. Without one the words of a query
are found by scanning: what is larger than a megabyte is swept by the linear engine, where there is one;
otherwise documents that hold a word are cut into passages, one after the other.
"""

from __future__ import annotations

import heapq
import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rlm_cli.inkernel.blocks import BLOCK, Passage, best_blocks, read_blocks
from rlm_cli.inkernel.hits import Hit, Hits
from rlm_cli.inkernel.indexed import looked_up
from rlm_cli.inkernel.store import RELEASE_CHARACTERS
from rlm_cli.inkernel.sweep import swept
from rlm_cli.inkernel.terms import RUN, stem, terms_of
from rlm_cli.inkernel.watch import Deadline
from rlm_cli.inkernel.weights import PASSAGE_CHARACTERS, score, weights

if TYPE_CHECKING:
    from rlm_cli.inkernel.document import Document, Library

_SECONDS = 60.0
_SMALL_BYTES = 1 << 20
_FEWEST_READ, _READ_FOR_EACH = 60, 4
_MANY_READ = 800
_FEWEST_LOOKED_INTO, _LOOKED_INTO_FOR_EACH = 20, 3


@dataclass(slots=True)
class _Found:
    """One document with its passages and how often each term stands in each of them."""

    document: Document
    borders: list[int]
    counts: dict[int, dict[str, int]]


def search(library: Library, indices: Sequence[int], query: str, k: int) -> Hits:
    """The k passages that fit a query best, best first; `truncated` when not all documents were searched."""
    terms = terms_of(query)
    if not terms:
        raise ValueError("search(query): say some words to look for")
    deadline, hits = Deadline(_SECONDS), Hits()
    passages = None
    if library.extents(indices).size_bytes > _SMALL_BYTES:
        passages = _by_blocks(library, indices, terms, k, deadline)
    if passages is None:
        hits.extend(_document_by_document(library, indices, terms, k, deadline))
    else:
        hits.extend(_of_bytes(library.document(passage.document), passage) for passage in passages)
    if deadline.reached is not None:
        done = f"{deadline.reached:,} of {len(indices):,} documents were searched"
        hits.truncated = f"stopped after {_SECONDS:g} s: {done}"
    return hits


def _by_blocks(
    library: Library, indices: Sequence[int], terms: list[str], k: int, deadline: Deadline
) -> list[Passage] | None:
    """The best passages by the index or the engine, best first; None without either."""
    extents = library.extents(indices)
    tally = looked_up(library, indices, terms, k, deadline)
    most = _FEWEST_LOOKED_INTO + _LOOKED_INTO_FOR_EACH * k
    if tally is None:
        tally = swept(library, extents, terms, deadline)
        if tally is None:
            return None
        most = _FEWEST_READ + _READ_FOR_EACH * k if len(tally.counted) == len(terms) else _MANY_READ
    library.ledger.searched_all(indices if deadline.reached is None else extents.ids[: tally.searched])
    passages = max(1.0, extents.size_bytes / BLOCK)
    worth = weights({term: int(share * passages) for term, share in tally.share.items()}, passages)
    found = read_blocks(library, extents, terms, best_blocks(tally.counted, worth, most), worth, k)
    if len(found) < k and sum(map(len, tally.counted.values())) > most:
        # Blocks that hold only words which begin like a term have taken the places of others.
        found = read_blocks(library, extents, terms, best_blocks(tally.counted, worth, _MANY_READ), worth, k)
    return found


def _document_by_document(
    library: Library, indices: Sequence[int], terms: list[str], k: int, deadline: Deadline
) -> list[Hit]:
    """Without the engine, and where there is little to read."""
    found: list[_Found] = []
    characters = 0
    for number, document in enumerate(map(library.document, indices)):
        if deadline.is_over(number):
            break
        library.ledger.searched(document.index)
        characters += len(document)
        if characters // RELEASE_CHARACTERS > (characters - len(document)) // RELEASE_CHARACTERS:
            library.store.release()
        counted = _counted(document, terms)
        if counted is not None:
            found.append(counted)
    return _best(found, terms, max(1.0, characters / PASSAGE_CHARACTERS), k)


def _of_bytes(document: Document, passage: Passage) -> Hit:
    """The hit of a passage whose place is known in bytes."""
    text = passage.text.strip()
    lead = len(passage.text) - len(passage.text.lstrip())
    characters, lines = document.library.store.before(document.index, passage.start)
    start = characters + lead
    line = lines + passage.text.count("\n", 0, lead) + 1
    hit = Hit(document, start, start + len(text), line, ", ".join(passage.terms), text)
    hit.score = round(passage.score, 3)
    hit.served(hit.start)
    return hit


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
    if RUN.match(term):
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
    weight = weights(having, passages)
    scored = (
        (score(counts, weight, _length(each, passage)), -number, -passage, each)
        for number, each in enumerate(found)
        for passage, counts in each.counts.items()
    )
    best = heapq.nlargest(k, scored, key=lambda item: item[:3])
    return [_hit(each, -passage, terms, worth) for worth, _, passage, each in best]


def _length(each: _Found, passage: int) -> int:
    end = each.borders[passage + 1] if passage + 1 < len(each.borders) else len(each.document)
    return end - each.borders[passage]


def _hit(each: _Found, passage: int, terms: list[str], worth: float) -> Hit:
    start = each.borders[passage]
    text = each.document.peek(start, start + _length(each, passage))
    lead = len(text) - len(text.lstrip())
    text = text.strip()
    line = each.document.line_at(start + lead)
    words = [term for term in terms if term in each.counts[passage]]
    hit = Hit(each.document, start + lead, start + lead + len(text), line, ", ".join(words), text)
    hit.score = round(worth, 3)
    hit.served(hit.start)
    return hit
