"""What of a well-formed frame is still refused or cut: numbers, nesting and lengths no cell may choose.

A forged frame has the right shape; what it says is a cell's word. Numbers that others count or allocate by
are refused, text that goes on to the model or the screen is cut. It knows frames, not cells.
"""

from __future__ import annotations

from typing import Any

import msgspec

from rlm_cli.base.text import head_and_tail
from rlm_cli.events.values import Problem
from rlm_cli.ports import CiteCall, LlmCall, RlmCall

DEPTH = 64
BATCH = 100_000
_NUMBER = 2**53
_SHOWN_CHARACTERS = 32 * 1024
_MESSAGE_CHARACTERS = 8 * 1024
_NAME_CHARACTERS = 200
_VARIABLES = 500


class OutOfBounds(ValueError):
    """A frame of the right shape says what no kernel of ours would say."""


def check_number(number: int, what: str) -> None:
    """Do nothing for a number that can count frames or cells.

    Errors:  OutOfBounds for any other.
    """
    if not 0 <= number < _NUMBER:
        raise OutOfBounds(f"{what} is {number}")


def check_call(call: LlmCall | RlmCall | CiteCall) -> None:
    """Do nothing for a call whose numbers and nesting are within bounds.

    Errors:  OutOfBounds for any other.
    """
    if isinstance(call, CiteCall):
        check_number(call.start or 0, "the start of a quotation")
        if isinstance(call.document, int):
            check_number(call.document, "a document's number")
        return
    if not (0 <= call.index < max(1, call.of) <= BATCH and 0 <= call.batch <= BATCH):
        raise OutOfBounds(f"call {call.index} of {call.of} in batch {call.batch}")
    if isinstance(call, LlmCall):
        check_depth(call.schema)
    elif call.documents is not None:
        for each in call.documents:
            check_number(each, "a document's number")


def check_depth(value: Any) -> None:
    """Do nothing for a value that is nested at most 64 deep: deeper ones end others' recursion.

    Errors:  OutOfBounds.
    """
    level: list[Any] = [value]
    for _ in range(DEPTH + 1):
        level = [
            inner
            for each in level
            if isinstance(each, dict | list)
            for inner in (each.values() if isinstance(each, dict) else each)
            if isinstance(inner, dict | list)
        ]
        if not level:
            return
    raise OutOfBounds(f"a value is nested more than {DEPTH} deep")


def cut_problem(problem: Problem | None) -> Problem | None:
    """A problem with texts of bounded length."""
    if problem is None:
        return None
    return msgspec.structs.replace(
        problem,
        kind=problem.kind[:_NAME_CHARACTERS],
        message=head_and_tail(problem.message, _MESSAGE_CHARACTERS)[0],
        detail=head_and_tail(problem.detail, _MESSAGE_CHARACTERS)[0],
    )


def cut_shown(shown: str, omitted: int) -> tuple[str, int]:
    """The output that the model is shown, and how much of it is left out, whatever the kernel says."""
    text, more = head_and_tail(shown, _SHOWN_CHARACTERS)
    return text, min(max(0, omitted), _NUMBER) + more


def cut_rows(rows: list[tuple[str, str, str]]) -> list[tuple[str, str, str]]:
    """Names, types and sizes of variables, so many and so long as people can read."""
    return [
        (name[:_NAME_CHARACTERS], kind[:_NAME_CHARACTERS], size[:_NAME_CHARACTERS])
        for name, kind, size in rows[:_VARIABLES]
    ]
