"""`rlm replay`: a recorded session through the same faces as a live one, or run again and compared."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Annotated

import typer

from rlm_cli.base.errors import UsageError
from rlm_cli.cli.commands import new_app
from rlm_cli.cli.options import OUTPUT_SETTINGS, Given, Profile, Quiet, Verbose, takes_settings, verbosity

app = new_app()

PARTS = ("cells", "calls", "drafts", "answer")


@dataclass(frozen=True)
class Choices:
    """What a replay shows.

    Units:   speed 2.0 is twice as fast as it was; None does not wait.
    Shape:   first and last are turns, None for the whole; part is a word of PARTS, None for everything.
    """

    speed: float | None
    is_stepped: bool
    first: int | None
    last: int | None
    part: str | None
    is_followed: bool


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
        str | None,
        typer.Option("--speed", metavar="X|max", help="2 is twice as fast as it was; max does not wait."),
    ] = None,
    step: Annotated[bool, typer.Option("--step", help="Wait for a key after each step.")] = False,
    first: Annotated[str | None, typer.Option("--from", metavar="TURN", help="Begin with this turn.")] = None,
    last: Annotated[str | None, typer.Option("--to", metavar="TURN", help="End with this turn.")] = None,
    only: Annotated[
        str | None, typer.Option("--only", metavar="PART", help="Only cells, calls, drafts or answer.")
    ] = None,
    follow: Annotated[bool, typer.Option("--follow", help="Go on with a session that still runs.")] = False,
    verify: Annotated[
        bool, typer.Option("--verify", help="Run the cells again over today's files, and compare; exit 9.")
    ] = False,
    over: Annotated[
        list[str] | None,
        typer.Option("--over", metavar="PATH", help="With --verify: these documents, not the recorded ones."),
    ] = None,
    quiet: Quiet = False,
    verbose: Verbose = False,
    profile: Profile = None,
) -> int:
    """Show a recorded session again, as it was shown when it ran. Nothing is sent to any model."""
    from rlm_cli.cli.planning import plan_without_question
    from rlm_cli.stream.sessions import Sessions

    choices = Choices(_speed(speed), step, _turn("--from", first), _turn("--to", last), only, follow)
    _check(choices, verify)
    if over and not verify:
        raise UsageError("--over names the documents of --verify", "", "Add --verify, or leave out --over")
    plan = plan_without_question({**given, **verbosity(quiet, verbose)}, profile, needs_credentials=False)
    path = Sessions(plan.directories.sessions).find(reference)
    if verify:
        from rlm_cli.cli.verifying import verified

        return verified(path, plan, over or [])
    from rlm_cli.cli.showing import Replayed

    return Replayed(path, plan.settings, os.environ).show(choices, is_film=speed is not None)


def _check(choices: Choices, is_verified: bool) -> None:
    if choices.part is not None and choices.part not in PARTS:
        raise UsageError(f"--only {choices.part} cannot be used", f"it must be one of {', '.join(PARTS)}", "")
    if choices.is_followed and (choices.is_stepped or choices.first or choices.last):
        raise UsageError("--follow cannot be used with --step, --from or --to")
    if choices.part is not None and choices.is_stepped:
        raise UsageError("--only and --step cannot be used together")
    if choices.first and choices.last and choices.first > choices.last:
        raise UsageError(f"--from {choices.first} is behind --to {choices.last}")
    is_shown = choices.is_followed or choices.is_stepped or choices.part or choices.first or choices.last
    if is_verified and is_shown:
        raise UsageError("--verify runs the whole session again: it cannot be used with what shows a part")


def _turn(flag: str, text: str | None) -> int | None:
    from rlm_cli.settings.parsing import whole

    if text is None:
        return None
    try:
        turn = whole(text)
    except ValueError:
        turn = 0
    if turn < 1:
        raise UsageError(f"{flag} {text} cannot be used", "turns are counted from 1", f"{flag} 2")
    return turn


def _speed(text: str | None) -> float | None:
    from rlm_cli.settings.parsing import number

    if text is None or text == "max":
        return None
    try:
        speed = number(text.removesuffix("x"))
    except ValueError:
        speed = 0.0
    if speed <= 0:
        raise UsageError(f"--speed {text} cannot be used", "it must be a number above 0, or max", "--speed 2")
    return speed
