"""Items of a pattern as an expression of the linear engine, ASCII exactly and everything else at least.

Where Unicode tables of two programs may differ, a class takes all characters beyond ASCII.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from rlm_cli.inkernel.patterns import EMPTY, REPEATS, Unsure, inner_of, name_of

_WIDE = r"\x{80}-\x{d7ff}\x{e000}-\x{10ffff}"
_WIDE_SPACES = r"\x{85}\x{a0}\x{1680}\x{2000}-\x{200a}\x{2028}\x{2029}\x{202f}\x{205f}\x{3000}"
_ODD_CASES = r"[\x{130}\x{131}\x{17f}\x{212a}]"
"""İ ı ſ K match i, s and k when case is ignored; engines disagree about some of them."""
_DIGITS = (
    r"\x{660}-\x{669}\x{6f0}-\x{6f9}\x{7c0}-\x{7c9}\x{966}-\x{def}\x{e50}-\x{f29}\x{1040}-\x{1099}"
    r"\x{17e0}-\x{1c59}\x{a620}-\x{abf9}\x{ff10}-\x{ff19}\x{104a0}-\x{1e959}\x{1fbf0}-\x{1fbf9}"
)
"""All digits beyond ASCII, and the letters that stand between them: few ranges are compiled quickly."""
COUNT = 32
_MANY = 64
_LONGEST_EXPRESSION = 8000
_CATEGORIES = {
    "CATEGORY_DIGIT": r"\d",
    "CATEGORY_NOT_DIGIT": r"\D",
    "CATEGORY_SPACE": r"\s",
    "CATEGORY_NOT_SPACE": r"\S",
    "CATEGORY_WORD": r"\w",
    "CATEGORY_NOT_WORD": r"\W",
}


def expressions(items: list[Any], flags: int) -> Iterator[str]:
    """One expression, or one for each of many alternatives."""
    for at, (operation, argument) in enumerate(items):
        branches, inner_flags = _branches(name_of(operation), argument, flags)
        if len(branches) > _MANY:
            before, after = _sequence(items[:at], flags), _sequence(items[at + 1 :], flags)
            for branch in branches:
                yield _checked(before + _scoped(_sequence(branch, inner_flags), inner_flags) + after, flags)
            return
    yield _checked(_sequence(items, flags), flags)


def _branches(name: str, argument: Any, flags: int) -> tuple[list[Any], int]:
    if name == "SUBPATTERN" and len(argument[3]) == 1:
        inner, content = argument[3][0]
        return _branches(name_of(inner), content, (flags | argument[1]) & ~argument[2])
    return (argument[1], flags) if name == "BRANCH" else ([], flags)


def _checked(expression: str, flags: int) -> str:
    if len(expression) > _LONGEST_EXPRESSION:
        raise Unsure
    return _scoped(expression, flags)


def _scoped(expression: str, flags: int) -> str:
    return f"(?i:{expression})" if flags & re.IGNORECASE else f"(?-i:{expression})"


def _sequence(items: Sequence[Any], flags: int) -> str:
    return "".join(_item(name_of(operation), argument, flags) for operation, argument in items)


def _item(name: str, argument: Any, flags: int) -> str:
    if name == "LITERAL":
        return _literal(argument, flags)
    if name == "NOT_LITERAL":
        return _set([("NEGATE", None), ("LITERAL", argument)], flags)
    if name == "ANY":
        return (
            rf"[\x{{0}}-\x{{7f}}{_WIDE}]"
            if flags & re.DOTALL
            else rf"[\x{{0}}-\x{{9}}\x{{b}}-\x{{7f}}{_WIDE}]"
        )
    if name == "IN":
        return _set([(name_of(operation), value) for operation, value in argument], flags)
    if name in REPEATS:
        return _repeat(argument, flags)
    if name == "SUBPATTERN":
        inner_flags = (flags | argument[1]) & ~argument[2]
        return _scoped(_sequence(argument[3], inner_flags), inner_flags)
    if name == "ATOMIC_GROUP":
        return f"(?:{_sequence(argument, flags)})"
    if name == "BRANCH":
        return f"(?:{'|'.join(_sequence(branch, flags) for branch in argument[1])})"
    if name == "AT":
        return _at(name_of(argument), flags)
    if name in EMPTY:
        return ""
    raise Unsure


def _at(place: str, flags: int) -> str:
    if flags & re.MULTILINE:
        return {"AT_BEGINNING": "^", "AT_END": "$"}.get(place, "")
    return ""


def _repeat(argument: Any, flags: int) -> str:
    fewest, most = min(int(argument[0]), COUNT), int(argument[1])
    inner = f"(?:{_sequence(argument[2], flags)})"
    if inner == "(?:)":
        return ""
    if most > COUNT:
        return inner + ("*" if fewest == 0 else "+" if fewest == 1 else f"{{{fewest},}}")
    return inner + f"{{{fewest},{most}}}"


def _literal(code: int, flags: int) -> str:
    if code < 128:
        return chr(code) if chr(code).isalnum() else _code(code)
    cases = sorted(_cases(code)) if flags & re.IGNORECASE else [code]
    return f"[{''.join(map(_code, cases))}]" if len(cases) > 1 else _code(code)


def _code(code: int) -> str:
    return f"\\x{{{code:x}}}"


def _cases(code: int) -> set[int]:
    """Every character that stands for this one when case is ignored."""
    found, waiting = {code}, [code]
    extra: dict[int, Sequence[int]] = getattr(getattr(re, "_casefix", None), "_EXTRA_CASES", {})
    while waiting:
        here = waiting.pop()
        one = chr(here)
        forms = {ord(form) for form in (one.lower(), one.upper(), one.title()) if len(form) == 1}
        for case in (forms | set(extra.get(here, ()))) - found:
            found.add(case)
            waiting.append(case)
    return found


def _set(items: list[tuple[str, Any]], flags: int) -> str:
    """A class: ASCII exactly, everything else at least."""
    is_negated = items[0][0] == "NEGATE"
    members = items[1:] if is_negated else items
    low = [code for code in range(128) if _holds(members, code, flags, is_negated)]
    wide = _WIDE if is_negated else "".join(_wide(name, value, flags) for name, value in members)
    if not low and not wide:
        raise Unsure
    return f"[{_ranges(low)}{wide}]"


def _holds(members: list[tuple[str, Any]], code: int, flags: int, is_negated: bool) -> bool:
    cases = {code, ord(chr(code).lower()), ord(chr(code).upper())} if flags & re.IGNORECASE else {code}
    if is_negated:
        return any(not any(is_in(name, value, case) for name, value in members) for case in cases)
    return any(is_in(name, value, case) for name, value in members for case in cases)


def is_in(name: str, value: Any, code: int) -> bool:
    if name == "LITERAL":
        return bool(code == value)
    if name == "RANGE":
        return bool(value[0] <= code <= value[1])
    if name == "CATEGORY" and name_of(value) in _CATEGORIES:
        return re.match(_CATEGORIES[name_of(value)], chr(code)) is not None
    raise Unsure


def _wide(name: str, value: Any, flags: int) -> str:
    """What a member of a class holds beyond ASCII."""
    is_ignored = flags & re.IGNORECASE
    if name == "LITERAL" and value > 127:
        return "".join(_code(case) for case in (_cases(value) if is_ignored else (value,)) if case > 127)
    if name == "RANGE" and value[1] > 127:
        return _WIDE if is_ignored else f"{_code(max(128, value[0]))}-{_code(value[1])}"
    if name == "CATEGORY":
        return {"CATEGORY_SPACE": _WIDE_SPACES, "CATEGORY_DIGIT": _DIGITS}.get(name_of(value), _WIDE)
    return ""


def _ranges(codes: list[int]) -> str:
    pieces: list[str] = []
    at = 0
    while at < len(codes):
        end = at
        while end + 1 < len(codes) and codes[end + 1] == codes[end] + 1:
            end += 1
        pieces.append(_code(codes[at]) + (f"-{_code(codes[end])}" if end > at else ""))
        at = end + 1
    return "".join(pieces)


def odd(items: Sequence[Any], flags: int) -> set[str]:
    """Characters that the pattern may match and its expressions do not: looked for by themselves."""
    found: set[str] = set()
    for operation, argument in items:
        name = name_of(operation)
        here = (flags | argument[1]) & ~argument[2] if name == "SUBPATTERN" else flags
        if here & re.IGNORECASE and (
            (name == "LITERAL" and chr(argument) in "iIsSkK")
            or (name == "IN" and not _holds_wide(argument, here))
        ):
            found.add(_ODD_CASES)
        for inner in inner_of(name, argument):
            found |= odd(inner, here)
    return found


def _holds_wide(argument: Any, flags: int) -> bool:
    return _WIDE in _item("IN", argument, flags)


def begins_wide(item: Any, flags: int) -> bool:
    """Whether a character beyond ASCII may be the first of an item."""
    name, argument = name_of(item[0]), item[1]
    if name in REPEATS:
        return any(begins_wide(inner, flags) for inner in argument[2])
    return name in ("IN", "NOT_LITERAL", "ANY") and _WIDE in _item(name, argument, flags)
