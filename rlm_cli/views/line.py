"""One line for people, and what decides whether the next one is told. Pure values; knows no screen."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum

from rlm_cli.events import Event, bodies, depth_of
from rlm_cli.views.run import RunView


class Verbosity(IntEnum):
    """How much is told: only what is wrong; what happens; all of it."""

    QUIET = 0
    NORMAL = 1
    VERBOSE = 2


@dataclass(frozen=True)
class Line:
    """One line for people.

    Units:   t is seconds since the question was asked, None for a line that belongs to the one before;
             indent is characters.
    Shape:   tone is `plain`, `title`, `dim`, `code`, `output`, `draft`, `failed`, `warning`, `error`, `said`
             (what a model says) or `markdown` (a block of it, of several lines, for screens); a line of code
             or output is cut where it is too wide, every other is wrapped. is_passing: it says
             how far something is, and is not worth keeping where a screen can show that as it changes.
    """

    text: str
    tone: str = "plain"
    t: float | None = None
    indent: int = 0
    is_passing: bool = False


@dataclass(frozen=True)
class Told:
    """What has been told, as far as it decides what is told next.

    Units:   the times are seconds since the run began.
    Shape:   progress is the last line of progress; is_draft_due: the last draft was not told yet; checked
             counts citations that were found and not told yet; partial is the last, unended line of an
             output by the span of its cell.
    """

    progress_t: float = float("-inf")
    progress: str = ""
    draft_t: float = float("-inf")
    is_draft_due: bool = False
    checked: int = 0
    partial: dict[str, str] = field(default_factory=dict)


Telling = tuple[Told, list[Line]]


@dataclass(frozen=True)
class Moment:
    """What a line may be made from: the event, the view after it, and how much is to be told."""

    view: RunView
    event: Event
    verbosity: Verbosity

    @property
    def t(self) -> float:
        """Seconds since the question was asked."""
        return self.event.t - self.view.began

    @property
    def span(self) -> str:
        """Who speaks."""
        return self.event.span

    @property
    def is_verbose(self) -> bool:
        """Whether all is to be told."""
        return self.verbosity is Verbosity.VERBOSE

    @property
    def depth(self) -> int:
        """How many runs deep this happened. A child run's own facts are spoken by its sub-call."""
        is_by_call = isinstance(self.event.body, _SPOKEN_BY_CALL)
        return depth_of(f"{self.span}/t" if is_by_call else self.span)

    @property
    def is_child(self) -> bool:
        """Whether this happened in a child run."""
        return self.depth > 0


_SPOKEN_BY_CALL = (
    bodies.RunStarted | bodies.RunFinished | bodies.CorpusLoaded | bodies.KernelReady | bodies.CitationChecked
)


def call_name(span: str) -> str:
    """The number of the nearest sub-call of a span, such as `c2/s17`; empty in the root run."""
    parts = span.split("/")
    for place in range(len(parts) - 1, 0, -1):
        if parts[place].startswith("s"):
            return "/".join(parts[max(1, place - 1) : place + 1])
    return ""
