"""A small program that shows half a run on its terminal, and then does what it was told to do.

    python -m tests.terminal.driver wait|crash|break

`wait` goes on until it is stopped; `crash` fails as a program does that has a fault; `break` has a view that
fails in the middle of the run, and ends it. The commands that its keys give are written to stdout.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from dataclasses import replace

from rlm_cli.events import Event
from rlm_cli.events.bodies import SubFinished
from rlm_cli.events.commands import Command
from rlm_cli.faces.choosing import face_for
from rlm_cli.faces.live.terminal import DescriptorTerminal
from rlm_cli.faces.options import FaceOptions
from rlm_cli.faces.output import standard_output
from tests.fakes.story import STORY

EVENTS = [Event(seq=n, t=t, span=span, body=body) for n, (t, span, body) in enumerate(STORY, 1)]
HALF = next(
    event.seq for event in EVENTS if isinstance(event.body, SubFinished) and event.span.endswith("s30")
)


async def half_a_run(then: str) -> AsyncIterator[Event]:
    for event in EVENTS[:HALF]:
        yield event
    await asyncio.sleep(0.3)
    if then == "crash":
        raise RuntimeError("a fault of the program")
    if then == "break":
        break_the_view()
    for event in EVENTS[HALF:]:
        if then == "wait":
            await asyncio.sleep(3600)
        await asyncio.sleep(0.002)
        yield event


def break_the_view() -> None:
    def size(self: DescriptorTerminal) -> tuple[int, int]:
        raise ValueError("a fault of the view")

    DescriptorTerminal.size = size  # type: ignore[method-assign]


def main() -> int:
    output = standard_output(os.environ)
    face = face_for("text", output, replace(FaceOptions(), reads_keys=True))

    def submit(command: Command) -> None:
        os.write(1, f"{command}\n".encode())

    return asyncio.run(face(half_a_run(sys.argv[1]), submit))  # type: ignore[arg-type]


if __name__ == "__main__":
    sys.exit(main())
