"""The passage around a quotation: from the file as it is today, or else from the record of the session.

One cited file is read at a time, through the same readers as a corpus; nothing else of the corpus is opened.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from rlm_cli.base.errors import RlmError
from rlm_cli.corpus.opened import open_corpus
from rlm_cli.corpus.options import ReadOptions
from rlm_cli.events import Event
from rlm_cli.events.bodies import CellFinished, CorpusLoaded, SubQueued
from rlm_cli.events.values import Citation, Input

AROUND_CHARACTERS = 1_200


@dataclass(frozen=True)
class Found:
    """A quotation in its surroundings; origin is `file` or `record`."""

    before: str
    quote: str
    after: str
    origin: str


def passages(
    citations: Iterable[Citation], events: Sequence[Event], cache_dir: Path | None
) -> dict[int, Found]:
    """The passages of citations by their number; those that are found nowhere are left out.

    Shape:   cache_dir None leaves the files alone and looks into the record only.
    """
    inputs = _inputs(events)
    texts: dict[str, str | None] = {}
    found: dict[int, Found] = {}
    for citation in citations:
        if cache_dir is not None and citation.path not in texts:
            texts[citation.path] = _text_of(citation.path, inputs, cache_dir)
        passage = _in_text(citation, texts.get(citation.path)) or _in_record(citation, events)
        if passage is not None:
            found[citation.id] = passage
    return found


def file_of(path: str, inputs: Sequence[Input]) -> Path | None:
    """The file that a document's path stands for; None when no input has it."""
    if len(inputs) == 1:
        root = Path(inputs[0].path)
        return root if root.is_file() else root / path
    first, _, rest = path.partition("/")
    for each in inputs:
        root = Path(each.path)
        if each.variable == first or root.stem == first or root.name == path:
            return root if root.is_file() or not rest else root / rest
    return None


def _text_of(path: str, inputs: Sequence[Input], cache_dir: Path) -> str | None:
    file = file_of(path, inputs)
    if file is None or not file.is_file():
        return None
    try:
        corpus = open_corpus([file], ReadOptions(is_hidden_read=True), cache_dir=cache_dir)
    except RlmError:
        return None
    return next((text for _, text in corpus.texts()), None)


def _in_text(citation: Citation, text: str | None) -> Found | None:
    if text is None:
        return None
    start, end = citation.start, citation.end
    if end <= start or _folded(text[start:end]) != _folded(citation.quote):
        start = text.find(citation.quote)
        if start < 0:
            return None
        end = start + len(citation.quote)
    return _around(text, start, end, "file")


def _in_record(citation: Citation, events: Sequence[Event]) -> Found | None:
    for event in events:
        body = event.body
        text = body.prompt if isinstance(body, SubQueued) else ""
        if isinstance(body, CellFinished):
            text = body.shown
        start = text.find(citation.quote) if text else -1
        if start >= 0:
            return _around(text, start, start + len(citation.quote), "record")
    return None


def _around(text: str, start: int, end: int, origin: str) -> Found:
    first, last = max(0, start - AROUND_CHARACTERS), end + AROUND_CHARACTERS
    return Found(text[first:start], text[start:end], text[end:last], origin)


def _inputs(events: Sequence[Event]) -> list[Input]:
    return next((event.body.inputs for event in events if isinstance(event.body, CorpusLoaded)), [])


def _folded(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).split())
