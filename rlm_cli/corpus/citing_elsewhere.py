"""Where else the words of a quotation stand: further documents, within a bound of time.

It compares the words with their white space folded, nothing more; the checker has found the quotation itself.
"""

from __future__ import annotations

import re
import time
from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass, field

from rlm_cli.corpus.layout import Record
from rlm_cli.corpus.mapped import Texts
from rlm_cli.corpus.stretches import Stretch, blocks

_SECONDS = 0.05
_FEWEST_CHARACTERS = 12
_COUNTED = 1000
_NAMED = 5
_CONTINUATION = bytes(range(0x80, 0xC0))


@dataclass(slots=True)
class Elsewhere:
    """Further places with the same words.

    Shape:   named are the first of them, as `path p. 4 l. 120`; is_whole is False when there may be more.
    """

    count: int = 0
    named: list[str] = field(default_factory=list)
    is_whole: bool = True


def elsewhere(texts: Texts, words: str, home: Record, everywhere: Iterable[Stretch]) -> Elsewhere:
    """The places in other documents that have the words, as many as the time suffices for."""
    found = Elsewhere()
    if len(words) < _FEWEST_CHARACTERS:
        return found
    pieces = words.split(" ")
    needle = max(pieces, key=len).encode()
    pattern = re.compile(rb"\s+".join(re.escape(piece.encode()) for piece in pieces))
    deadline = time.monotonic() + _SECONDS
    for stretch in everywhere:
        if found.count >= _COUNTED or time.monotonic() > deadline:
            found.is_whole = False
            break
        at = stretch.start
        for raw in blocks(texts, stretch, overlap=0):
            for match in pattern.finditer(raw) if needle in raw else ():
                _count(found, texts, stretch, at + match.start(), home)
            at += len(raw)
    return found


def _count(found: Elsewhere, texts: Texts, stretch: Stretch, at: int, home: Record) -> None:
    """Count a place at a byte of the segment, unless it is in the text that was cited."""
    index = stretch.indices[bisect_right(stretch.starts, at) - 1]
    record = texts.generation.record(index)
    if record.start == home.start and record.segment == home.segment:
        return
    found.count += 1
    if len(found.named) < _NAMED:
        before = texts.raw(record, 0, at - record.start)
        found.named.append(_place(texts, record, len(before.translate(None, _CONTINUATION))))


def _place(texts: Texts, record: Record, character: int) -> str:
    page = texts.page_of(record, character)
    line = texts.line_of(record, character)
    path = texts.generation.path_of(record)
    return f"{path} p. {page} l. {line}" if page else f"{path} l. {line}"
