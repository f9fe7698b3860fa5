"""The face that a command shows its events through, made of settings, streams and the session's place."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from rlm_cli.faces.choosing import face_for
from rlm_cli.faces.options import Face, FaceOptions
from rlm_cli.faces.output import standard_output
from rlm_cli.runs.plan import AskPlan
from rlm_cli.settings.tree import OutputSettings
from rlm_cli.views.line import Verbosity
from rlm_cli.views.result import SessionFacts

_VERBOSITY = {"quiet": Verbosity.QUIET, "normal": Verbosity.NORMAL, "verbose": Verbosity.VERBOSE}


def faces_for(plan: AskPlan) -> Callable[[Path | None], Face]:
    """Makes the face of a plan's run once its session file has a place."""
    return lambda path: face(plan.settings.output, plan.environ, path, plan.output.out)


def face(output: OutputSettings, environ: Mapping[str, str], session: Path | None, out: Path | None) -> Face:
    """The face that these settings ask for."""
    options = FaceOptions(
        verbosity=_VERBOSITY[output.verbosity],
        is_silent=output.ui == "none",
        answer_format=output.format if output.format in ("text", "markdown") else "text",
        out_file=out,
        session=SessionFacts(session.parent.name, str(session)) if session else SessionFacts(),
    )
    return face_for(output.format, standard_output(environ, output.color), options)
