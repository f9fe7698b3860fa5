"""The ledger: which documents code has searched, and which stretches of them a model has read.

A text that goes to a model is recognised by its pieces (see recognising), so no one has to say where a prompt
came from. Memory and time are bounded; past the bounds long documents are known by samples of their text.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence

from rlm_cli.inkernel.recognising import Pieces
from rlm_cli.inkernel.spans import Spans

_NEAR_CHARACTERS = 120
_WHOLE_CHARACTERS = 1 << 24
_INDEXED_PER_CALL = 1 << 23
_SAMPLE, _STRIDE = 1024, 8192
State = tuple[bytes, dict[int, list[tuple[int, int]]]]


class Ledger:
    """What happened to the documents of one corpus; documents are numbers in the store."""

    def __init__(self, count: int, characters: Callable[[int], int], text: Callable[[int], str]) -> None:
        self._searched = bytearray(count)
        self._read: dict[int, Spans] = {}
        self._documents: Sequence[int] = range(count)
        self._all_characters = 0
        self._characters = characters
        self._text = text
        self._pieces = Pieces()
        self._served: deque[tuple[int, str, int]] = deque()
        self._served_characters = 0
        self._opened: dict[int, None] = {}
        self._indexed: set[int] = set()
        self._indexed_characters = 0

    def limit_to(self, documents: Sequence[int], characters: int | None) -> None:
        """Only these documents can be seen; how many characters they have, None when it is not known."""
        self._documents = documents
        self._all_characters = sum(map(self._characters, documents)) if characters is None else characters

    def state(self) -> State:
        """What is known so far, for a ledger of the same documents."""
        return bytes(self._searched), {document: list(spans) for document, spans in self._read.items()}

    def take_up(self, state: State) -> None:
        """Go on where another ledger of the same documents was.

        Errors:  ValueError when it was one of other documents.
        """
        searched, read = state
        if len(searched) != len(self._searched):
            raise ValueError("the ledger is one of other documents")
        self._searched[:] = searched
        self._read = {document: Spans(_NEAR_CHARACTERS, spans) for document, spans in read.items()}

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

    def served(self, document: int, text: str, start: int) -> None:
        """A passage of a document, which begins at a character of it, was handed to a cell."""
        self._searched[document] = 1
        if document not in self._indexed:
            self._served.append((document, text, start))
            self._served_characters += len(text)
            while self._served_characters > _WHOLE_CHARACTERS:
                self._remember_served()

    def shown(self, text: str) -> None:
        """A text goes to a model: the documents that it comes from count as read, where they stand in it."""
        self._catch_up()
        for document, start, end in self._pieces.sources(text, self._characters):
            self._searched[document] = 1
            self._read.setdefault(document, Spans(_NEAR_CHARACTERS)).add(start, end)

    def coverage(self) -> dict[str, int]:
        """Counts: documents that can be seen, searched by code, read from by a model; characters too."""
        return {
            "documents": len(self._documents),
            "searched_by_code": sum(self._searched),
            "read_by_model": len(self._read),
            "characters": self._all_characters,
            "characters_read_by_model": sum(spans.characters for spans in self._read.values()),
        }

    def read(self) -> list[int]:
        """The documents that a model has read from."""
        return sorted(self._read)

    def read_spans(self, document: int) -> list[tuple[int, int]]:
        """The characters of a document that a model has read."""
        return list(self._read.get(document, ()))

    def is_searched(self, document: int) -> bool:
        """Whether code has read or searched a document."""
        return bool(self._searched[document])

    def unread(self) -> list[int]:
        """The documents that neither code nor a model has looked at."""
        return [document for document in self._documents if not self._searched[document]]

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
                self._remember(document, self._text(document), 0)
                self._indexed_characters += length
                self._indexed.add(document)
                budget -= length
            else:
                text = self._text(document)
                for at in range(0, min(length, 1 << 26), _STRIDE):
                    self._remember(document, text[at : at + _SAMPLE], at)
                budget -= length // (_STRIDE // _SAMPLE)

    def _remember_served(self) -> None:
        document, text, start = self._served.popleft()
        self._served_characters -= len(text)
        self._remember(document, text, start)

    def _remember(self, document: int, text: str, start: int) -> None:
        if not self._pieces.remember(document, text, start):
            self._indexed.clear()
