"""The ledger: which documents code has searched, and which of them a model has read from.

A text that goes to a model is recognised by its pieces (lines; sentences of long lines): pieces of everything
that was served to a cell are remembered by hash, so no one has to say where a prompt came from. Memory and
time are bounded; past the bounds long documents are known by samples of their text.
"""

from __future__ import annotations

import re
from collections import Counter, deque
from collections.abc import Callable, Sequence

_SENTENCE = re.compile(r"(?<=[.;!?])\s+|[。；！？]|\s\|\s")
_AROUND = " \t\r\f\"'“”‘’`*_>#|-•…"
_LEAST, _LEAST_WIDE, _LONG_LINE = 16, 6, 240
_PIECES_KEPT = 400_000
_OWNERS_KEPT = 8
_WHOLE_CHARACTERS = 1 << 24
_INDEXED_PER_CALL = 1 << 23
_SAMPLE, _STRIDE = 1024, 8192


class Ledger:
    """What happened to the documents of one corpus; documents are numbers in the store."""

    def __init__(self, count: int, characters: Callable[[int], int], text: Callable[[int], str]) -> None:
        self._searched = bytearray(count)
        self._read: set[int] = set()
        self._documents = count
        self._characters = characters
        self._text = text
        self._owners: dict[int, int | tuple[int, ...]] = {}
        self._served: deque[tuple[int, str]] = deque()
        self._served_characters = 0
        self._opened: dict[int, None] = {}
        self._indexed: set[int] = set()
        self._indexed_characters = 0

    def limit_to(self, documents: int) -> None:
        """Only so many documents can be seen."""
        self._documents = documents

    def state(self) -> tuple[bytes, list[int]]:
        """What is known so far, for a ledger of the same documents."""
        return bytes(self._searched), sorted(self._read)

    def take_up(self, state: tuple[bytes, list[int]]) -> None:
        """Go on where another ledger of the same documents was.

        Errors:  ValueError when it was one of other documents.
        """
        searched, read = state
        if len(searched) != len(self._searched):
            raise ValueError("the ledger is one of other documents")
        self._searched[:] = searched
        self._read.update(read)

    def searched(self, document: int) -> None:
        """Code has read or searched a document."""
        self._searched[document] = 1

    def searched_all(self, documents: Sequence[int]) -> None:
        """Code has searched some documents."""
        if isinstance(documents, range) and documents.step == 1:
            self._searched[documents.start : documents.stop] = b"\1" * len(documents)
            return
        for document in documents:
            self._searched[document] = 1

    def opened(self, document: int) -> None:
        """The whole text of a document was handed to a cell."""
        self._searched[document] = 1
        if document not in self._indexed:
            self._opened[document] = None

    def served(self, document: int, text: str) -> None:
        """A passage of a document was handed to a cell."""
        self._searched[document] = 1
        if document not in self._indexed:
            self._served.append((document, text))
            self._served_characters += len(text)
            while self._served_characters > _WHOLE_CHARACTERS:
                self._remember_served()

    def shown(self, text: str) -> None:
        """A text goes to a model: the documents that it comes from count as read."""
        self._catch_up()
        owned = [(owner,) if isinstance(owner, int) else owner for owner in self._owners_of(text)]
        found = Counter(document for owners in owned for document in owners)
        while owned:
            best = max(found, key=lambda document: (found[document], -self._characters(document)))
            self._read.add(best)
            self._searched[best] = 1
            owned = [owners for owners in owned if best not in owners]
            found = Counter(document for owners in owned for document in owners)

    def coverage(self) -> dict[str, int]:
        """Counts of documents: all that can be seen, searched by code, read from by a model."""
        return {
            "documents": self._documents,
            "searched_by_code": sum(self._searched),
            "read_by_model": len(self._read),
        }

    def read(self) -> list[int]:
        """The documents that a model has read from."""
        return sorted(self._read)

    def unread(self) -> list[int]:
        """The documents that neither code nor a model has looked at."""
        return [document for document, is_searched in enumerate(self._searched) if not is_searched]

    def _owners_of(self, text: str) -> list[int | tuple[int, ...]]:
        """Whose the pieces of a text are; what stands behind `path: ` counts too."""
        owners, known = [], self._owners
        for piece in _pieces(text):
            owner = known.get(hash(piece))
            if owner is None and ": " in piece:
                owner = known.get(hash(piece.partition(": ")[2].strip(_AROUND)))
            if owner is not None:
                owners.append(owner)
        return owners

    def _catch_up(self) -> None:
        """Remember what was served since the last time; a bounded part of it in one go."""
        while self._served:
            self._remember_served()
        budget = _INDEXED_PER_CALL
        while self._opened and budget > 0:
            document = next(iter(self._opened))
            del self._opened[document]
            length = self._characters(document)
            if self._indexed_characters + length <= _WHOLE_CHARACTERS:
                self._remember(document, self._text(document))
                self._indexed_characters += length
                self._indexed.add(document)
                budget -= length
            else:
                text = self._text(document)
                for at in range(0, min(length, 1 << 26), _STRIDE):
                    self._remember(document, text[at : at + _SAMPLE])
                budget -= length // (_STRIDE // _SAMPLE)

    def _remember_served(self) -> None:
        document, text = self._served.popleft()
        self._served_characters -= len(text)
        self._remember(document, text)

    def _remember(self, document: int, text: str) -> None:
        owners = self._owners
        for piece in _pieces(text):
            key = hash(piece)
            known = owners.get(key)
            if known is None:
                owners[key] = document
            elif known != document:
                several = (known,) if isinstance(known, int) else known
                if document not in several and len(several) < _OWNERS_KEPT:
                    owners[key] = (*several, document)
        if len(owners) > _PIECES_KEPT:
            for key in list(owners)[: _PIECES_KEPT // 4]:
                del owners[key]
            self._indexed.clear()


def _pieces(text: str) -> set[str]:
    """The lines of a text that say enough to be known again; sentences instead of very long lines."""
    least = _LEAST if text.isascii() else _LEAST_WIDE
    found: set[str] = set()
    for line in text.split("\n"):
        if len(line) > _LONG_LINE:
            found.update(s.strip(_AROUND) for s in _SENTENCE.split(line) if len(s) >= least)
        elif len(line) >= least:
            found.add(line.strip(_AROUND))
    return {
        piece
        for piece in found
        if len(piece) >= _LEAST or (len(piece) >= _LEAST_WIDE and not piece.isascii())
    }
