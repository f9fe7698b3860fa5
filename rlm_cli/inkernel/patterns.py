"""Python's own parse tree of a pattern: the names of its items, and the sequences inside of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

REPEATS = ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT")
EMPTY = ("AT", "ASSERT", "ASSERT_NOT")
"""Items that match no character."""


class Unsure(Exception):
    """Something stands in the pattern that has no looser form here."""


def name_of(operation: Any) -> str:
    """The name of an operation, or of an argument that is a constant."""
    return str(operation)


def inner_of(name: str, argument: Any) -> Iterator[Sequence[Any]]:
    """The sequences inside of an item."""
    if name in REPEATS:
        yield argument[2]
    elif name == "SUBPATTERN":
        yield argument[3]
    elif name == "ATOMIC_GROUP":
        yield argument
    elif name == "BRANCH":
        yield from argument[1]
    elif name in ("ASSERT", "ASSERT_NOT"):
        yield argument[1]
    elif name == "GROUPREF_EXISTS":
        yield argument[1]
        if argument[2]:
            yield argument[2]
