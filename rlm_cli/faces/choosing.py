"""Which face shows a run. The faces are imported here when they are chosen, not before."""

from __future__ import annotations

from rlm_cli.faces.options import Face, FaceOptions
from rlm_cli.faces.output import Output


def face_for(output_format: str, output: Output, options: FaceOptions) -> Face:
    """The face for a format: `text`, `markdown`, `json` or `jsonl`."""
    if output_format == "json":
        from rlm_cli.faces.json_ import JsonFace

        return JsonFace(output, options)
    if output_format == "jsonl":
        from rlm_cli.faces.jsonl import JsonlFace

        return JsonlFace(output, options)
    from rlm_cli.faces.plain import PlainFace

    return PlainFace(output, options)
