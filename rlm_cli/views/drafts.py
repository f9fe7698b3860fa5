"""Drafts of the answer, as people follow them: how long, what was added, what was taken out."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

from rlm_cli.events.bodies import DraftUpdated

_MARK = re.compile(r"\[\[cite:(\d+)\]\]")
_ENDS = re.compile(r"(?<=[.!?…])[\"')\]]*\s+(?=\S)|\n+")


@dataclass(frozen=True)
class Draft:
    """One state of the answer, and how it differs from the state before.

    Shape:   citations counts different marks; added and removed count sentences; before is the content of
             the draft before this one.
    """

    number: int = 0
    content: str = ""
    value: Any = None
    is_ready: bool = False
    citations: int = 0
    added: int = 0
    removed: int = 0
    before: str = ""


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
        before=before.content,
    )


def difference(draft: Draft) -> list[tuple[str, str]]:
    """The sentences that a draft has taken out of the one before (`-`) and added to it (`+`), in order."""
    old, new = sentences(without_marks(draft.before)), sentences(without_marks(draft.content))
    found: list[tuple[str, str]] = []
    for what, old_from, old_to, new_from, new_to in SequenceMatcher(None, old, new, False).get_opcodes():
        if what != "equal":
            found += [("-", each) for each in old[old_from:old_to]]
            found += [("+", each) for each in new[new_from:new_to]]
    return found


def sentences(text: str) -> list[str]:
    """The sentences, headings and list items of a text, without their citation marks."""
    pieces = _ENDS.split(_MARK.sub("", text))
    return [" ".join(piece.split()) for piece in pieces if piece.strip()]


def without_marks(text: str) -> str:
    """The text for people while its citations have no numbers yet: `[[cite:7]]` becomes `[7]`."""
    return _MARK.sub(r"[\1]", text)
