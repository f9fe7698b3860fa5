"""How a value looks when it is the last expression of a cell: like `repr`, but never larger than its bound.

A text of a gigabyte is never turned into a `repr` of a gigabyte: what is built is bounded from the start.
It knows no streams and no cells.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

DISPLAY_CHARACTERS = 8 * 1024
_LINE_CHARACTERS = 100
_DEPTH = 12
_BRACKETS: dict[type, tuple[str, str]] = {
    list: ("[", "]"),
    tuple: ("(", ")"),
    set: ("{", "}"),
    frozenset: ("frozenset({", "})"),
    dict: ("{", "}"),
}


def bounded_repr(value: Any, limit_characters: int = DISPLAY_CHARACTERS) -> str:
    """The `repr` of a value; long text, bytes and collections are cut, with their true size stated."""
    return _Printer(limit_characters).show(value, 0)


class _Printer:
    def __init__(self, limit: int) -> None:
        self._left = limit

    def show(self, value: Any, depth: int) -> str:
        kind = type(value)
        if isinstance(value, (str, bytes, bytearray)) and _has_own_repr(kind):
            return self._spent(self._text(value))
        if kind in _BRACKETS:
            return self._collection(value, depth)
        if isinstance(value, int) and value.bit_length() > 4096:
            return self._spent(f"<int of {value.bit_length():,} bits>")
        try:
            text = repr(value)
        except Exception as error:  # noqa: BLE001 - the class of the value is the cell's own
            text = f"<{kind.__name__}: repr() raised {type(error).__name__}>"
        if len(text) > self._left:
            text = f"{text[: max(self._left, 0)]}… ({len(text):,} characters)"
        return self._spent(text)

    def _text(self, value: str | bytes | bytearray) -> str:
        room = max(self._left, 40)
        if len(value) <= room:
            return repr(str(value) if isinstance(value, str) else value)
        unit = "characters" if isinstance(value, str) else "bytes"
        return f"{value[:room]!r}… ({len(value):,} {unit})"

    def _collection(self, value: Any, depth: int) -> str:
        opening, closing = _BRACKETS[type(value)]
        if not value:
            return self._spent(repr(value))
        if depth >= _DEPTH:
            return self._spent(f"{opening}…{closing}")
        shown: list[str] = []
        for entry in _entries(value):
            if self._left <= 0:
                break
            shown.append(self._entry(entry, depth))
            self._left -= 2
        rest = len(value) - len(shown)
        if rest:
            shown.append(f"… {rest:,} more, {len(value):,} in all")
        elif isinstance(value, tuple) and len(value) == 1:
            shown[0] += ","
        return _joined(shown, opening, closing)

    def _entry(self, entry: tuple[Any, ...], depth: int) -> str:
        return ": ".join(self.show(part, depth + 1) for part in entry)

    def _spent(self, text: str) -> str:
        self._left -= len(text)
        return text


def _entries(value: Any) -> Iterable[tuple[Any, ...]]:
    if isinstance(value, dict):
        return iter(list(value.items())) if len(value) < 10_000 else iter(value.items())
    return ((item,) for item in value)


def _joined(shown: list[str], opening: str, closing: str) -> str:
    line = f"{opening}{', '.join(shown)}{closing}"
    if len(line) <= _LINE_CHARACTERS and "\n" not in line:
        return line
    inner = ",\n".join(shown).replace("\n", "\n" + " " * len(opening))
    return f"{opening}{inner}{closing}"


def _has_own_repr(kind: type) -> bool:
    """Whether the class shows itself as text or bytes do."""
    shows: Any = kind.__repr__
    return shows in (str.__repr__, bytes.__repr__, bytearray.__repr__)
