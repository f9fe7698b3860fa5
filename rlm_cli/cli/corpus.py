"""`rlm corpus scan`: what would be read, what not and why, and what one full pass costs."""

from __future__ import annotations

from typing import Annotated

import typer

from rlm_cli.cli.commands import new_app
from rlm_cli.cli.options import CORPUS_SETTINGS, AsJson, Given, Profile, takes_settings

app = new_app("See what would be read, and what it would cost.", is_group=True)


@app.command("scan")
@takes_settings(*CORPUS_SETTINGS, "models.sub")
def scan(
    given: Given,
    paths: Annotated[list[str], typer.Argument(metavar="PATH...", help="Files and folders, or - for stdin.")],
    everything: Annotated[bool, typer.Option("--all", help="Name every file that is not read.")] = False,
    as_json: AsJson = False,
    profile: Profile = None,
) -> int:
    """Read files and folders as a question would, and say what was found; no model is called."""
    from rlm_cli.cli.estimating import show_scan
    from rlm_cli.cli.planning import plan_without_question
    from rlm_cli.cli.question import require_existing

    require_existing(paths)
    return show_scan(plan_without_question(given, profile, paths, reads_stdin=True), as_json, everything)
