"""A plan without a question, for commands that look at a corpus or at models and ask nothing."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from rlm_cli.cli.options import Given
from rlm_cli.runs.from_settings import key_names, providers_wanted
from rlm_cli.runs.plan import AskPlan
from rlm_cli.settings.keys import credentials
from rlm_cli.settings.locations import directories
from rlm_cli.settings.resolving import Sources, resolve


def plan_without_question(
    given: Given,
    profile: str | None,
    inputs: Sequence[str] = (),
    *,
    reads_stdin: bool = False,
    needs_credentials: bool = True,
) -> AskPlan:
    """The settings, credentials and inputs of a command.

    Errors:  SettingsError; CorpusError when a document on stdin is too large.
    """
    environ, cwd = dict(os.environ), Path.cwd()
    places = directories(environ)
    settings = resolve(Sources(environ=environ, cwd=cwd, directories=places, flags=given, profile=profile))
    stdin = None
    if reads_stdin and "-" in inputs:
        from rlm_cli.cli.terminal import ProcessInput

        stdin = ProcessInput(settings.corpus.max_file_bytes).read()
    return AskPlan(
        settings=settings,
        directories=places,
        inputs=tuple(inputs),
        question="",
        cwd=cwd,
        stdin=stdin,
        environ=credentials(environ, places, key_names(), providers_wanted(settings))
        if needs_credentials
        else environ,
    )
