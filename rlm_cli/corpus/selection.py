"""Some documents of a generation, or all: their facts, and which of them are below which input. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from rlm_cli.base.ids import content_hash
from rlm_cli.corpus.generation import Generation
from rlm_cli.corpus.layout import Record


def variables_of(generation: Generation, visible: Sequence[int] | None) -> dict[str, list[int] | None]:
    """The documents below each input, by its variable; None stands for all. `visible` None is all of them."""
    sources = generation.facts["sources"]
    if len(sources) == 1:
        return {sources[0]["variable"]: None if visible is None else list(visible)}
    found: dict[str, list[int] | None] = {source["variable"]: [] for source in sources}
    for index, record in _records(generation, visible):
        below = found[sources[record.source]["variable"]]
        if below is not None:
            below.append(index)
    for outer, inner, prefix in _nested(sources):
        also = [i for i in found[outer] or [] if _is_below(generation, i, prefix)]
        found[inner] = sorted({*(found[inner] or []), *also})
    return found


def facts_of_documents(generation: Generation, visible: Sequence[int] | None) -> dict[str, Any]:
    """The facts of a generation, or those of some of its documents.

    Shape:   some documents have the same fingerprint for as long as they, their paths and their readers do.
    """
    facts = generation.facts
    if visible is None:
        return facts
    kinds: Counter[str] = Counter()
    per_source: Counter[int] = Counter()
    characters, disk_bytes, tokens = 0, 0, 0
    contents: list[tuple[str, bytes, int]] = []
    for _, record in _records(generation, visible):
        contents.append((generation.path_of(record), record.digest, record.reader))
        kinds[generation.kinds[record.kind]] += 1
        per_source[record.source] += 1
        characters += record.characters
        disk_bytes += record.disk_bytes
        tokens += (record.length + 3) // 4
    return {
        "documents": len(visible),
        "characters": characters,
        "bytes": disk_bytes,
        "tokens": tokens,
        "fingerprint": content_hash(repr(contents))[:32],
        "kinds_count": dict(kinds.most_common()),
        "sources": [{**s, "documents": per_source[n]} for n, s in enumerate(facts["sources"])],
        "skipped": [],
        "skipped_count": 0,
    }


def _records(generation: Generation, visible: Sequence[int] | None) -> Iterator[tuple[int, Record]]:
    if visible is None:
        return enumerate(generation.records())
    return ((index, generation.record(index)) for index in visible)


def _is_below(generation: Generation, index: int, prefix: str) -> bool:
    path = generation.path_of(generation.record(index))
    return path == prefix or path.startswith(prefix + "/")


def _nested(sources: list[dict[str, Any]]) -> list[tuple[str, str, str]]:
    """(outer variable, inner variable, path prefix) for every input that lies below another."""
    pairs = []
    for outer in sources:
        for inner in sources:
            below = Path(inner["path"])
            if outer is not inner and Path(outer["path"]) in below.parents:
                relative = below.relative_to(outer["path"]).as_posix()
                pairs.append((outer["variable"], inner["variable"], f"{outer['variable']}/{relative}"))
    return pairs
