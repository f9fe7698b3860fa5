"""The plain face: one line an event on stderr, the answer with its notes on stdout.

For pipes, CI, `ACCESSIBLE=1` and everyone who likes a log: no spinner, no box, no carriage return.
"""

from __future__ import annotations

from collections.abc import AsyncIterator

from rlm_cli.events import Event, parent_span
from rlm_cli.events.bodies import RunFinished
from rlm_cli.faces.delivery import Delivery
from rlm_cli.faces.narration import Narrator
from rlm_cli.faces.options import FaceOptions, Submit
from rlm_cli.faces.output import Output
from rlm_cli.views.result import answer_markdown, answer_text, ended
from rlm_cli.views.run import RunView, reduce


class PlainFace:
    """Implements `options.Face`."""

    def __init__(self, output: Output, options: FaceOptions) -> None:
        self._output = output
        self._options = options
        self._narrator = Narrator(output.err, options)
        self._delivery = Delivery(output.out, self._narrator, options.out_file)

    async def __call__(self, events: AsyncIterator[Event], submit: Submit) -> int:
        """Show the run. The answer is handed over the moment the run has ended."""
        view = self._options.start
        async for event in events:
            view = reduce(view, event)
            await self._narrator.hear(view, event)
            if isinstance(event.body, RunFinished) and not parent_span(event.span):
                await self._close(view)
        if view.finished is None:
            await self._close(view)
        return await self._delivery.exit_code(ended(view).exit_code)

    async def _close(self, view: RunView) -> None:
        answer = answer_markdown(view) if self._options.answer_format == "markdown" else answer_text(view)
        is_together = self._output.out.look.columns is not None and self._output.err.look.columns is not None
        if answer and is_together and not self._options.is_silent:
            answer = f"\n{answer}\n"
        await self._delivery.text(answer)
        await self._narrator.close(view)
