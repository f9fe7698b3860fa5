"""What a call gives back: the text of a reply that also says how it went. It knows nothing of sending."""

from __future__ import annotations

from collections import Counter
from typing import Any


class CallError:
    """Why a call failed: `.kind` (`rate_limit`, `budget`, `timeout` …) and `.message`."""

    def __init__(self, kind: str, message: str) -> None:
        self.kind = kind
        self.message = message

    def __repr__(self) -> str:
        return f"{self.kind}: {self.message}"


class Reply(str):
    """The text of a sub-model's reply, as a `str` that also knows how the call went.

    `.ok` is False when the call failed (the text then says `[failed: kind: message]`); `.error` is None or
    has `.kind` and `.message`; `.data` is the value when a `schema` was given; `.usage` counts tokens;
    `.cached` is True when a recorded reply was used.

    >>> good = [reply for reply in replies if reply.ok]
    """

    ok: bool
    error: CallError | None
    usage: dict[str, Any]
    cached: bool
    data: Any

    def __new__(cls, text: str = "", error: CallError | None = None) -> Reply:
        made = super().__new__(cls, text if error is None else f"[failed: {error.kind}: {error.message}]")
        made.ok, made.error = error is None, error
        made.usage, made.cached, made.data = {}, False, None
        return made

    def __reduce__(self) -> tuple[Any, ...]:
        return _again, (str(self), self.__dict__)


def _again(text: str, known: dict[str, Any]) -> Reply:
    reply = Reply(text)
    reply.__dict__.update(known)
    return reply


def from_frame(fields: dict[str, Any]) -> Reply:
    """The Reply that the program outside has sent."""
    problem = fields.get("problem")
    error = CallError(problem["kind"], problem["message"]) if problem else None
    reply = Reply(fields.get("text", ""), error)
    reply.usage = fields.get("usage", {})
    reply.cached = fields.get("recorded", False)
    reply.data = fields.get("data")
    return reply


class Tally:
    """How the calls of one cell went."""

    def __init__(self) -> None:
        self.calls = 0
        self.failed: Counter[str] = Counter()

    def add(self, reply: Reply) -> None:
        """Count one reply."""
        self.calls += 1
        if reply.error is not None:
            self.failed[reply.error.kind] += 1

    def line(self) -> str:
        """`7 of 200 sub-calls failed: 5 rate_limit, 2 budget`, or nothing when none has."""
        if not self.failed:
            return ""
        kinds = ", ".join(f"{number:,} {kind}" for kind, number in self.failed.most_common())
        noun = "sub-call" if self.calls == 1 else "sub-calls"
        return f"{self.failed.total():,} of {self.calls:,} {noun} failed: {kinds}\n"
