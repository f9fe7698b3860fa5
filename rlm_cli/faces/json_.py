"""The JSON face: one `rlm.result/1` object on stdout when the run has ended, lines for people on stderr."""

from __future__ import annotations

from collections.abc import AsyncIterator

from rlm_cli.events import Event
from rlm_cli.faces.delivery import Delivery
from rlm_cli.faces.narration import Narrator
from rlm_cli.faces.options import FaceOptions, Submit
from rlm_cli.faces.output import Output
from rlm_cli.views.result import ended, result_object
from rlm_cli.views.run import reduce


class JsonFace:
    """Implements `options.Face`."""

    def __init__(self, output: Output, options: FaceOptions) -> None:
        self._options = options
        self._narrator = Narrator(output.err, options)
        self._delivery = Delivery(output.out, self._narrator, options.out_file)

    async def __call__(self, events: AsyncIterator[Event], submit: Submit) -> int:
        """Print the result; a run without an end has a result too."""
        view = self._options.start
        async for event in events:
            view = reduce(view, event)
            await self._narrator.hear(view, event)
        await self._delivery.json(result_object(view, self._options.session))
        await self._narrator.close(view)
        return await self._delivery.exit_code(ended(view).exit_code)
