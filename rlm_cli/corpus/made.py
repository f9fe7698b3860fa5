"""A corpus of texts that a cell has made: a small store of its own, found again by its content."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from xxhash import xxh3_128

from rlm_cli.base.ids import content_hash
from rlm_cli.corpus.builder import Builder
from rlm_cli.corpus.kinds import PLAIN_VERSION
from rlm_cli.corpus.layout import FLAG_ASCII, Text
from rlm_cli.corpus.names import printable
from rlm_cli.corpus.segments import Meter, SegmentWriter
from rlm_cli.corpus.store import Snapshot, Store
from rlm_cli.corpus.walk import Found


def publish_texts(cache_dir: Path, texts: Mapping[str, str]) -> tuple[Store, Snapshot]:
    """A store with one document for each text, held open.

    Errors:  OSError when it cannot be written.
    """
    digest = content_hash(repr(list(texts.items())))
    store = Store(cache_dir, f"texts-{digest[:32]}")
    with store.writing(_wait):
        snapshot = store.latest()
        if snapshot is None:
            _write(store, texts, digest)
            snapshot = store.latest()
    if snapshot is None:
        raise OSError("the store of a child run cannot be read back")
    return store, snapshot


def _write(store: Store, texts: Mapping[str, str], digest: str) -> None:
    builder, segments = Builder(), SegmentWriter(store.folder, {})
    characters, size, tokens = 0, 0, 0
    try:
        for name, given in texts.items():
            raw = given.replace("\r\n", "\n").replace("\r", "\n").encode("utf-8", "replace")
            path = printable(name) or "text"
            slot = builder.reserve(Found(path, None, 0, len(raw), 0, 0))
            segments.begin()
            segments.append(raw)
            segments.end()
            meter = Meter()
            for at in range(0, len(raw), 1 << 20):
                meter.feed(raw[at : at + (1 << 20)])
            flags = FLAG_ASCII if raw.isascii() else 0
            place = (segments.number, segments.start, meter.length, meter.characters, meter.lines, flags)
            content = xxh3_128(raw).digest()
            builder.fill(slot, Text(*place, content, "text", PLAIN_VERSION, bytes(meter.marks)))
            characters += meter.characters
            size += len(raw)
            tokens += (len(raw) + 3) // 4
        facts = {
            "documents": len(texts),
            "characters": characters,
            "bytes": size,
            "tokens": tokens,
            "fingerprint": digest[:32],
            "kinds_count": {"text": len(texts)},
            "sources": [{"given": "texts", "path": "", "variable": "texts", "documents": len(texts)}],
            "skipped": [],
            "skipped_count": 0,
            "segments": segments.sync(),
            "readers": [PLAIN_VERSION],
            "walk": digest,
        }
    finally:
        segments.close()
    builder.write(store.folder / store.next_name(), facts)


def _wait() -> None:
    """Another child run writes the same texts: it takes milliseconds."""
