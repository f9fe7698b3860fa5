"""A worker's text into the store: validated piece by piece, counted, its parts given their characters.

Nothing that a worker says is trusted beyond this: its text must be UTF-8, its parts in order.
"""

from __future__ import annotations

import codecs
import os
from collections.abc import Sequence
from typing import Any

import msgspec

from rlm_cli.corpus.extract import Extracted, PartAt
from rlm_cli.corpus.kinds import Format
from rlm_cli.corpus.layout import FLAG_ASCII, PART_KINDS, Part, Text
from rlm_cli.corpus.opening import Unreadable, Window
from rlm_cli.corpus.plain import PIECE_BYTES, Stored
from rlm_cli.corpus.segments import Meter, SegmentWriter

_META_BYTES = 1 << 16


def store_extracted(
    spool: int, extracted: Extracted, digest: bytes, form: Format, segments: SegmentWriter
) -> Text:
    """Append the text that a worker has written to a spool.

    Errors:  Unreadable when it is empty or cannot be trusted; the segment holds no part of it then.
    """
    segments.begin()
    try:
        meter, parts = _copy(spool, extracted, segments)
        if not meter.length:
            raise Unreadable("no text in it")
    except UnicodeDecodeError as error:
        segments.roll_back()
        raise Unreadable("its parser gave text that is not valid") from error
    except BaseException:
        segments.roll_back()
        raise
    segments.end()
    flags = FLAG_ASCII if meter.characters == meter.length else 0
    return _text(segments, meter, digest, form, flags, extracted.meta, parts)


def text_of_plain(stored: Stored, form: Format, segments: SegmentWriter) -> Text:
    """The text that `store_plain` has appended last."""
    meta: dict[str, Any] = {}
    if stored.encoding != "utf-8":
        meta["encoding"] = stored.encoding
    if stored.replaced:
        meta["replaced"] = stored.replaced
        meta["replaced_lines"] = stored.replaced_lines
    return _text(segments, stored.meter, stored.digest, form, stored.flags, meta, ())


def _text(
    segments: SegmentWriter,
    meter: Meter,
    digest: bytes,
    form: Format,
    flags: int,
    meta: dict[str, Any],
    parts: tuple[Part, ...],
) -> Text:
    raw = msgspec.json.encode(meta) if meta else b""
    return Text(
        segment=segments.number,
        start=segments.start,
        length=meter.length,
        characters=meter.characters,
        lines=meter.lines,
        flags=flags,
        digest=digest,
        kind=form.kind,
        reader=form.version,
        marks=bytes(meter.marks),
        parts=parts,
        meta=raw if len(raw) <= _META_BYTES else b"",
    )


def _copy(spool: int, extracted: Extracted, segments: SegmentWriter) -> tuple[Meter, tuple[Part, ...]]:
    start, size = extracted.start_byte, extracted.text_bytes
    if start < 0 or size < 0 or start + size > os.fstat(spool).st_size:
        raise Unreadable("its text was cut")
    window = Window(spool, start, size)
    meter, parts = Meter(), []
    check = codecs.getincrementaldecoder("utf-8")("strict")
    given = _in_order(extracted.parts, size)
    for number, end in enumerate([*(part.start_byte for part in given), size]):
        while meter.length < end:
            piece = window.read(min(PIECE_BYTES, end - meter.length), meter.length)
            if not piece:
                raise Unreadable("its text was cut")
            check.decode(piece)
            segments.append(piece)
            meter.feed(piece)
        if number < len(given):
            part = given[number]
            parts.append(Part(part.kind, part.number & 0xFFFF_FFFF, meter.characters, end, part.label[:200]))
    check.decode(b"", final=True)
    return meter, tuple(parts)


def _in_order(parts: Sequence[PartAt], size: int) -> list[PartAt]:
    given = [part for part in parts if part.kind in PART_KINDS]
    starts = [part.start_byte for part in given]
    if starts != sorted(starts) or (starts and (starts[0] < 0 or starts[-1] > size)):
        raise Unreadable("its parser gave parts that are not in order")
    return given
