"""Values of a cell as values that JSON can hold, within a bound. Only `str` of what is not plain is asked."""

from __future__ import annotations

from typing import Any

_DEPTH = 40


class TooLarge(ValueError):
    """A value is larger than its bound."""


def plain(value: Any, budget_characters: int = 12_000_000) -> Any:
    """The value in dicts, lists, text, numbers, booleans and None; anything else as its `str`.

    Units:   the budget is characters of text, and eight for each other value.
    Errors:  TooLarge past the budget.
    """
    return _Walk(budget_characters).of(value, 0)


class _Walk:
    def __init__(self, budget: int) -> None:
        self._left = budget

    def of(self, value: Any, depth: int) -> Any:
        if value is None or isinstance(value, (bool, int, float)):
            self._spend(8)
            return _number(value)
        if isinstance(value, str):
            self._spend(len(value) + 2)
            return str.__str__(value)
        if depth >= _DEPTH:
            return "…"
        if isinstance(value, dict):
            return {self._key(key): self.of(item, depth + 1) for key, item in dict.items(value)}
        if isinstance(value, (list, tuple, set, frozenset)):
            return [self.of(item, depth + 1) for item in value]
        return self.of(_text_of(value), depth + 1)

    def _key(self, key: Any) -> str:
        text = key if isinstance(key, str) else _text_of(key)
        self._spend(len(text) + 2)
        return str.__str__(text)

    def _spend(self, characters: int) -> None:
        self._left -= characters
        if self._left < 0:
            raise TooLarge


def _number(value: Any) -> Any:
    """Numbers of subclasses as themselves; integers past 64 bits as text, which every reader can hold."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        return int(value) if -(2**63) <= value < 2**64 else hex(value)
    return float(value)


def _text_of(value: Any) -> str:
    text = getattr(value, "text", None)
    if isinstance(text, str):
        return text
    try:
        return str(value)
    except Exception as error:  # noqa: BLE001 - the class of the value is the cell's own
        return f"<{type(value).__name__}: str() raised {type(error).__name__}>"
