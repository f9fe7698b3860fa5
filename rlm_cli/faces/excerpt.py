"""The face of one part of a run: only its cells, its sub-calls or its drafts, whole, on stdout."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

from rlm_cli.base.errors import ExitCode
from rlm_cli.events import Event, depth_of
from rlm_cli.events.bodies import DraftUpdated
from rlm_cli.faces.delivery import Delivery
from rlm_cli.faces.narration import Narrator
from rlm_cli.faces.options import FaceOptions, Submit
from rlm_cli.faces.output import Output
from rlm_cli.views.line import Line, Moment, Told, Verbosity
from rlm_cli.views.lines import tell
from rlm_cli.views.result import answer_markdown, answer_text, ended
from rlm_cli.views.run import reduce
from rlm_cli.views.selecting import is_in


class ExcerptFace:
    """Implements `options.Face`.

    Shape:   part is a key of `selecting.PARTS`.
    """

    def __init__(self, part: str, output: Output, options: FaceOptions) -> None:
        self._part = part
        self._options = options
        self._out = output.out
        quiet = replace(options, is_silent=True)
        self._delivery = Delivery(output.out, Narrator(output.err, quiet), options.out_file)

    async def __call__(self, events: AsyncIterator[Event], submit: Submit) -> int:
        """Print the part. All events are followed, so that what is printed stands where it stood."""
        view, told = self._options.start, Told()
        async for event in events:
            view = reduce(view, event)
            told, lines = tell(told, Moment(view, event, Verbosity.VERBOSE))
            if self._part != "answer" and is_in(self._part, event):
                await self._out.lines([*lines, *_whole_draft(event)])
                if self._out.is_gone:
                    return ExitCode.BROKEN_PIPE
        if self._part == "answer":
            is_markdown = self._options.answer_format == "markdown"
            await self._delivery.text(answer_markdown(view) if is_markdown else answer_text(view))
        return await self._delivery.exit_code(ended(view).exit_code)


def _whole_draft(event: Event) -> list[Line]:
    if not isinstance(event.body, DraftUpdated) or depth_of(event.span) > 0:
        return []
    return [Line(each, "plain", None, 4) for each in event.body.content.splitlines()]
