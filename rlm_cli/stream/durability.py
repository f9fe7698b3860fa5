"""Which events must be on the disk before the run goes on. Pure; knows no file.

Source:  one fdatasync costs up to 4 ms: at each model reply, cell result, draft, end of a batch of
         sub-calls and of the run, never at a token. A cell that grows its draft in a loop makes hundreds of
         drafts a second; those share one sync in a tenth of a second, and the cell's end has its own.
"""

from __future__ import annotations

from rlm_cli.events import Event, parent_span
from rlm_cli.events.bodies import (
    CellFinished,
    DraftUpdated,
    ReplyFinished,
    RunFinished,
    SubFinished,
    SubQueued,
)

_DRAFTS_SECONDS = 0.1


class Durability:
    """Remembers which batches are under way and when the last sync was due."""

    def __init__(self) -> None:
        self._batch_of: dict[str, tuple[str, int]] = {}
        self._remaining: dict[tuple[str, int], int] = {}
        self._last = float("-inf")

    def is_due(self, event: Event) -> bool:
        """Whether this event has to be on the disk before the next one."""
        if not self._is_due(event):
            return False
        self._last = event.t
        return True

    def _is_due(self, event: Event) -> bool:
        match event.body:
            case ReplyFinished() | CellFinished() | RunFinished():
                return True
            case DraftUpdated():
                return event.t - self._last >= _DRAFTS_SECONDS
            case SubQueued(batch=batch, of=of) if batch > 0:
                key = (parent_span(event.span), batch)
                self._batch_of[event.span] = key
                self._remaining.setdefault(key, of)
                return False
            case SubFinished():
                return self._ends_a_batch(event.span)
        return False

    def _ends_a_batch(self, span: str) -> bool:
        key = self._batch_of.pop(span, None)
        if key is None:
            return False
        self._remaining[key] -= 1
        if self._remaining[key] > 0:
            return False
        del self._remaining[key]
        return True
