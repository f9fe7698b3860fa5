"""Where else the words of a quotation stand: further documents, within a bound of time.

It compares the words with their white space folded, nothing more; the checker has found the quotation itself.
"""

from __future__ import annotations

import re
import time
from collections.abc import Sequence

from rlm_cli.corpus.layout import Record
from rlm_cli.corpus.mapped import Texts

_SECONDS = 0.1
_FEWEST_CHARACTERS = 12
_COUNTED = 1000
_NAMED = 5
_BLOCK = 1 << 24
_CONTINUATION = bytes(range(0x80, 0xC0))


def elsewhere(texts: Texts, words: str, home: Record, indices: Sequence[int]) -> tuple[int, list[str]]:
    """How many further places in other documents have the words, and where the first of them are.

    Shape:   places are `path p. 4 l. 120`. What the time does not suffice for is not counted.
    """
    if len(words) < _FEWEST_CHARACTERS:
        return 0, []
    pieces = words.split(" ")
    needle = max(pieces, key=len).encode()
    pattern = re.compile(rb"\s+".join(re.escape(piece.encode()) for piece in pieces))
    deadline = time.monotonic() + _SECONDS
    count, named = 0, list[str]()
    for index in indices:
        record = texts.generation.record(index)
        is_home = (record.segment, record.start) == (home.segment, home.start)
        if is_home:
            continue
        if count >= _COUNTED or time.monotonic() > deadline:
            break
        before = 0
        for at in range(0, max(1, record.length), _BLOCK):
            raw = texts.raw(record, at, _BLOCK)
            for match in pattern.finditer(raw) if needle in raw else ():
                count += 1
                if len(named) < _NAMED:
                    named.append(_place(texts, record, before + _characters(raw[: match.start()])))
            before += _characters(raw) if at + _BLOCK < record.length else 0
    return count, named


def _characters(raw: bytes) -> int:
    """Characters that begin in some bytes."""
    return len(raw.translate(None, _CONTINUATION))


def _place(texts: Texts, record: Record, character: int) -> str:
    page = texts.page_of(record, character)
    line = texts.line_of(record, character)
    path = texts.generation.path_of(record)
    return f"{path} p. {page} l. {line}" if page else f"{path} l. {line}"
