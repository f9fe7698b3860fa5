"""Which face shows a run. The faces are imported here when they are chosen, not before."""

from __future__ import annotations

from rlm_cli.faces.options import Face, FaceOptions
from rlm_cli.faces.output import Output
from rlm_cli.views.line import Verbosity


def face_for(output_format: str, output: Output, options: FaceOptions) -> Face:
    """The face for a format: `text`, `markdown`, `json` or `jsonl`."""
    if output_format == "json" and not is_live(output, options):
        from rlm_cli.faces.json_ import JsonFace

        return JsonFace(output, options)
    if output_format == "jsonl":
        from rlm_cli.faces.jsonl import JsonlFace

        return JsonlFace(output, options)
    if is_live(output, options):
        return _live(output_format, output, options)
    from rlm_cli.faces.plain import PlainFace

    return PlainFace(output, options)


def is_live(output: Output, options: FaceOptions) -> bool:
    """Whether a run is shown as a view that moves: on a terminal, when nothing asks for plain lines.

    Shape:   `--ui live` is above ACCESSIBLE and CI, never above a pipe or TERM=dumb.
    """
    if output.screen is None or options.is_silent or options.ui in ("plain", "none"):
        return False
    return options.ui == "live" or (output.screen.is_usual and options.verbosity is not Verbosity.QUIET)


def _live(output_format: str, output: Output, options: FaceOptions) -> Face:
    from rlm_cli.faces.live.face import LiveFace, Screen
    from rlm_cli.faces.live.keys import Keyboard
    from rlm_cli.faces.live.styling import Style
    from rlm_cli.faces.live.terminal import DescriptorTerminal

    facts = output.screen
    assert facts is not None
    look = output.err.look
    terminal = DescriptorTerminal(facts.descriptor, look.encoding)
    keyboard = Keyboard(0) if facts.has_keys and options.reads_keys else None
    return LiveFace(
        output,
        options,
        Screen(terminal, Style(look.has_colour, look.encoding, look.theme), keyboard),
        output_format,
    )
