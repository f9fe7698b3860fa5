"""What stands on a page of a PDF beside its text: values of form fields, notes, text that was struck out.

Runs in a worker, over pdfium's own calls: its text of a page holds none of these.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Iterator
from typing import Any

import pypdfium2.raw as pdfium

_MOST = 10_000
_HIDDEN = 0b10
_STRUCK_OUT = pdfium.FPDF_ANNOT_STRIKEOUT
_UNTOLD = (pdfium.FPDF_ANNOT_LINK, pdfium.FPDF_ANNOT_POPUP)
_WRITTEN = (
    pdfium.FPDF_FORMFIELD_TEXTFIELD,
    pdfium.FPDF_FORMFIELD_COMBOBOX,
    pdfium.FPDF_FORMFIELD_LISTBOX,
)


def marks_of(page: Any, text_page: Any, form: Any) -> Iterator[str]:
    """A line for each filled field, note and struck-out passage of a page, in their order in the file.

    Shape:   form is the document's form environment, None where it has no form.
    """
    for number in range(min(_MOST, pdfium.FPDFPage_GetAnnotCount(page))):
        annotation = pdfium.FPDFPage_GetAnnot(page, number)
        if not annotation:
            continue
        try:
            yield from _lines(annotation, text_page, form)
        finally:
            pdfium.FPDFPage_CloseAnnot(annotation)


def _lines(annotation: Any, text_page: Any, form: Any) -> Iterator[str]:
    kind = pdfium.FPDFAnnot_GetSubtype(annotation)
    if kind in _UNTOLD or pdfium.FPDFAnnot_GetFlags(annotation) & _HIDDEN:
        return
    if kind == pdfium.FPDF_ANNOT_WIDGET:
        value = _field(annotation, form) if form is not None else ""
        if value:
            yield f"[field] {value}"
        return
    struck = _covered(annotation, text_page) if kind == _STRUCK_OUT else ""
    if struck:
        yield f"[struck out] {struck}"
    said = _string(lambda *room: pdfium.FPDFAnnot_GetStringValue(annotation, b"Contents", *room))
    if said:
        who = _string(lambda *room: pdfium.FPDFAnnot_GetStringValue(annotation, b"T", *room))
        yield f"[note by {who}] {said}" if who else f"[note] {said}"


def _field(annotation: Any, form: Any) -> str:
    """`name: value` of a field that was filled; a box as `yes` or `no`."""
    kind = pdfium.FPDFAnnot_GetFormFieldType(form, annotation)
    value = ""
    if kind in _WRITTEN:
        value = _string(lambda *room: pdfium.FPDFAnnot_GetFormFieldValue(form, annotation, *room))
    elif kind == pdfium.FPDF_FORMFIELD_CHECKBOX:
        value = "yes" if pdfium.FPDFAnnot_IsChecked(form, annotation) else "no"
    elif kind == pdfium.FPDF_FORMFIELD_RADIOBUTTON and pdfium.FPDFAnnot_IsChecked(form, annotation):
        value = _string(lambda *room: pdfium.FPDFAnnot_GetFormFieldExportValue(form, annotation, *room))
    if not value:
        return ""
    label = _string(lambda *room: pdfium.FPDFAnnot_GetFormFieldAlternateName(form, annotation, *room))
    name = label or _string(lambda *room: pdfium.FPDFAnnot_GetFormFieldName(form, annotation, *room))
    return f"{name}: {value}" if name else value


def _covered(annotation: Any, text_page: Any) -> str:
    """The words below the quadrilaterals of an annotation."""
    pieces = []
    for number in range(min(_MOST, pdfium.FPDFAnnot_CountAttachmentPoints(annotation))):
        quad = pdfium.FS_QUADPOINTSF()
        if pdfium.FPDFAnnot_GetAttachmentPoints(annotation, number, quad):
            across, up = (quad.x1, quad.x2, quad.x3, quad.x4), (quad.y1, quad.y2, quad.y3, quad.y4)
            text = text_page.get_text_bounded(min(across), min(up), max(across), max(up))
            pieces.append(" ".join(text.split()))
    return " ".join(filter(None, pieces))


def _string(call: Callable[..., int]) -> str:
    """A string of pdfium on one line: asked for its length first, then for its UTF-16 units."""
    size = min(call(None, 0), 1 << 20)
    if size <= 2:
        return ""
    room = ctypes.create_string_buffer(size)
    call(ctypes.cast(room, ctypes.POINTER(pdfium.FPDF_WCHAR)), size)
    return " ".join(room.raw[: size - 2].decode("utf-16-le", "replace").split())
