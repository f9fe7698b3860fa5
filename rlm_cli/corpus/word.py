"""DOCX to text: paragraphs, tables row by row, headers and footers, footnotes. Runs in a worker.

python-docx opens the package and gives its order of blocks. A paragraph's text is read from its runs with
insertions of tracked changes in and deletions out, which python-docx itself leaves to its caller.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from typing import Any

from rlm_cli.corpus.extract import TextOut
from rlm_cli.corpus.opening import Unreadable

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_LEFT_OUT = {
    f"{_W}del",
    f"{_W}moveFrom",
    "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback",
}
_MARKS = {
    f"{_W}tab": "\t",
    f"{_W}br": "\n",
    f"{_W}cr": "\n",
    f"{_W}noBreakHyphen": "-",
    f"{_W}softHyphen": "",
}
_NOTES = {f"{_W}footnoteReference": "^", f"{_W}endnoteReference": "^e"}


def extract(data: bytes, out: TextOut, hint: str) -> dict[str, Any]:
    """Write the blocks of a Word file in their order; headings as `# …`, cells of a row joined by ` | `.

    Errors:  Unreadable when the package is damaged or encrypted.
    """
    import zipfile

    import docx
    from docx.opc.exceptions import OpcError
    from lxml.etree import XMLSyntaxError  # type: ignore[import-untyped,unused-ignore]

    try:
        document = docx.Document(io.BytesIO(data))
    except (OpcError, zipfile.BadZipFile, KeyError, ValueError, XMLSyntaxError, NotImplementedError) as error:
        raise Unreadable(f"damaged Word file: {str(error)[:120] or type(error).__name__}") from error
    headers, footers = _margins(document, "header"), _margins(document, "footer")
    for line in headers:
        out.write(f"[header] {line}\n")
    for block in _blocks(document):
        out.write(block)
    for line in (*_notes(document, "footnotes", "^"), *_notes(document, "endnotes", "^e")):
        out.write(line + "\n")
    for line in footers:
        out.write(f"[footer] {line}\n")
    if not out.visible:
        raise Unreadable("no text in it")
    core = document.core_properties
    facts = {"title": core.title, "author": core.author, "created": core.created, "modified": core.modified}
    return {name: str(value)[:500] for name, value in facts.items() if value}


def _blocks(container: Any) -> Iterator[str]:
    from docx.table import Table

    for item in container.iter_inner_content():
        if isinstance(item, Table):
            yield from _rows(item)
            yield "\n"
            continue
        text = _text(item._p).rstrip()
        level = re.fullmatch(r"(?:Heading|Title)\s*(\d?)", _style(item))
        if level and text.strip():
            text = "#" * int(level.group(1) or 1) + " " + text.strip()
        yield text + "\n"


def _rows(table: Any) -> Iterator[str]:
    from docx.table import _Cell

    for row in table._tbl.tr_lst:
        cells = []
        for tc in row.tc_lst:
            content = "".join(_blocks(_Cell(tc, table)))
            cells.append(" / ".join(line.strip() for line in content.splitlines() if line.strip()))
        yield " | ".join(cells) + "\n"


def _style(paragraph: Any) -> str:
    try:
        return str(paragraph.style.name)
    except (AttributeError, KeyError, ValueError):
        return ""


def _text(element: Any) -> str:
    """The text of a paragraph as a reader sees it with all changes accepted."""
    pieces: list[str] = []
    stack = [element]
    while stack:
        here = stack.pop()
        tag = here.tag
        if tag in _LEFT_OUT:
            continue
        if tag == f"{_W}t":
            pieces.append(here.text or "")
        elif tag in _MARKS:
            pieces.append(_MARKS[tag] if here.getparent().tag == f"{_W}r" else "")
        elif tag in _NOTES:
            pieces.append(f"[{_NOTES[tag]}{here.get(_W + 'id')}]")
        else:
            if tag == f"{_W}p" and here is not element:
                pieces.append("\n")
            stack.extend(reversed(here))
    return "".join(pieces)


def _margins(document: Any, which: str) -> list[str]:
    """The distinct lines of all headers, or of all footers."""
    lines: dict[str, None] = {}
    for section in document.sections:
        for name in (which, f"first_page_{which}", f"even_page_{which}"):
            margin = getattr(section, name)
            if not margin.is_linked_to_previous:
                lines.update(
                    (line.strip(), None) for line in "".join(_blocks(margin)).splitlines() if line.strip()
                )
    return list(lines)


def _notes(document: Any, name: str, mark: str) -> Iterator[str]:
    """The footnotes or endnotes, each as `[^1]: its text`."""
    from docx.oxml.parser import parse_xml

    for part in document.part.package.iter_parts():
        if part.partname.endswith(f"/{name}.xml"):
            for note in parse_xml(part.blob):
                if note.get(f"{_W}type") is None:
                    paragraphs = (_text(p).strip() for p in note.iter(f"{_W}p"))
                    yield f"[{mark}{note.get(_W + 'id')}]: {' '.join(p for p in paragraphs if p)}"
