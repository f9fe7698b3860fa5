"""DOCX to text: paragraphs, tables row by row, headers and footers, notes, comments. Runs in a worker.

python-docx opens the package and gives its order of blocks. A paragraph's text is read from its runs with
insertions of tracked changes in and deletions out, which python-docx itself leaves to its caller. What was
deleted stands at the end, named as such, so that it can be found and is never taken for standing text.
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
    _write_margins(document, "header", out)
    notes = {name: _notes(document, name) for name in ("footnote", "endnote")}
    for name, found in notes.items():
        _number(document, name, found)
    _write_body(document, out)
    for name, found in notes.items():
        for number, text in enumerate(found.values(), 1):
            out.part(name, number)
            out.write(f"[{_NOTES[f'{_W}{name}Reference']}{number}]: {text}\n")
    for kind, lines in (("deleted", _deletions(document)), ("comment", _comments(document))):
        for number, line in enumerate(lines, 1):
            out.part(kind, number)
            out.write(line + "\n")
    _write_margins(document, "footer", out)
    if not out.visible:
        raise Unreadable("no text in it")
    core = document.core_properties
    facts = {"title": core.title, "author": core.author, "created": core.created, "modified": core.modified}
    meta: dict[str, Any] = {name: str(value)[:500] for name, value in facts.items() if value}
    changes = sum(1 for _ in document.element.body.iter(f"{_W}ins", f"{_W}del", f"{_W}moveFrom"))
    return {**meta, "tracked_changes": changes} if changes else meta


def _write_margins(document: Any, which: str, out: TextOut) -> None:
    for number, line in enumerate(_margins(document, which)):
        if not number:
            out.part(which, 1)
        out.write(f"[{which}] {line}\n")


def _write_body(document: Any, out: TextOut) -> None:
    """Write the blocks; a part `section` at each heading, a part `table` at each table."""
    from docx.table import Table

    heading, tables = "", 0
    out.part("section", 0)
    for item in document.iter_inner_content():
        if isinstance(item, Table):
            tables += 1
            out.part("table", tables)
            for row in _rows(item):
                out.write(row)
            out.part("section", 0, heading)
            out.write("\n")
            continue
        text = _paragraph(item)
        if text.startswith("#") and _level(item):
            heading = text.strip("# \n")[:200]
            out.part("section", 0, heading)
        out.write(text)


def _blocks(container: Any) -> Iterator[str]:
    from docx.table import Table

    for item in container.iter_inner_content():
        if isinstance(item, Table):
            yield from _rows(item)
            yield "\n"
            continue
        yield _paragraph(item)


def _paragraph(paragraph: Any) -> str:
    text, level = _text(paragraph._p).rstrip(), _level(paragraph)
    return ("#" * level + " " + text.strip() if level and text.strip() else text) + "\n"


def _level(paragraph: Any) -> int:
    """The level of a heading, 0 for other paragraphs."""
    level = re.fullmatch(r"(?:Heading|Title)\s*(\d?)", _style(paragraph))
    return int(level.group(1) or 1) if level else 0


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


def _notes(document: Any, name: str) -> dict[str, str]:
    """The footnotes or endnotes by their ids, in their order."""
    from docx.oxml.parser import parse_xml

    found: dict[str, str] = {}
    for part in document.part.package.iter_parts():
        if part.partname.endswith(f"/{name}s.xml"):
            for note in parse_xml(part.blob):
                if note.get(f"{_W}type") is None:
                    paragraphs = (_text(p).strip() for p in note.iter(f"{_W}p"))
                    found[note.get(f"{_W}id") or ""] = " ".join(p for p in paragraphs if p)
    return found


def _number(document: Any, name: str, notes: dict[str, str]) -> None:
    """Give the references of notes the numbers that a reader sees, instead of ids."""
    numbers = {key: str(number) for number, key in enumerate(notes, 1)}
    for reference in document.element.body.iter(f"{_W}{name}Reference"):
        key = reference.get(f"{_W}id")
        reference.set(f"{_W}id", numbers.get(key, key or ""))


def _deletions(document: Any) -> Iterator[str]:
    """What tracked changes have taken out, a line a paragraph: `[deleted by A] its text`."""
    for paragraph in document.element.body.iter(f"{_W}p"):
        gone = [each for each in paragraph.iter(f"{_W}del") if each.getparent().tag != f"{_W}rPr"]
        pieces = ["".join(text.text or "" for text in each.iter(f"{_W}delText")).strip() for each in gone]
        if any(pieces):
            who = gone[0].get(f"{_W}author") or "unknown"
            yield f"[deleted by {who}] {' … '.join(filter(None, pieces))}"


def _comments(document: Any) -> Iterator[str]:
    """The comments of reviewers, each as `[comment by A] its text`."""
    from docx.oxml.parser import parse_xml

    for part in document.part.package.iter_parts():
        if part.partname.endswith("/comments.xml"):
            for comment in parse_xml(part.blob):
                text = " ".join(filter(None, (_text(p).strip() for p in comment.iter(f"{_W}p"))))
                if text:
                    yield f"[comment by {comment.get(_W + 'author') or 'unknown'}] {text}"
