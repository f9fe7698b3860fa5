"""Files for tests of the corpus, made byte by byte: PDFs, Word files, folders."""

from __future__ import annotations

import io
import os
import time
from collections.abc import Sequence
from pathlib import Path

from rlm_cli.corpus.opened import HostCorpus, open_corpus
from rlm_cli.corpus.options import ReadOptions


def pdf(pages: Sequence[Sequence[str]]) -> bytes:
    """A small valid PDF: one list of lines a page, set in Helvetica."""
    objects: list[bytes] = [b"<< /Type /Catalog /Pages 2 0 R >>", b""]
    kids = []
    font = b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>"
    objects.append(font)
    for lines in pages:
        shown = b"".join(b"(%s) Tj T*\n" % _escaped(line) for line in lines)
        stream = b"BT /F1 11 Tf 14 TL 72 720 Td\n" + shown + b"ET"
        objects.append(b"<< /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream))
        content = len(objects)
        objects.append(
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents %d 0 R "
            b"/Resources << /Font << /F1 3 0 R >> >> >>" % content
        )
        kids.append(b"%d 0 R" % len(objects))
    objects[1] = b"<< /Type /Pages /Kids [%s] /Count %d >>" % (b" ".join(kids), len(kids))
    return _numbered(objects)


def encrypted_pdf(pages: Sequence[Sequence[str]], password: str) -> bytes:
    """The same PDF, locked with a password."""
    from pypdf import PdfWriter

    writer = PdfWriter(clone_from=io.BytesIO(pdf(pages)))
    writer.encrypt(password, algorithm="RC4-128")
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def contract_docx() -> bytes:
    """A Word file with headings, a table, a header, a footer, and a tracked change."""
    import docx
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn

    document = docx.Document()
    document.add_heading("Master Agreement", level=1)
    document.add_paragraph("The Supplier shall indemnify the Customer.")
    table = document.add_table(rows=2, cols=2)
    for row, cells in enumerate([("Party", "Cap"), ("Supplier", "USD 5,000,000")]):
        for column, value in enumerate(cells):
            table.cell(row, column).text = value
    changed = document.add_paragraph("Liability is ")
    inserted = OxmlElement("w:ins")
    run, text = OxmlElement("w:r"), OxmlElement("w:t")
    text.text = "unlimited"
    run.append(text)
    inserted.append(run)
    changed._p.append(inserted)
    deleted = OxmlElement("w:del")
    gone, was = OxmlElement("w:r"), OxmlElement("w:delText")
    was.text = "capped"
    was.set(qn("xml:space"), "preserve")
    gone.append(was)
    deleted.append(gone)
    changed._p.append(deleted)
    document.sections[0].header.paragraphs[0].text = "Confidential draft"
    document.sections[0].footer.paragraphs[0].text = "Page footer line"
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def folder_of(root: Path, files: dict[str, str | bytes]) -> Path:
    """A folder with files, written long enough ago for their times to be trusted."""
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        age(path)
    return root


def age(path: Path, seconds: float = 100.5) -> None:
    """Make a file look as if it had been written a while ago."""
    when = time.time() - seconds
    os.utime(path, (when, when))


def opened(root: Path, cache: Path, options: ReadOptions | None = None) -> HostCorpus:
    """The corpus of one folder."""
    return open_corpus([root], options, cache_dir=cache)


def _escaped(line: str) -> bytes:
    raw = line.encode("cp1252")
    return raw.replace(b"\\", b"\\\\").replace(b"(", b"\\(").replace(b")", b"\\)")


def _numbered(objects: Sequence[bytes]) -> bytes:
    out = io.BytesIO()
    out.write(b"%PDF-1.4\n")
    offsets = []
    for number, body in enumerate(objects, 1):
        offsets.append(out.tell())
        out.write(b"%d 0 obj\n%s\nendobj\n" % (number, body))
    start = out.tell()
    out.write(b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1))
    for offset in offsets:
        out.write(b"%010d 00000 n \n" % offset)
    out.write(b"trailer << /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, start))
    return out.getvalue()
