"""A pattern as a cell has written it, made ready to be searched for, with the bounds of the search."""

from __future__ import annotations

import re
from dataclasses import dataclass

from rlm_cli.inkernel.literals import Needles, loosened, needles_of

_ALL = 1 << 62


class PatternError(ValueError):
    """A pattern that is not a valid regular expression."""


@dataclass(frozen=True, slots=True)
class Query:
    """A pattern, ready to be searched for, with the bounds of the search.

    Units:   seconds bounds the whole search.
    """

    pattern: re.Pattern[str]
    needles: Needles | None
    max_hits: int
    max_per_document: int | None
    context: int
    seconds: float


def query(
    pattern: str | re.Pattern[str],
    *,
    ignore_case: bool,
    literal: bool,
    word: bool,
    max_hits: int,
    max_per_document: int | None,
    context: int,
    seconds: float,
) -> Query:
    """A query from what a cell has written.

    Errors:  PatternError, with what is wrong with the pattern.
    """
    flags = re.MULTILINE | (re.IGNORECASE if ignore_case else 0)
    if isinstance(pattern, re.Pattern):
        if not isinstance(pattern.pattern, str):
            raise PatternError("the pattern must be a str, not bytes")
        flags, written = (pattern.flags & ~re.DEBUG) | re.MULTILINE, pattern.pattern
    else:
        written = str(pattern)
    if not written:
        raise PatternError("the pattern is empty")
    if literal:
        expression = r"\s+".join(map(re.escape, written.split())) or re.escape(written)
    else:
        expression = written if flags & re.VERBOSE else loosened(written)
    try:
        compiled = _compiled(expression, flags, word)
    except PatternError:
        compiled = _compiled(written, flags, word)
    return Query(compiled, needles_of(compiled), max_hits, max_per_document, context, seconds)


def _compiled(expression: str, flags: int, word: bool) -> re.Pattern[str]:
    try:
        return re.compile(rf"\b(?:{expression})\b" if word else expression, flags)
    except (re.error, OverflowError, RecursionError) as error:
        remedy = "literal=True searches for these very characters"
        raise PatternError(f"not a regular expression: {expression!r}: {error}; {remedy}") from None


def counting(
    pattern: str | re.Pattern[str], ignore_case: bool, literal: bool, word: bool, seconds: float
) -> Query:
    """A query whose matches are only counted.

    Errors:  PatternError, with what is wrong with the pattern.
    """
    return query(
        pattern,
        ignore_case=ignore_case,
        literal=literal,
        word=word,
        max_hits=_ALL,
        max_per_document=None,
        context=0,
        seconds=seconds,
    )
