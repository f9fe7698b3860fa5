"""Drafts of the answer, as people follow them: how long, what was added, what was taken out."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import Any

from rlm_cli.events.bodies import DraftUpdated

_MARK = re.compile(r"\[\[cite:(\d+)\]\]")
_ENDS = re.compile(r"(?<=[.!?…])[\"')\]]*\s+(?=\S)|\n+")


@dataclass(frozen=True)
class Draft:
    """One state of the answer, and how it differs from the state before.

    Shape:   citations counts different marks; added and removed count sentences.
    """

    number: int = 0
    content: str = ""
    value: Any = None
    is_ready: bool = False
    citations: int = 0
    added: int = 0
    removed: int = 0


def draft_after(before: Draft, updated: DraftUpdated) -> Draft:
    """The draft that an event tells, compared with the one before."""
    old, new = Counter(sentences(before.content)), Counter(sentences(updated.content))
    return Draft(
        number=updated.draft,
        content=updated.content,
        value=updated.value,
        is_ready=updated.ready,
        citations=len(set(_MARK.findall(updated.content))),
        added=(new - old).total(),
        removed=(old - new).total(),
    )


def sentences(text: str) -> list[str]:
    """The sentences, headings and list items of a text, without their citation marks."""
    pieces = _ENDS.split(_MARK.sub("", text))
    return [" ".join(piece.split()) for piece in pieces if piece.strip()]


def without_marks(text: str) -> str:
    """The text for people while its citations have no numbers yet: `[[cite:7]]` becomes `[7]`."""
    return _MARK.sub(r"[\1]", text)
