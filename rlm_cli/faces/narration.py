"""The human half of every plain face: what happens, as lines on stderr."""

from __future__ import annotations

from rlm_cli.events import Event
from rlm_cli.faces.options import FaceOptions
from rlm_cli.faces.output import Sink
from rlm_cli.views.line import Line, Moment, Told, Verbosity
from rlm_cli.views.lines import closing_lines, tell
from rlm_cli.views.result import ended
from rlm_cli.views.run import RunView


class Narrator:
    """Tells a run on one stream."""

    def __init__(self, err: Sink, options: FaceOptions) -> None:
        self._err = err
        self._options = options
        self._told = Told()

    async def hear(self, view: RunView, event: Event) -> None:
        """Tell an event; `view` is the view after it."""
        self._told, lines = tell(self._told, Moment(view, event, self._options.verbosity))
        if not self._options.is_silent:
            await self._err.lines(lines)

    async def close(self, view: RunView) -> None:
        """Tell how the run ended."""
        is_failed = ended(view).status == "failed"
        if not self._options.is_silent:
            await self._err.lines(closing_lines(view, self._options.session, self._options.verbosity))
        elif is_failed:
            await self._err.lines(closing_lines(view, self._options.session, Verbosity.QUIET)[:1])

    async def remark(self, text: str, tone: str = "plain") -> None:
        """Say something that is no event: where the answer was written, why it could not be."""
        if tone == "error" or not self._options.is_silent:
            await self._err.lines([Line(text, tone)])
