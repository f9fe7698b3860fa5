"""The face for a run or a replay, from the settings: where what is chosen meets what is shown."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from rlm_cli.cli.terminal import color_asked
from rlm_cli.settings.tree import Settings

if TYPE_CHECKING:
    from rlm_cli.faces.options import Face, FaceOptions
    from rlm_cli.faces.output import Sink
    from rlm_cli.views.run import RunView


def face_maker(
    settings: Settings,
    environ: Mapping[str, str],
    out: Path | None = None,
    *,
    takes_questions: bool = True,
) -> Callable[[Path | None, RunView], Face]:
    """Makes the face of a run from the path of its session file, None when none is kept, and what stands.

    Shape:   takes_questions: more than one answer may come. Into a file, and as one object, only one can.
    """
    from rlm_cli.faces.choosing import face_for
    from rlm_cli.faces.output import standard_output

    color = color_asked(settings.leaves["output.color"], environ)
    takes_questions = takes_questions and out is None and settings.output.format in ("text", "markdown")

    def make(path: Path | None, stands: RunView) -> Face:
        options = replace(
            face_options(settings, path, out), reads_keys=True, takes_questions=takes_questions, start=stands
        )
        return face_for(
            settings.output.format, standard_output(environ, color, settings.output.theme), options
        )

    return make


def sink_of(settings: Settings, environ: Mapping[str, str]) -> Sink:
    """Standard output as the settings want it."""
    from rlm_cli.faces.output import standard_output

    color = color_asked(settings.leaves["output.color"], environ)
    return standard_output(environ, color, settings.output.theme).out


def face_options(settings: Settings, path: Path | None, out: Path | None = None) -> FaceOptions:
    """How a face shows the session at a path, None when none is kept."""
    from rlm_cli.faces.options import FaceOptions
    from rlm_cli.views.line import Verbosity
    from rlm_cli.views.result import SessionFacts

    chosen = settings.output
    return FaceOptions(
        verbosity=Verbosity[chosen.verbosity.upper()],
        is_silent=chosen.ui == "none",
        ui=chosen.ui,
        answer_format="markdown" if chosen.format == "markdown" else "text",
        out_file=out,
        session=SessionFacts(path.parent.name, str(path)) if path else SessionFacts(),
    )
