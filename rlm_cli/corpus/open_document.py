"""OpenDocument texts and slides (ODT, ODP) to text: headings, tables, notes, slides. Runs in a worker.

The package is a ZIP file and its content one XML file, read by zipfile and lxml. (odfdo, the library that
is kept, gives cells of a table without telling where a row ends.) Tracked changes are taken as accepted;
what they deleted stands at the end, named as such.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator
from typing import Any

from rlm_cli.corpus.extract import TextOut
from rlm_cli.corpus.opening import Unreadable

_NAMESPACE = re.compile(r"\{urn:oasis:names:tc:opendocument:xmlns:(\w+):[^}]*\}")
_LEFT_OUT = frozenset(
    ("text:tracked-changes", "office:annotation", "text:sequence-decls", "office:forms", "text:page-number")
)
_BLOCKS = frozenset(("text:p", "text:h"))
_CREATOR = "{http://purl.org/dc/elements/1.1/}creator"
_MAX_CONTENT_BYTES = 1 << 29


def extract(data: bytes, out: TextOut, hint: str) -> dict[str, Any]:
    """Write the blocks in their order; cells of a row joined by ` | `, notes after the text.

    Errors:  Unreadable when the package is damaged or encrypted, or has no text.
    """
    from lxml import etree  # type: ignore[import-untyped,unused-ignore]

    parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=True)
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as package:
            if b"manifest:encryption-data" in _read(package, "META-INF/manifest.xml"):
                raise Unreadable("encrypted: it needs a password")
            root = etree.fromstring(_read(package, "content.xml"), parser)
    except (zipfile.BadZipFile, KeyError, ValueError, OSError, EOFError, etree.XMLSyntaxError) as error:
        raise Unreadable(f"damaged OpenDocument file: {str(error)[:120]}") from error
    reader = _Reader(out)
    body = next((node for node in root.iter() if _tag(node) == "office:body"), root)
    reader.read(body)
    reader.write_notes()
    if not out.visible:
        raise Unreadable("no text in it")
    return {"slides": reader.slides} if reader.slides else {}


def _read(package: zipfile.ZipFile, name: str) -> bytes:
    if package.getinfo(name).file_size > _MAX_CONTENT_BYTES:
        raise Unreadable(f"{name} in it is larger than {_MAX_CONTENT_BYTES / 1e6:,.0f} MB")
    return package.read(name)


class _Reader:
    """Writes blocks as they come; keeps notes until the end."""

    def __init__(self, out: TextOut) -> None:
        self._out = out
        self._notes: list[tuple[str, str]] = []
        self._remarks: dict[str, list[str]] = {"deleted": [], "comment": []}
        self.slides = 0

    def read(self, container: Any) -> None:
        """Write everything in an element."""
        stack = [iter(container)]
        while stack:
            node = next(stack[-1], None)
            if node is None:
                stack.pop()
                continue
            tag = _tag(node)
            if tag in _BLOCKS:
                self._block(node, tag)
            elif tag == "table:table":
                self._table(node)
            elif tag == "presentation:notes":
                self._slide_notes(node)
            elif tag == "text:tracked-changes":
                self._deletions(node)
            elif tag not in _LEFT_OUT:
                if tag == "drawing:page":
                    self.slides += 1
                    self._out.part("slide", self.slides)
                    self._out.write(f"# Slide {self.slides}\n")
                stack.append(iter(node))

    def write_notes(self) -> None:
        """Write the footnotes and endnotes, deleted passages and comments, each a part."""
        for number, (kind, text) in enumerate(self._notes, 1):
            self._out.part(kind, number)
            self._out.write(f"[^{number}]: {text}\n")
        for kind, lines in self._remarks.items():
            for number, line in enumerate(lines, 1):
                self._out.part(kind, number)
                self._out.write(line + "\n")

    def _deletions(self, changes: Any) -> None:
        for deletion in _inside(changes, frozenset(("text:deletion",))):
            self._remark(deletion, "deleted", "deleted by")

    def _remark(self, node: Any, kind: str, what: str) -> None:
        """Keep a deleted passage or a comment, with who made it."""
        text = " / ".join(filter(None, (self._text(each).strip() for each in _inside(node, _BLOCKS))))
        who = next((each.text for each in node.iter(_CREATOR) if each.text), "unknown")
        if text:
            self._remarks[kind].append(f"[{what} {who}] {text}")

    def _block(self, node: Any, tag: str) -> None:
        text = self._text(node)
        if tag == "text:h" and text.strip():
            self._out.part("section", 0, text.strip()[:200])
            text = "#" * min(6, int(_attribute(node, "outline-level") or 1)) + " " + text.strip()
        self._out.write(text + "\n")

    def _slide_notes(self, node: Any) -> None:
        text = " / ".join(filter(None, (self._text(each).strip() for each in _inside(node, _BLOCKS))))
        if text:
            self._out.part("notes", self.slides)
            self._out.write(f"[notes] {text}\n")

    def _table(self, table: Any) -> None:
        for row in _inside(table, frozenset(("table:table-row",))):
            cells = [
                " / ".join(filter(None, (self._text(each).strip() for each in _inside(cell, _BLOCKS))))
                for cell in row
                if _tag(cell) == "table:table-cell"
            ]
            if any(cells):
                self._out.write(" | ".join(cells) + "\n")
        self._out.write("\n")

    def _text(self, block: Any) -> str:
        pieces: list[str] = [block.text or ""]
        for node in block:
            tag = _tag(node)
            if tag == "text:s":
                pieces.append(" " * min(1000, int(_attribute(node, "c") or 1)))
            elif tag == "text:tab":
                pieces.append("\t")
            elif tag == "text:line-break":
                pieces.append("\n")
            elif tag == "text:note":
                kind = "endnote" if _attribute(node, "note-class") == "endnote" else "footnote"
                bodies = [each for each in node if _tag(each) == "text:note-body"]
                text = " ".join(self._text(each) for body in bodies for each in _inside(body, _BLOCKS))
                self._notes.append((kind, " ".join(text.split())))
                pieces.append(f"[^{len(self._notes)}]")
            elif tag == "office:annotation":
                self._remark(node, "comment", "comment by")
            elif tag not in _LEFT_OUT:
                pieces.append(self._text(node))
            pieces.append(node.tail or "")
        return "".join(pieces)


def _inside(node: Any, wanted: frozenset[str]) -> Iterator[Any]:
    """The outermost elements of some kinds inside of an element, in order."""
    stack = [iter(node)]
    while stack:
        inner = next(stack[-1], None)
        if inner is None:
            stack.pop()
        elif _tag(inner) in wanted:
            yield inner
        else:
            stack.append(iter(inner))


def _tag(node: Any) -> str:
    return _NAMESPACE.sub(r"\1:", node.tag) if isinstance(node.tag, str) else ""


def _attribute(node: Any, name: str) -> str:
    return next((value for key, value in node.items() if key.endswith("}" + name)), "")
