"""`rlm replay`: a recorded session through the same faces as a live one."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Annotated

import typer

from rlm_cli.base.errors import UsageError
from rlm_cli.cli.commands import new_app
from rlm_cli.cli.options import OUTPUT_SETTINGS, Given, Profile, Quiet, Verbose, takes_settings, verbosity

if TYPE_CHECKING:
    from rlm_cli.faces.options import Face
    from rlm_cli.stream.reading import Recording

app = new_app()


@app.command()
@takes_settings(*OUTPUT_SETTINGS)
def replay(
    given: Given,
    reference: Annotated[
        str,
        typer.Argument(
            metavar="ID|FILE|last", help="A session: its id or the beginning of it, a file, or last."
        ),
    ],
    speed: Annotated[
        str, typer.Option("--speed", metavar="X|max", help="2 is twice as fast as it was; max does not wait.")
    ] = "max",
    quiet: Quiet = False,
    verbose: Verbose = False,
    profile: Profile = None,
) -> int:
    """Show a recorded session again, as it was shown when it ran. Nothing is run, nothing is sent."""
    import asyncio

    from rlm_cli.cli.facing import face_maker
    from rlm_cli.cli.planning import plan_without_question
    from rlm_cli.stream.reading import read
    from rlm_cli.stream.sessions import Sessions

    pace = _speed(speed)
    plan = plan_without_question({**given, **verbosity(quiet, verbose)}, profile, needs_credentials=False)
    recording = read(Sessions(plan.directories.sessions).find(reference))
    make = face_maker(plan.settings, os.environ)
    return asyncio.run(_shown(recording, make(recording.path), pace))


async def _shown(recording: Recording, face: Face, speed: float | None) -> int:
    from rlm_cli.stream.clock import MonotonicClock
    from rlm_cli.stream.pacing import paced
    from rlm_cli.stream.replaying import as_stream

    events = as_stream([*recording.notices(), *recording.events])
    return await face(paced(events, MonotonicClock(), speed), lambda command: None)


def _speed(text: str) -> float | None:
    from rlm_cli.settings.parsing import number

    if text == "max":
        return None
    try:
        speed = number(text.removesuffix("x"))
    except ValueError:
        speed = 0.0
    if speed <= 0:
        raise UsageError(f"--speed {text} cannot be used", "it must be a number above 0, or max", "--speed 2")
    return speed
