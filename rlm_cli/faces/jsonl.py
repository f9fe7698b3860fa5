"""The JSON Lines face: every event on stdout as it happens, as in the session file but for `prev`.

Large payloads stand in the line itself. With `--out` the answer's text goes to the file.
"""

from __future__ import annotations

from collections.abc import AsyncIterator

from rlm_cli.events import Event
from rlm_cli.events.commands import Interrupt
from rlm_cli.events.wire import event_fields
from rlm_cli.faces.delivery import Delivery
from rlm_cli.faces.narration import Narrator
from rlm_cli.faces.options import FaceOptions, MergedEvents, Submit
from rlm_cli.faces.output import Output
from rlm_cli.views.result import answer_text, ended
from rlm_cli.views.run import reduce


class JsonlFace:
    """Implements `options.Face`."""

    def __init__(self, output: Output, options: FaceOptions) -> None:
        self._out = output.out
        self._options = options
        self._narrator = Narrator(output.err, options)
        self._delivery = Delivery(output.out, self._narrator, options.out_file)

    async def __call__(self, events: AsyncIterator[Event], submit: Submit) -> int:
        """Print every event. When the reader goes away, the run is asked to end."""
        view = self._options.start
        is_asked_to_end = False
        async for event in events.unmerged() if isinstance(events, MergedEvents) else events:
            view = reduce(view, event)
            await self._out.json(event_fields(event))
            if self._out.is_gone and not is_asked_to_end:
                is_asked_to_end = True
                submit(Interrupt())
            await self._narrator.hear(view, event)
        if self._options.out_file is not None:
            await self._delivery.text(answer_text(view))
        await self._narrator.close(view)
        return await self._delivery.exit_code(ended(view).exit_code)
