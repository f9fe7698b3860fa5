"""`rlm corpus`: what would be read and what it costs; one document; searches without a model."""

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


@app.command("grep")
@takes_settings(*CORPUS_SETTINGS)
def grep(
    given: Given,
    pattern: Annotated[
        str, typer.Argument(metavar="PATTERN", help="A regular expression, as Python has them.")
    ],
    paths: Annotated[list[str], typer.Argument(metavar="PATH...", help="Files and folders, or - for stdin.")],
    literal: Annotated[bool, typer.Option("--literal", help="Take the pattern as plain words.")] = False,
    case: Annotated[bool, typer.Option("--case", help="Tell A from a.")] = False,
    word: Annotated[bool, typer.Option("--word", help="Match whole words only.")] = False,
    count: Annotated[bool, typer.Option("--count", help="Only count the matches of each document.")] = False,
    context: Annotated[
        str | None, typer.Option("--context", metavar="LINES", help="Show so many lines around each match.")
    ] = None,
    max_hits: Annotated[
        str, typer.Option("--max-hits", metavar="N", help="Stop after so many matches.")
    ] = "1000",
    max_seconds: Annotated[
        str, typer.Option("--max-seconds", metavar="S", help="Stop after so many seconds.")
    ] = "60",
    as_json: AsJson = False,
    profile: Profile = None,
) -> int:
    """Find every match of a pattern in files and folders as a question reads them, with page and line."""
    from rlm_cli.cli.corpus_finding import number, show_found
    from rlm_cli.cli.planning import plan_without_question
    from rlm_cli.cli.question import require_existing

    options: dict[str, bool | int | float | None] = {
        "literal": literal,
        "ignore_case": not case,
        "word": word,
    }
    options["max_seconds"] = number(max_seconds, "--max-seconds", 0.001)
    if not count:
        options["max_hits"] = int(number(max_hits, "--max-hits", 1) or 1)
        if context is not None:
            options["context"] = int(number(context, "--context", 0) or 0)
    require_existing(paths)
    plan = plan_without_question(given, profile, paths, reads_stdin=True, needs_credentials=False)
    return show_found(plan, "count" if count else "grep", pattern, options, as_json)


@app.command("search")
@takes_settings(*CORPUS_SETTINGS)
def search(
    given: Given,
    words: Annotated[str, typer.Argument(metavar="WORDS", help="Words to look for, in one argument.")],
    paths: Annotated[list[str], typer.Argument(metavar="PATH...", help="Files and folders, or - for stdin.")],
    most: Annotated[str, typer.Option("-k", "--most", metavar="N", help="So many passages.")] = "10",
    as_json: AsJson = False,
    profile: Profile = None,
) -> int:
    """Find the passages that fit some words best (BM25) in files and folders, without a model."""
    from rlm_cli.cli.corpus_finding import number, show_found
    from rlm_cli.cli.planning import plan_without_question
    from rlm_cli.cli.question import require_existing

    options = {"k": int(number(most, "--most", 1) or 1)}
    require_existing(paths)
    plan = plan_without_question(given, profile, paths, reads_stdin=True, needs_credentials=False)
    return show_found(plan, "search", words, options, as_json)


@app.command("index")
@takes_settings(*CORPUS_SETTINGS)
def index(
    given: Given,
    paths: Annotated[list[str], typer.Argument(metavar="PATH...", help="Files and folders.")],
    profile: Profile = None,
) -> int:
    """Make the index for ranked search now; for a large corpus a question makes it in the background."""
    from rlm_cli.cli.corpus_finding import show_indexed
    from rlm_cli.cli.planning import plan_without_question
    from rlm_cli.cli.question import require_existing

    require_existing(paths)
    return show_indexed(plan_without_question(given, profile, paths, needs_credentials=False))
