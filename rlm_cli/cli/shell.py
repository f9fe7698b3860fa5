"""`rlm shell [PATH…]`: questions in a row over one kernel."""

from __future__ import annotations

import os
import sys
from typing import Annotated

import typer

from rlm_cli.base.errors import UsageError
from rlm_cli.cli.commands import new_app
from rlm_cli.cli.options import (
    CORPUS_SETTINGS,
    LIMIT_SETTINGS,
    MODEL_SETTINGS,
    SAFETY_SETTINGS,
    Given,
    Profile,
    Quiet,
    Verbose,
    takes_settings,
    verbosity,
)

app = new_app()


@app.command(epilog="In the shell, /help lists its commands.")
@takes_settings(
    *CORPUS_SETTINGS, *MODEL_SETTINGS, *LIMIT_SETTINGS, "output.ui", "output.color", *SAFETY_SETTINGS
)
def shell(
    given: Given,
    paths: Annotated[
        list[str] | None, typer.Argument(metavar="PATH...", help="Files and folders; this one without any.")
    ] = None,
    resume: Annotated[
        str | None,
        typer.Option("--resume", metavar="ID", help="Go on with a session.", rich_help_panel="Session"),
    ] = None,
    continue_: Annotated[
        bool,
        typer.Option("-c", "--continue", help="Go on with the last session.", rich_help_panel="Session"),
    ] = False,
    no_save: Annotated[
        bool, typer.Option("--no-save", help="Keep no session file.", rich_help_panel="Session")
    ] = False,
    vi: Annotated[bool, typer.Option("--vi", help="Edit as in vi.")] = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
    profile: Profile = None,
) -> int:
    """Ask questions in a row over one kernel, and run your own Python in it."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise UsageError("the shell needs a terminal", "stdin or stdout is none", "rlm ask PATH 'question'")
    from rlm_cli.cli.shelling import ShellChoices, run_shell

    reference = "last" if continue_ and resume is None else resume
    if reference is not None and paths:
        raise UsageError("a session that goes on takes no paths", "it reads its own", f"Leave out {paths[0]}")
    choices = ShellChoices(
        given={**given, **verbosity(quiet, verbose)},
        profile=profile,
        paths=tuple(paths or ["."]),
        reference=reference,
        is_kept=not no_save,
        is_vi=vi,
    )
    return run_shell(choices, dict(os.environ))
