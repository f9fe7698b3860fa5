"""Recognising where a text comes from: pieces of what was served to cells are remembered by hash.

A piece is a line that says enough, or a sentence of a long line. Memory is bounded; nothing is decided here.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator

_SENTENCE = re.compile(r"(?<=[.;!?])\s+|[。；！？]|\s\|\s")
_AROUND = " \t\r\f\"'“”‘’`*_>#|-•…"
_LEAST, _LEAST_WIDE, _LONG_LINE = 16, 6, 240
_PIECES_KEPT = 400_000
_OWNERS_KEPT = 8
_PLACE_BITS = 64

Owner = int
"""A document and the character at which a piece begins in it, as one number."""


class Pieces:
    """What was served, by its pieces."""

    def __init__(self) -> None:
        self._owners: dict[int, Owner | tuple[Owner, ...]] = {}

    def remember(self, document: int, text: str, start: int) -> bool:
        """Remember the pieces of a text of a document; False when older ones had to be forgotten."""
        owners = self._owners
        for piece, offset in _pieces(text):
            key, owner = hash(piece), document << _PLACE_BITS | start + offset
            known = owners.get(key)
            if known is None:
                owners[key] = owner
            elif known != owner:
                several = (known,) if isinstance(known, int) else known
                if owner not in several and len(several) < _OWNERS_KEPT:
                    owners[key] = (*several, owner)
        if len(owners) > _PIECES_KEPT:
            for key in list(owners)[: _PIECES_KEPT // 4]:
                del owners[key]
            return False
        return True

    def sources(self, text: str, characters: Callable[[int], int]) -> Iterator[tuple[int, int, int]]:
        """Where a text comes from: documents with the characters of each piece that stands in it.

        Shape:   a piece that several documents have counts for the one that most of the text is from,
                 of two alike the shorter.
        """
        owned = list(self._owned(text))
        found = Counter(document for owners, _ in owned for document in {o >> _PLACE_BITS for o in owners})
        while owned:
            best = max(found, key=lambda document: (found[document], -characters(document)))
            rest = []
            for owners, length in owned:
                mine = [o & (1 << _PLACE_BITS) - 1 for o in owners if o >> _PLACE_BITS == best]
                if mine:
                    yield best, mine[0], mine[0] + length
                else:
                    rest.append((owners, length))
            owned = rest
            found = Counter(
                document for owners, _ in owned for document in {o >> _PLACE_BITS for o in owners}
            )

    def _owned(self, text: str) -> Iterator[tuple[tuple[Owner, ...], int]]:
        """The owners of the pieces of a text; what stands behind `path: ` counts too."""
        known, seen = self._owners, set()
        for piece, _ in _pieces(text):
            if piece in seen:
                continue
            seen.add(piece)
            owner = known.get(hash(piece))
            if owner is None and ": " in piece:
                piece = piece.partition(": ")[2].strip(_AROUND)
                owner = known.get(hash(piece))
            if owner is not None:
                yield (owner,) if isinstance(owner, int) else owner, len(piece)


def _pieces(text: str) -> Iterator[tuple[str, int]]:
    """The lines of a text that say enough to be known again, sentences of long ones; and where each is."""
    least = _LEAST if text.isascii() else _LEAST_WIDE
    at = 0
    for line in text.split("\n"):
        if len(line) > _LONG_LINE:
            inside = 0
            for match in _SENTENCE.finditer(line):
                yield from _piece(line[inside : match.start()], at + inside)
                inside = match.end()
            yield from _piece(line[inside:], at + inside)
        elif len(line) >= least:
            yield from _piece(line, at)
        at += len(line) + 1


def _piece(text: str, at: int) -> Iterator[tuple[str, int]]:
    bare = text.strip(_AROUND)
    if len(bare) >= _LEAST or (len(bare) >= _LEAST_WIDE and not bare.isascii()):
        yield bare, at + text.find(bare[:1])
