"""What a run has cost so far, folded from the usage in each response. Knows nothing of prices."""

from __future__ import annotations

from msgspec import Struct
from msgspec.structs import replace

from rlm_cli.events import Event
from rlm_cli.events.bodies import ReplyFinished, RunFinished, RunResumed, RunStarted, SubFinished, SubQueued
from rlm_cli.events.values import Usage

ROOT = "root"


class Spend(Struct, frozen=True):
    """Usage of the root model, and of all sub-calls and child runs.

    Shape:   a child run's end is not counted, because all of its own calls were; `children` are the
             sub-calls that are child runs, and under way.
    """

    root: Usage = Usage()
    sub: Usage = Usage()
    children: frozenset[str] = frozenset()

    @property
    def total(self) -> Usage:
        """Both together."""
        return self.root + self.sub


def reduce_spend(spend: Spend, event: Event) -> Spend:
    """The spend after an event. The end of the run has the last word: it knows of failed attempts too."""
    match event.body:
        case RunStarted() if event.span == ROOT:
            return Spend()
        case RunResumed(root_usage=root, sub_usage=sub):
            return Spend(root=root, sub=sub)
        case ReplyFinished(usage=usage) if _is_of_root(event.span):
            return replace(spend, root=spend.root + usage)
        case ReplyFinished(usage=usage):
            return replace(spend, sub=spend.sub + usage)
        case SubQueued(op="rlm"):
            return replace(spend, children=spend.children | {event.span})
        case SubFinished() if event.span in spend.children:
            return replace(spend, children=spend.children - {event.span})
        case SubFinished(usage=usage):
            return replace(spend, sub=spend.sub + usage)
        case RunFinished(root_usage=root, sub_usage=sub) if event.span == ROOT:
            return replace(spend, root=root, sub=sub)
    return spend


def _is_of_root(span: str) -> bool:
    return span.count("/") <= 1
