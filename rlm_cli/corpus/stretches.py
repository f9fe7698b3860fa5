"""Texts that lie one behind the other in a segment, read together.

A search that reads each by itself spends its time on reading, where there are many small ones.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from rlm_cli.corpus.layout import Record
from rlm_cli.corpus.mapped import Texts

STRETCH_BYTES = 1 << 22


@dataclass(slots=True)
class Stretch:
    """Neighbouring texts of a segment, with the newlines between them.

    Units:   start and length are bytes of the segment; a long text is in a stretch by itself, of any length.
    Shape:   indices and starts are those of its documents, in the order of their places.
    """

    segment: int
    start: int
    length: int
    indices: list[int] = field(default_factory=list)
    starts: list[int] = field(default_factory=list)


def stretches(records: Iterable[tuple[int, Record]]) -> Iterator[Stretch]:
    """Documents, given by their numbers and records, in stretches of some megabytes."""
    here: Stretch | None = None
    for index, record in records:
        is_next = (
            here is not None
            and record.segment == here.segment
            and record.start == here.start + here.length + 1
            and here.length + record.length < STRETCH_BYTES
        )
        if here is None or not is_next:
            if here is not None:
                yield here
            here = Stretch(record.segment, record.start, 0)
            here.length = -1
        here.length += record.length + 1
        here.indices.append(index)
        here.starts.append(record.start)
    if here is not None:
        yield here


def blocks(texts: Texts, stretch: Stretch, overlap: int) -> Iterator[bytes]:
    """The bytes of a stretch, block by block; each repeats the last bytes of the one before."""
    for at in range(0, max(1, stretch.length), STRETCH_BYTES):
        length = min(STRETCH_BYTES + overlap, stretch.length - at)
        yield texts.read(stretch.segment, stretch.start + at, length)
