"""`rlm corpus`: what would be read, what not and why, what it costs; one document as it is read."""

from __future__ import annotations

from typing import Annotated

import typer

from rlm_cli.cli import corpus_cache
from rlm_cli.cli.commands import new_app
from rlm_cli.cli.options import CORPUS_SETTINGS, AsJson, Given, Profile, takes_settings
from rlm_cli.cli.screen import note, say

app = new_app("See what would be read, and what it would cost.", is_group=True)
app.add_typer(corpus_cache.app, name="cache")


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


@app.command("show")
@takes_settings(*CORPUS_SETTINGS)
def show(
    given: Given,
    target: Annotated[
        str, typer.Argument(metavar="FILE[:PAGE]", help="A file, or one inside of it: mail.eml!/offer.pdf:4")
    ],
    profile: Profile = None,
) -> int:
    """Print the text of one document as a question reads it, or one page, sheet or slide of it."""
    from rlm_cli.cli.planning import plan_without_question
    from rlm_cli.runs.documents import shown_document

    shown = shown_document(plan_without_question(given, profile, needs_credentials=False), target)
    note(shown.facts)
    say(shown.text.removesuffix("\n"))
    return 0
