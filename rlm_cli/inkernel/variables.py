"""What the model has made so far: names, types and sizes, found without running code of the values.

It knows which names are built in; it never shows a value in full.
"""

from __future__ import annotations

import inspect
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any

LIMIT = 200
_COUNTED = (list, tuple, set, frozenset, dict, deque)


class Variables(list[tuple[str, str, str]]):
    """Rows of (name, type, size); printed as a table."""

    def __repr__(self) -> str:
        if not self:
            return "no variables yet"
        widths = [max(len(row[column]) for row in self) for column in (0, 1)]
        return "\n".join(
            f"{name:<{widths[0]}}  {kind:<{widths[1]}}  {size}".rstrip() for name, kind, size in self
        )


def of(namespace: Mapping[str, Any], built_in: Mapping[str, Any]) -> Variables:
    """The variables that cells have made: no built-in names (unless bound anew), no `_private` ones."""
    rows = Variables()
    for name, value in list(namespace.items()):
        is_ours = name in built_in and built_in[name] is value
        if not name.startswith("_") and not is_ours and not inspect.ismodule(value):
            rows.append((name, type(value).__name__, size_of(value)))
    return Variables(rows[-LIMIT:])


def size_of(value: Any) -> str:
    """A short account of a value's size; empty when there is nothing cheap to say."""
    if value is None or isinstance(value, (bool, float, complex)):
        return repr(value)
    if isinstance(value, int):
        return repr(int(value)) if value.bit_length() <= 128 else f"{value.bit_length():,} bits"
    if isinstance(value, str):
        return f"{str.__len__(value):,} characters"
    if isinstance(value, (bytes, bytearray)):
        return f"{len(value):,} bytes"
    if isinstance(value, _COUNTED):
        base: Any = next(each for each in _COUNTED if isinstance(value, each))
        return f"{base.__len__(value):,} items"
    if inspect.isfunction(value):
        return _signature(value)
    if type(value).__module__.partition(".")[0] in ("numpy", "pandas", "polars"):
        return "shape " + " × ".join(map(str, getattr(value, "shape", ())))
    if type(value).__module__.startswith("rlm_cli.inkernel") and hasattr(type(value), "__len__"):
        return f"{len(value):,} long"
    return ""


def shower(rows: Callable[[], Variables]) -> Callable[[], Variables]:
    """The function `show_vars` of cells."""

    def show_vars() -> Variables:
        """What you have made so far: name, type and size of each variable.

        >>> show_vars()
        """
        return rows()

    return show_vars


def _signature(function: Any) -> str:
    try:
        return str(inspect.signature(function))[:80]
    except (ValueError, TypeError):
        return ""
