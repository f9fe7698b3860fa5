"""What a face is told when it is made, and the shape that all faces have."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol, runtime_checkable

from rlm_cli.events import Event
from rlm_cli.events.commands import Command
from rlm_cli.views.line import Verbosity
from rlm_cli.views.result import SessionFacts
from rlm_cli.views.run import RunView

Submit = Callable[[Command], None]
Face = Callable[[AsyncIterator[Event], Submit], Awaitable[int]]
"""Shows events until they end; what it returns is the exit code."""


@runtime_checkable
class MergedEvents(Protocol):
    """A stream that joins pieces of text for faces that are busy, unless it is asked not to."""

    def unmerged(self) -> AsyncIterator[Event]:
        """The same events, each as it was recorded."""


@dataclass(frozen=True)
class FaceOptions:
    """How a face is to show a run.

    Units:   tempo is how many seconds of the run pass in one second: 1 live, the speed of a replay, 0 when
             time stands still between events.
    Shape:   start is what was seen before the first event: a replay may begin in the middle of a run.
             answer_format is `text` or `markdown`; is_silent (`--ui none`) leaves stderr empty but for why a
             run failed; out_file gets the answer in place of stdout. ui is `auto`, `live`, `plain` or `none`;
             reads_keys: a live view reads the keys that steer a run; takes_questions: a question that is
             written meanwhile may be submitted, and is asked afterwards.
    """

    verbosity: Verbosity = Verbosity.NORMAL
    is_silent: bool = False
    answer_format: str = "text"
    out_file: Path | None = None
    session: SessionFacts = field(default_factory=SessionFacts)
    ui: str = "auto"
    tempo: float = 1.0
    reads_keys: bool = False
    takes_questions: bool = False
    start: RunView = field(default_factory=RunView)
