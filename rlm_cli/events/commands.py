"""What a face may ask of a run. Commands go down; each is a plain value."""

from __future__ import annotations

from msgspec import Struct


class Interrupt(Struct, frozen=True, tag_field="command", tag="interrupt"):
    """Stop. force 1: after this step, calls in flight cancelled; 2: interrupt the kernel; 3: kill."""

    force: int = 1


class AnswerNow(Struct, frozen=True, tag_field="command", tag="answer_now"):
    """The root model is asked to give its answer in the next turn."""


class Steer(Struct, frozen=True, tag_field="command", tag="steer"):
    """A note of the user for the next turn."""

    note: str


class Pause(Struct, frozen=True, tag_field="command", tag="pause"):
    """Wait before the next turn (or go on)."""

    is_paused: bool = True


class Ask(Struct, frozen=True, tag_field="command", tag="ask"):
    """A question that waits for its turn: it is asked when the one at hand has its answer."""

    question: str


class Decide(Struct, frozen=True, tag_field="command", tag="decide"):
    """The answer to a `decision.asked` event."""

    id: str
    choice: str


Command = Interrupt | AnswerNow | Steer | Pause | Ask | Decide
