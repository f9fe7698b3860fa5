"""A session as a film: the view at any of its events, found quickly. Pure; knows no file and no clock.

The views at the beginning of each turn are kept, and what lies between is folded when it is asked for.
"""

from __future__ import annotations

import bisect
import re
from collections.abc import Sequence
from dataclasses import dataclass

from msgspec.structs import replace

from rlm_cli.events import Event, bodies, depth_of, parent_span
from rlm_cli.views.gathering import SUB_EVENTS, gathered
from rlm_cli.views.run import RunView, reduce
from rlm_cli.views.spend import Spend, reduce_spend

_FURTHEST = 4_000
_BARRIERS = (bodies.RunStarted, bodies.CorpusLoaded, bodies.TurnStarted, bodies.RunFinished)


@dataclass(frozen=True)
class Scene:
    """Where a turn of the root run begins.

    Shape:   index is the place of its first event.
    """

    turn: int
    index: int


class Film:
    """The events of a session, and where to find what in them."""

    def __init__(self, events: Sequence[Event]) -> None:
        self.events = events
        self.scenes = [
            Scene(event.body.turn, index)
            for index, event in enumerate(events)
            if isinstance(event.body, bodies.TurnStarted) and depth_of(event.span) == 0
        ]
        self._starts = [0]
        self._views = [RunView()]

    def __len__(self) -> int:
        return len(self.events)

    def at(self, index: int) -> RunView:
        """The view before an event: `fold(events[:index])`."""
        index = max(0, min(index, len(self.events)))
        self._prepare(index)
        place = bisect.bisect_right(self._starts, index) - 1
        return _folded(self._views[place], self.events[self._starts[place] : index])

    def scene_of(self, turn: int) -> int | None:
        """The index at which a turn begins; None when there is no such turn."""
        return next((scene.index for scene in self.scenes if scene.turn == turn), None)

    def end_of(self, turn: int) -> int:
        """The index behind a turn; that behind the last event for the last turn."""
        later = [scene.index for scene in self.scenes if scene.turn > turn]
        return min(later, default=len(self.events))

    def scene_before(self, index: int) -> int:
        """The index at which the turn before this place begins; 0 when there is none."""
        return max((scene.index for scene in self.scenes if scene.index < index), default=0)

    def scene_after(self, index: int) -> int:
        """The index at which the next turn begins; the end when there is none."""
        return min((scene.index for scene in self.scenes if scene.index > index), default=len(self))

    def step_after(self, index: int) -> int:
        """The index behind the next event that is worth stopping at."""
        for place in range(index, len(self.events)):
            if is_step(self.events[place]):
                return place + 1
        return len(self.events)

    def step_before(self, index: int) -> int:
        """The index behind the last event worth stopping at before the one that was shown last."""
        for place in range(min(index, len(self.events)) - 2, -1, -1):
            if is_step(self.events[place]):
                return place + 1
        return 0

    def drafts_before(self, index: int) -> list[bodies.DraftUpdated]:
        """The last two drafts of the root run before a place; fewer when there were fewer."""
        found: list[bodies.DraftUpdated] = []
        for event in reversed(self.events[:index]):
            if isinstance(event.body, bodies.DraftUpdated) and depth_of(event.span) == 0:
                found.insert(0, event.body)
                if len(found) == 2:
                    break
        return found

    def find(self, words: str, after: int) -> int | None:
        """The index behind the next event in whose texts these words stand, any case; None when none does."""
        pattern = re.compile(re.escape(words), re.IGNORECASE)
        for place in range(after, len(self.events)):
            body = self.events[place].body
            if not isinstance(body, bodies.ReplyDelta) and pattern.search(text_of(body)):
                return place + 1
        return None

    def _prepare(self, index: int) -> None:
        """Keep the views at every turn, and at least every few thousand events, up to a place."""
        while self._starts[-1] + _FURTHEST <= index or self._next_scene() <= index:
            start = self._starts[-1]
            end = min(start + _FURTHEST, self._next_scene(), len(self.events))
            if end <= start:
                return
            self._views.append(_folded(self._views[-1], self.events[start:end]))
            self._starts.append(end)

    def _next_scene(self) -> int:
        place = bisect.bisect_right(self.scenes, self._starts[-1], key=lambda scene: scene.index)
        return self.scenes[place].index if place < len(self.scenes) else len(self.events) + 1


def is_step(event: Event) -> bool:
    """Whether a step by step replay stops behind an event: what the root run says, runs, drafts and ends."""
    if depth_of(event.span) > 0:
        return False
    match event.body:
        case (
            bodies.ReplyDelta()
            | bodies.CellOutput()
            | bodies.SubQueued()
            | bodies.SubStarted()
            | bodies.TurnStarted()
            | bodies.CitationChecked()
        ):
            return False
        case bodies.SubFinished(status=status):
            return status not in ("ok", "recorded")
    return not (isinstance(event.body, _BARRIERS) and parent_span(event.span))


def text_of(body: object) -> str:
    """The texts of an event that a person would look for."""
    match body:
        case bodies.RunStarted(question=text) | bodies.CellStarted(code=text):
            return text
        case bodies.ReplyFinished(text=text) | bodies.SubFinished(text=text) | bodies.Notice(text=text):
            return text
        case bodies.CellFinished(shown=text) | bodies.SubQueued(prompt=text):
            return text
        case bodies.DraftUpdated(content=text) | bodies.RunFinished(answer=text):
            return text
    return ""


def _folded(view: RunView, events: Sequence[Event]) -> RunView:
    """`reduce` over a stretch of events: sub-calls all at once, and no text that is replaced again."""
    if not events:
        return view
    waiting: list[Event] = []
    spend: Spend = view.spend
    finished = max(
        (place for place, event in enumerate(events) if isinstance(event.body, bodies.ReplyFinished)),
        default=-1,
    )
    for place, event in enumerate(events):
        body = event.body
        if isinstance(body, SUB_EVENTS):
            waiting.append(event)
            spend = reduce_spend(spend, event)
            continue
        if isinstance(body, bodies.ReplyDelta) and place < finished:
            continue
        if waiting:
            view = replace(view, calls=gathered(view.calls, waiting), spend=spend)
            waiting = []
        view = reduce(view, event)
        spend = view.spend
    calls = gathered(view.calls, waiting) if waiting else view.calls
    return replace(view, calls=calls, spend=spend, seq=events[-1].seq, t=events[-1].t)
