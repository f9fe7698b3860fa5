"""PPTX to text, slide by slide: text, tables, groups, charts' titles and series, notes. Runs in a worker."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

from rlm_cli.corpus.extract import TextOut
from rlm_cli.corpus.opening import Unreadable

_MAX_DEPTH = 50


def extract(data: bytes, out: TextOut, hint: str) -> dict[str, Any]:
    """Write every slide as a part `slide`, and its notes as a part `notes`.

    Errors:  Unreadable when the package is damaged or encrypted, or has no text.
    """
    import zipfile

    import pptx
    from lxml.etree import XMLSyntaxError  # type: ignore[import-untyped,unused-ignore]
    from pptx.exc import PythonPptxError

    try:
        presentation = pptx.Presentation(io.BytesIO(data))
        slides = list(presentation.slides)
    except (
        PythonPptxError,
        zipfile.BadZipFile,
        KeyError,
        ValueError,
        XMLSyntaxError,
        AttributeError,
    ) as error:
        raise Unreadable(f"damaged PowerPoint file: {str(error)[:120] or type(error).__name__}") from error
    for number, slide in enumerate(slides, 1):
        title = slide.shapes.title
        heading = " ".join(title.text_frame.text.split()) if title is not None else ""
        out.part("slide", number, heading[:200])
        out.write(f"# Slide {number}{': ' + heading if heading else ''}\n")
        for shape in slide.shapes:
            if title is None or shape.shape_id != title.shape_id:
                for line in _lines(shape, 0):
                    out.write(line + "\n")
        if slide.has_notes_slide and slide.notes_slide.notes_text_frame is not None:
            notes = slide.notes_slide.notes_text_frame.text.strip()
            if notes:
                out.part("notes", number)
                out.write(f"[notes] {_clean(notes)}\n")
        out.write("\n")
    if not out.visible:
        raise Unreadable("no text in it")
    core = presentation.core_properties
    facts = {"title": core.title, "author": core.author, "created": core.created, "modified": core.modified}
    return {"slides": len(slides), **{name: str(value)[:500] for name, value in facts.items() if value}}


def _lines(shape: Any, depth: int) -> Iterator[str]:
    if depth > _MAX_DEPTH:
        return
    if hasattr(shape, "shapes"):
        for inner in shape.shapes:
            yield from _lines(inner, depth + 1)
    elif getattr(shape, "has_table", False):
        for row in shape.table.rows:
            yield " | ".join(" / ".join(_clean(cell.text).split("\n")) for cell in row.cells)
    elif getattr(shape, "has_chart", False):
        yield from _chart(shape.chart)
    elif shape.has_text_frame:
        yield from (line for line in _clean(shape.text_frame.text).split("\n") if line.strip())


def _chart(chart: Any) -> Iterator[str]:
    if chart.has_title and chart.chart_title.has_text_frame:
        yield f"[chart] {_clean(chart.chart_title.text_frame.text)}"
    for plot in chart.plots:
        yield " | ".join(["", *(str(category) for category in plot.categories)])
        for series in plot.series:
            yield " | ".join([str(series.name), *("" if v is None else str(v) for v in series.values)])


def _clean(text: str) -> str:
    """Line breaks inside of a paragraph are vertical tabs in python-pptx."""
    return text.replace("\v", "\n")
