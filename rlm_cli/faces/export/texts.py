"""Texts as they leave in an export: no secret, nothing that acts on a screen, none longer than a limit."""

from __future__ import annotations

from rlm_cli.base.text import head_and_tail, visible
from rlm_cli.faces.export.secrets import Cleaner

_FAR_TOO_LONG = 8
_SECRET_CHARACTERS = 8_000


class Texts:
    """Cleans texts, and keeps the beginning and the end of those that are too long; cut counts them."""

    def __init__(self, cleaner: Cleaner, limit: int) -> None:
        self._cleaner = cleaner
        self._limit = limit
        self.cut = 0

    def of(self, text: str) -> str:
        """A text as it leaves."""
        if not text:
            return ""
        if len(text) > _FAR_TOO_LONG * self._limit:
            return self._ends_of(text)
        short, omitted = head_and_tail(self._cleaned(text), self._limit)
        self.cut += bool(omitted)
        return short

    def _ends_of(self, text: str) -> str:
        """The beginning and the end of a text that is not worth cleaning whole.

        More is cleaned than is kept, so that no secret is cut in the middle and then not known.
        """
        self.cut += 1
        window, head = max(2 * self._limit, _SECRET_CHARACTERS), self._limit * 2 // 3
        first = self._cleaned(text[:window])[:head]
        last = self._cleaned(text[-window:])[head - self._limit :]
        omitted = len(text) - self._limit
        return f"{first}\n[… {omitted:,} of {len(text):,} characters omitted …]\n{last}"

    def _cleaned(self, text: str) -> str:
        return visible(self._cleaner.clean(text))
