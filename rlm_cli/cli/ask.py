"""`rlm ask PATH… [QUESTION]`: builds the plan of one question from the command line, and hands it over."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer

from rlm_cli.base import descriptors
from rlm_cli.base.errors import UsageError
from rlm_cli.cli.commands import PlainCommand, new_app
from rlm_cli.cli.going_on import Continue, Fork, Resume, Watch
from rlm_cli.cli.options import (
    CORPUS_SETTINGS,
    LIMIT_SETTINGS,
    MODEL_SETTINGS,
    OUTPUT_SETTINGS,
    SAFETY_SETTINGS,
    Given,
    Profile,
    Quiet,
    Verbose,
    takes_settings,
    verbosity,
)
from rlm_cli.cli.screen import note

app = new_app()

_SETTINGS = (*CORPUS_SETTINGS, *MODEL_SETTINGS, *LIMIT_SETTINGS, *OUTPUT_SETTINGS, *SAFETY_SETTINGS)


class _AskCommand(PlainCommand):
    def collect_usage_pieces(self, ctx: Any) -> list[str]:
        return ["[OPTIONS]", "PATH...", "[QUESTION]"]


@app.command(cls=_AskCommand, epilog="Exit codes: rlm help exit-codes. What is sent where: rlm help privacy.")
@takes_settings(*_SETTINGS)
def ask(
    given: Given,
    words: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="PATH... [QUESTION]", help="Files and folders, or - for stdin; then the question."
        ),
    ] = None,
    question: Annotated[
        list[str] | None,
        typer.Option("-q", "--question", metavar="TEXT", help="The question.", rich_help_panel="Input"),
    ] = None,
    question_file: Annotated[
        list[str] | None,
        typer.Option(
            "-F",
            "--question-file",
            metavar="FILE",
            help="Read the question from a file, or - for stdin.",
            rich_help_panel="Input",
        ),
    ] = None,
    out: Annotated[
        str | None,
        typer.Option(
            "--out",
            metavar="FILE",
            help="Write the answer to a file instead of stdout.",
            rich_help_panel="Output",
        ),
    ] = None,
    schema: Annotated[
        str | None,
        typer.Option(
            "--schema", metavar="FILE", help="The answer must fit this JSON Schema.", rich_help_panel="Output"
        ),
    ] = None,
    quiet: Quiet = False,
    verbose: Verbose = False,
    title: Annotated[
        str,
        typer.Option("--title", metavar="TEXT", help="A title for the session.", rich_help_panel="Session"),
    ] = "",
    no_save: Annotated[
        bool, typer.Option("--no-save", help="Keep no session file.", rich_help_panel="Session")
    ] = False,
    resume: Resume = None,
    continue_: Continue = False,
    fork: Fork = None,
    watch: Watch = False,
    profile: Profile = None,
    estimate: Annotated[
        bool,
        typer.Option(
            "--estimate",
            help="Print what would be read and what it would cost; spend nothing.",
            rich_help_panel="Safety",
        ),
    ] = False,
) -> int:
    """Ask a question about files and folders.

    The last argument is the question when it is not an existing path:

    rlm ask ./contracts "find indemnification conflicts"

    The answer goes to stdout, everything else to stderr.
    """
    from rlm_cli.cli.going_on import protected, recall, wanted
    from rlm_cli.cli.question import Asked, asked
    from rlm_cli.cli.terminal import ProcessInput, streams
    from rlm_cli.runs.from_settings import key_names, providers_wanted
    from rlm_cli.runs.plan import AskPlan, OutputChoices, SessionChoices
    from rlm_cli.settings.keys import credentials
    from rlm_cli.settings.locations import directories
    from rlm_cli.settings.resolving import Sources, resolve

    environ, places, cwd = dict(os.environ), directories(os.environ), Path.cwd()
    want = wanted(resume, continue_, fork, watch)
    flags = {**given, **verbosity(quiet, verbose)}
    sources = Sources(environ=environ, cwd=cwd, directories=places, flags=flags, profile=profile)
    settings = resolve(sources)
    stdin = ProcessInput(settings.corpus.max_file_bytes)
    said = (words or [], question or [], question_file or [], stdin)
    going = recall(want, places.sessions, *said) if want.way else None
    if going is not None:
        settings = resolve(replace(sources, flags={**going.settings_over(settings), **flags}))
        settings = settings if going.is_own else protected(settings, given)
        told = Asked(going.inputs, going.going.question, going.stdin)
    else:
        told = asked(*said)
    plan = AskPlan(
        settings=settings,
        directories=places,
        inputs=told.inputs,
        question=told.question,
        cwd=cwd,
        output=OutputChoices(
            out=_writable(out), schema=_schema(schema) or (going.schema if going is not None else None)
        ),
        session=SessionChoices(title=title, is_kept=not no_save),
        streams=streams(environ),
        stdin=told.stdin,
        environ=credentials(environ, places, key_names(), providers_wanted(settings)),
        argv=tuple(sys.argv[1:]),
    )
    if estimate:
        from rlm_cli.cli.estimating import show_estimate

        return show_estimate(plan)
    from rlm_cli.cli.facing import face_maker

    descriptors.check()
    make_face = face_maker(settings, environ, plan.output.out, takes_questions=not watch)
    if going is not None:
        from rlm_cli.runs.going_on import go_on

        return go_on(plan, going.going, make_face)
    if watch:
        from rlm_cli.runs.watching import ask_and_watch

        return ask_and_watch(plan, make_face, note)
    from rlm_cli.runs.session import run_question

    return run_question(plan, make_face)


def _writable(name: str | None) -> Path | None:
    """The file for the answer, known to be writable before anything is spent."""
    if name is None:
        return None
    out = Path(name)
    folder = out.parent
    if out.is_dir() or not folder.is_dir() or not os.access(out if out.exists() else folder, os.W_OK):
        why = "it is a folder" if out.is_dir() else f"{folder} is no folder that can be written to"
        raise UsageError(f"--out {out} cannot be written", why, "Name a file in a folder that exists")
    return out


def _schema(name: str | None) -> Any:
    if name is None:
        return None
    path = Path(name)
    import json

    from rlm_cli.engine.schemas import check_schema

    try:
        schema = json.loads(path.read_bytes())
    except OSError as problem:
        raise UsageError(f"--schema {path} cannot be read", problem.strerror or str(problem)) from problem
    except ValueError as problem:
        raise UsageError(f"--schema {path} is not JSON", str(problem)) from problem
    try:
        check_schema(schema)
    except UsageError as problem:
        raise UsageError(f"--schema {path}: {problem.what}", problem.why, problem.remedy) from problem
    return schema
