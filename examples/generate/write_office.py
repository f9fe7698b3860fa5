"""Writes documents as DOCX, with every date and order in the archive fixed.

Owns the Word form of a document. Must never know what the text says.
"""

from __future__ import annotations

import datetime as dt
import io
import zipfile

import docx
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.shared import Pt

from .blocks import Block, Document, Table, curly

_EPOCH = dt.datetime(2000, 1, 1)


def docx_bytes(document: Document, dated: dt.date) -> bytes:
    """The document as a Word file, dated as the agreement is."""
    word = docx.Document()
    word.styles["Normal"].font.name = "Times New Roman"
    word.styles["Normal"].font.size = Pt(11)
    properties = word.core_properties
    properties.title, properties.author, properties.last_modified_by = document.title, "", ""
    properties.comments, properties.revision = "", 1
    properties.created = properties.modified = dt.datetime.combine(dated, dt.time())
    word.sections[0].header.paragraphs[0].text = curly(document.header)
    word.add_heading(curly(document.title), level=0)
    for block in document.blocks:
        if isinstance(block, Table):
            _add_table(word, block)
        else:
            _add_block(word, block)
    _drop_thumbnail(word)
    out = io.BytesIO()
    word.save(out)
    return _repacked(out.getvalue())


def _add_block(word: docx.document.Document, block: Block) -> None:
    if block.style == "heading":
        word.add_heading(f"{block.number} {curly(block.text)}".strip(), level=1)
        return
    paragraph = word.add_paragraph()
    if block.number:
        paragraph.add_run(f"{block.number}  ").bold = True
    paragraph.add_run(curly(block.text))
    if block.style == "clause":
        paragraph.alignment = WD_ALIGN_PARAGRAPH.JUSTIFY


def _add_table(word: docx.document.Document, table: Table) -> None:
    grid = word.add_table(rows=0, cols=len(table.widths))
    grid.style = "Table Grid"
    for row in table.rows:
        for cell, text in zip(grid.add_row().cells, row, strict=True):
            cell.text = curly(text)


def _drop_thumbnail(word: docx.document.Document) -> None:
    """Removes the picture that the template of python-docx brings along: half of a short file."""
    related = word.part.package.rels
    for name in [name for name, relation in related.items() if relation.reltype.endswith("/thumbnail")]:
        related.pop(name)


def _repacked(archive: bytes) -> bytes:
    """The same archive without the time at which it was made."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(archive)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            entry = zipfile.ZipInfo(name, _EPOCH.timetuple()[:6])
            entry.compress_type = zipfile.ZIP_DEFLATED
            new.writestr(entry, old.read(name))
    return out.getvalue()
