"""A looser form of a pattern for an engine that is linear: whatever `re` matches, it finds a place inside of.

Built from Python's own parse tree: assertions are dropped, classes are widened to all characters beyond ASCII
where Unicode tables may differ, long counts are shortened, and what may be empty is cut off at both ends.
The answer may be "cannot tell" (None), never too narrow.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from rlm_cli.inkernel.expressions import COUNT, begins_wide, expressions, is_in, odd
from rlm_cli.inkernel.patterns import EMPTY, REPEATS, Unsure, inner_of, name_of

LINE, LINES, WHOLE = "line", "lines", "whole"
_SPAN_CHARACTERS = 2048


@dataclass(frozen=True, slots=True)
class Superset:
    """The looser form.

    Shape:   expressions are such that each match of the pattern holds the end of a match of one of them.
             reach tells what has to be looked at around that place: its line, the lines near it, or the
             whole document.
    """

    expressions: tuple[str, ...]
    reach: str


def superset(pattern: re.Pattern[str]) -> Superset | None:
    """The looser form of a compiled pattern, None when none is known."""
    parser: Any = re._parser  # type: ignore[attr-defined]
    try:
        parsed = parser.parse(pattern.pattern, pattern.flags & ~re.DEBUG)
        items, flags = list(parsed), parsed.state.flags
        items = _unwrapped(items)
        ends = _looked_back(items)
        if not _backtracks(items):
            ends = _trimmed(ends, parser, parsed.state)
        if not ends or parser.SubPattern(parsed.state, ends).getwidth()[0] == 0:
            return None
        reach = _reach(items, flags)
        if reach == WHOLE:
            ends = _best_run(ends, flags) or ends
        found = [*expressions(_light(ends, flags), flags), *odd(items, flags)]
        return Superset(tuple(found), reach)
    except (Unsure, re.error, RecursionError, OverflowError):
        return None


def _unwrapped(items: list[Any]) -> list[Any]:
    """The items of a group that is all there is."""
    while len(items) == 1 and name_of(items[0][0]) == "SUBPATTERN" and not any(items[0][1][1:3]):
        items = list(items[0][1][3])
    return items


def _looked_back(items: list[Any]) -> list[Any]:
    """The items with what has to stand before them, which is narrower than they alone."""
    first = items[0] if items else None
    if first is not None and name_of(first[0]) == "ASSERT" and first[1][0] < 0:
        return [*first[1][1], *items[1:]]
    return items


def _trimmed(items: list[Any], parser: Any, state: Any) -> list[Any]:
    """The items without what may be empty at either end; a repeat at an end at its fewest."""

    def is_empty(item: Any) -> bool:
        return bool(parser.SubPattern(state, [item]).getwidth()[0] == 0)

    low, high = 0, len(items)
    while low < high and is_empty(items[low]):
        low += 1
    while high > low and is_empty(items[high - 1]):
        high -= 1
    kept = [_fewest(item) if at in (0, high - low - 1) else item for at, item in enumerate(items[low:high])]
    before, after = items[:low], items[high:]
    if before and all(name_of(item[0]) == "AT" for item in before) and kept[:1] == items[low : low + 1]:
        kept = before + kept
    if after and all(name_of(item[0]) == "AT" for item in after) and kept[-1:] == items[high - 1 : high]:
        kept = kept + after
    return kept


def _best_run(items: list[Any], flags: int) -> list[Any]:
    """The items between two open repeats of any text that have the most literals."""
    runs: list[list[Any]] = [[]]
    for item in items:
        is_text = any(
            crosses == "text" and count > _SPAN_CHARACTERS for crosses, count in _crossings([item], flags, 1)
        )
        if is_text:
            runs.append([])
        elif name_of(item[0]) not in EMPTY:
            runs[-1].append(item)
    return max(runs, key=lambda run: sum(name_of(item[0]) == "LITERAL" for item in run))


def _light(items: list[Any], flags: int) -> list[Any]:
    """The items from the first on that no character beyond ASCII may begin: such a beginning is slow."""
    for at, item in enumerate(items):
        if name_of(item[0]) in ("LITERAL", "SUBPATTERN", "BRANCH") or not begins_wide(item, flags):
            return items[at:]
    return items


def _fewest(item: Any) -> Any:
    operation, argument = item
    if name_of(operation) in REPEATS and argument[0] >= 1:
        return operation, (argument[0], argument[0], argument[2])
    return item


def _backtracks(items: Sequence[Any], is_repeated: bool = False) -> bool:
    """Whether one open repeat stands in another: then `re` may need a time that grows without bound."""
    for operation, argument in items:
        name = name_of(operation)
        is_open = name in REPEATS and int(argument[1]) > COUNT
        if is_open and is_repeated:
            return True
        if any(_backtracks(inner, is_repeated or is_open) for inner in inner_of(name, argument)):
            return True
    return False


def _reach(items: Sequence[Any], flags: int) -> str:
    reach, characters = LINE, 0
    for crosses, count in _crossings(items, flags, 1):
        if crosses == "text" and count > _SPAN_CHARACTERS:
            return WHOLE
        reach = LINES
        characters += min(count, _SPAN_CHARACTERS)
        if crosses == "text" and characters > _SPAN_CHARACTERS:
            return WHOLE
    return reach


def _crossings(items: Sequence[Any], flags: int, times: int) -> Iterator[tuple[str, int]]:
    """Every item that may match a line end: as white space or as any text, and how often at most."""
    for operation, argument in items:
        name = name_of(operation)
        inner_flags, inner_times = flags, times
        is_far = name == "AT" and name_of(argument) in ("AT_BEGINNING_STRING", "AT_END_STRING")
        if is_far or name == "GROUPREF_EXISTS":
            yield "text", 1 << 31
        elif name in REPEATS:
            inner_times = min(1 << 31, times * int(argument[1]))
        elif name == "SUBPATTERN":
            inner_flags = (flags | argument[1]) & ~argument[2]
        crosses = _crosses(name, argument, flags)
        if crosses:
            yield crosses, times
        for inner in inner_of(name, argument):
            yield from _crossings(inner, inner_flags, inner_times)


def _crosses(name: str, argument: Any, flags: int) -> str:
    if name == "LITERAL":
        return "space" if argument == 10 else ""
    if name == "NOT_LITERAL":
        return "text" if argument != 10 else ""
    if name == "ANY":
        return "text" if flags & re.DOTALL else ""
    if name != "IN":
        return ""
    items = [(name_of(operation), value) for operation, value in argument]
    is_negated = items[0][0] == "NEGATE"
    members = items[1:] if is_negated else items
    if any(is_in(member, value, 10) for member, value in members) == is_negated:
        return ""
    is_text = is_negated or any(is_in(m, v, code) for m, v in members for code in (97, 65, 48, 46))
    return "text" if is_text else "space"
