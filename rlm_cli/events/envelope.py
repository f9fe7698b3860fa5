"""The envelope of every event: its number, its time, who speaks. Spans are paths such as `root/t2/c2/s17`."""

from __future__ import annotations

import itertools
from typing import Any

from msgspec import Struct

from rlm_cli.events.bodies import Body


class Event(Struct, frozen=True, kw_only=True):
    """One thing that happened in a run.

    Units:   seq counts 1, 2, 3 … without gaps; t is seconds since the run began, on the monotonic clock.
    Shape:   span is the path of who speaks: turn 2, its cell 2, sub-call 17; a child run hangs below the
             sub-call that made it. `extra` holds fields of the body that this version does not know.
    """

    seq: int
    t: float
    span: str
    body: Body
    extra: dict[str, Any] | None = None


def child_span(span: str, letter: str, number: int) -> str:
    """The span one step below: `child_span("root/t2", "c", 3)` is `root/t2/c3`."""
    return f"{span}/{letter}{number}"


def parent_span(span: str) -> str:
    """The span one step above; the root's parent is empty."""
    return span.rpartition("/")[0]


def run_span(span: str) -> str:
    """The span of the run in which something was said: `root`, or the sub-call that a child run stands for.

    What a run says of itself is spoken by its own span; its turns and cells hang below.
    """
    while (cut := span.rfind("/")) >= 0 and span[cut + 1 : cut + 2] in ("t", "c"):
        span = span[:cut]
    return span


def depth_of(span: str) -> int:
    """How many runs deep a span is: 0 in the root run, 1 in a child run, and so on.

    A child run's own turns stand below a sub-call: `root/t2/c2/s17/t1` is at depth 1.
    """
    parts = span.split("/")
    return sum(1 for a, b in itertools.pairwise(parts) if a[:1] == "s" and b[:1] == "t")
