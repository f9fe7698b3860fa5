"""The facts of a generation, counted once when it is published: what is in it, what is not, what in part."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rlm_cli.base.text import counted
from rlm_cli.corpus.builder import Builder
from rlm_cli.corpus.inputs import Source
from rlm_cli.corpus.layout import FLAG_MEMBER, Skip

_TOLD = 100
_PAGES_TOLD = 10
_PAGES_MISSING = {
    "pages_without_text": "have no text layer",
    "pages_of_unknown_letters": "are set in fonts that do not say which letters they show",
}


def facts_of(builder: Builder, sources: Sequence[Source], segments: Mapping[int, int]) -> dict[str, Any]:
    """The facts; `segments` are the sizes of all of them, of which the used ones are named.

    Shape:   bytes are those of files on the disk: what lies inside of a file is not counted twice.
    """
    documents, characters, disk_bytes, tokens = 0, 0, 0, 0
    kinds: Counter[int] = Counter()
    counts: Counter[int] = Counter()
    used: set[int] = set()
    fingerprint = hashlib.sha256()
    for record, path in builder.records():
        documents += 1
        characters += record.characters
        disk_bytes += 0 if record.flags & FLAG_MEMBER else record.disk_bytes
        tokens += (record.length + 3) // 4
        kinds[record.kind] += 1
        counts[record.source] += 1
        used.add(record.segment)
        fingerprint.update(path.encode("utf-8", "replace") + b"\0" + record.digest)
    skips = list(builder.skips())
    left_out = [skip for skip in skips if not skip.is_opened]
    partly = list(_partly(builder))
    names = builder.kinds
    return {
        "documents": documents,
        "characters": characters,
        "bytes": disk_bytes + sum(s.disk_bytes for s in skips if s.is_opened and not s.is_member),
        "tokens": tokens,
        "fingerprint": fingerprint.hexdigest()[:32],
        "kinds_count": {names[number]: count for number, count in kinds.most_common()},
        "sources": [
            {"given": s.given, "path": str(s.path), "variable": s.variable, "documents": counts[number]}
            for number, s in enumerate(sources)
        ],
        "skipped": [[skip.path, skip.why] for skip in _problems_first(left_out)],
        "skipped_count": len(left_out),
        "partly": partly[:_TOLD],
        "partly_count": len(partly),
        "segments": {number: size for number, size in segments.items() if number in used},
    }


def _problems_first(skips: list[Skip]) -> list[Skip]:
    """The skips that are named: problems, then choices as far as there is room."""
    problems = [skip for skip in skips if not skip.is_rule][:_TOLD]
    return [*problems, *[skip for skip in skips if skip.is_rule][: _TOLD - len(problems)]]


def _partly(builder: Builder) -> Iterator[tuple[str, str]]:
    """Documents of which something is missing or uncertain, and what."""
    for record, path in builder.records():
        if record.meta_length:
            meta = json.loads(builder.text_meta(record))
            what = "; ".join(_missing(meta))
            if what:
                yield path, what


def _missing(meta: dict[str, Any]) -> Iterator[str]:
    for name, what in _PAGES_MISSING.items():
        pages = meta.get(name)
        if pages:
            named = ", ".join(map(str, pages[:_PAGES_TOLD])) + (", …" if len(pages) > _PAGES_TOLD else "")
            of = f" of {meta['pages']:,}" if isinstance(meta.get("pages"), int) else ""
            yield f"{len(pages):,}{of} pages {what}: {named}"
    if meta.get("pages_recognised"):
        yield f"{counted(len(meta['pages_recognised']), 'page')} read by OCR, which may be wrong"
    if meta.get("replaced"):
        lines = ", ".join(map(str, meta.get("replaced_lines", [])[:_PAGES_TOLD]))
        what = counted(meta["replaced"], "character")
        yield f"{what} could not be decoded, shown as \ufffd" + (f": line {lines}" if lines else "")
