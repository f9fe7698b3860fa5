"""Packing: small documents, or pieces of long ones, in texts of a given size, each under its source."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, overload

from rlm_cli.inkernel.chunks import Span, pieces_of

if TYPE_CHECKING:
    from rlm_cli.inkernel.document import Document

_BETWEEN = "\n\n"
_FEWEST_CHARACTERS = 200


class Pack(str):
    """A text of several documents, each headed by `[path]` (and its page, where it begins on one).

    .documents  the documents in it, in order
    .paths      their paths
    """

    documents: list[Document]

    @property
    def paths(self) -> list[str]:
        """The paths of the documents in it."""
        return [document.path for document in self.documents]

    def __repr__(self) -> str:
        return f"<Pack of {len(self.documents):,} documents, {len(self):,} characters: {self.paths[0]} …>"


class Packs(Sequence[Pack]):
    """A sequence of packs, each made when it is asked for."""

    def __init__(self, groups: list[list[Span]]) -> None:
        self._groups = groups

    def __len__(self) -> int:
        return len(self._groups)

    @overload
    def __getitem__(self, key: int) -> Pack: ...
    @overload
    def __getitem__(self, key: slice) -> Packs: ...
    def __getitem__(self, key: int | slice) -> Pack | Packs:
        if isinstance(key, slice):
            return Packs(self._groups[key])
        spans = self._groups[key]
        pack = Pack(_BETWEEN.join(_head(span) + span.document[span.start : span.end] for span in spans))
        pack.documents = list({span.document.index: span.document for span in spans}.values())
        return pack

    def __repr__(self) -> str:
        documents = len({span.document.index for group in self._groups for span in group})
        return f"{len(self):,} packs of {documents:,} documents"


def packed(documents: Iterable[Document], size: int) -> Packs:
    """The documents in packs of at most `size` characters, heads included; order is kept.

    Errors:  ValueError for a size that holds nothing.
    """
    if size < _FEWEST_CHARACTERS:
        raise ValueError(f"size={size}: a pack needs at least {_FEWEST_CHARACTERS} characters")
    groups: list[list[Span]] = []
    left = 0
    for document in documents:
        room = size - len(f"[{document.path} p.00000]\n")
        for span in pieces_of(Span(document, 0, len(document)), max(_FEWEST_CHARACTERS // 2, room), 0):
            needed = len(_head(span)) + span.end - span.start + len(_BETWEEN)
            if not groups or needed > left:
                groups.append([])
                left = size + len(_BETWEEN)
            groups[-1].append(span)
            left -= needed
    return Packs(groups)


def _head(span: Span) -> str:
    page = span.document.page_at(span.start)
    return f"[{span.document.path} p.{page}]\n" if page else f"[{span.document.path}]\n"
