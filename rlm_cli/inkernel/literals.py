"""What every match of a pattern must contain: literals to look for in bytes before a text is decoded.

Answers may be "do not know" (None), never wrong: a document that has a match is never passed over.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rlm_cli.inkernel.store import Store

_SHORTEST = 3
_BLOCK = 1 << 18
_ODD_CASES = (b"\xc4\xb0", b"\xc4\xb1", b"\xc5\xbf", b"\xe2\x84\xaa")
"""İ ı ſ K: letters that match i, s and k when case is ignored, though their bytes differ."""


@dataclass(frozen=True, slots=True)
class Needles:
    """Literals of which every match has at least one."""

    words: tuple[bytes, ...]
    is_case_ignored: bool

    def may_match(self, store: Store, index: int) -> bool:
        """Whether a document may hold a match."""
        record = store.record(index)
        overlap = max(map(len, self.words))
        if not self.is_case_ignored:
            segment = store.segment(record)
            end = record.start + record.length
            return any(segment.find(word, record.start, end) >= 0 for word in self.words)
        for at in range(0, record.length, _BLOCK):
            block = store.raw(record, at, at + _BLOCK + overlap).lower()
            if any(word in block for word in self.words):
                return True
            if not block.isascii() and any(odd in block for odd in _ODD_CASES):
                return True
        return False


def needles_of(pattern: re.Pattern[str]) -> Needles | None:
    """The needles of a pattern, None when none are known."""
    try:
        parsed = re._parser.parse(pattern.pattern, pattern.flags)  # type: ignore[attr-defined]
    except (re.error, RecursionError, OverflowError):
        return None
    ignores = bool(pattern.flags & re.IGNORECASE) or _has_inner_flags(pattern.pattern)
    words = _needed(parsed)
    if not words or len(words) > 50:
        return None
    if ignores:
        words = [word.lower() for word in words]
    return Needles(tuple(word.encode() for word in words), ignores)


def loosened(expression: str) -> str:
    """The expression with every single space between words matching any white space, line ends too."""
    if " " not in expression or re.search(r"\(\?[a-zA-Z]*x", expression):
        return expression
    pieces: list[str] = []
    at, is_class = 0, False
    while at < len(expression):
        here = expression[at]
        if here == "\\":
            pieces.append(expression[at : at + 2])
            at += 2
            continue
        if is_class:
            is_class = not (here == "]" and expression[at - 1 : at + 1] not in ("[]", "^]"))
        elif here == "[":
            is_class = True
        elif here == " " and not is_class:
            after, before = expression[at + 1 : at + 2], expression[at - 1 : at]
            is_single = after != " " and before != " "
            pieces.append(r"\s" if after and after in "*+?{" else r"\s+" if is_single else " ")
            at += 1
            continue
        pieces.append(here)
        at += 1
    return "".join(pieces)


def _needed(parsed: Any) -> list[str]:
    """Literals of which every match of a parsed sequence has at least one; the best choice of several."""
    choices: list[list[str]] = []
    run: list[str] = []
    for operation, argument in [*parsed, (None, None)]:
        name = str(operation)
        if name == "LITERAL" and argument < 128:
            run.append(chr(argument))
            continue
        if len(run) >= _SHORTEST:
            choices.append(["".join(run)])
        run = []
        inner: list[str] = []
        if name == "SUBPATTERN":
            inner = _needed(argument[3])
        elif name in ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT") and argument[0] >= 1:
            inner = _needed(argument[2])
        elif name == "ATOMIC_GROUP":
            inner = _needed(argument)
        elif name == "BRANCH":
            branches = [_needed(branch) for branch in argument[1]]
            inner = [word for words in branches for word in words] if all(branches) else []
        if inner:
            choices.append(inner)
    return max(choices, key=lambda words: (min(map(len, words)), -len(words)), default=[])


def _has_inner_flags(expression: str) -> bool:
    return "(?" in expression and bool(re.search(r"\(\?[a-zA-Z]*i", expression))
