"""HTML to text: what a reader sees, one line a block, tables a line a row. Runs in a worker."""

from __future__ import annotations

import re
from typing import Any

from rlm_cli.corpus.encoding import guess, leading_encoding
from rlm_cli.corpus.extract import TextOut
from rlm_cli.corpus.opening import Unreadable

_NAMES = {
    "dropped": "script style noscript template head svg math iframe object canvas select datalist",
    "block": "address article aside blockquote body center dd details dialog div dl dt fieldset figcaption "
    "figure footer form h1 h2 h3 h4 h5 h6 header hr html li main nav ol p pre section summary table tbody "
    "tfoot thead tr ul caption legend option",
    "spaced": "p h1 h2 h3 h4 h5 h6 table ul ol pre blockquote article section div dl figure",
}
_DROPPED, _BLOCKS, _SPACED = (frozenset(names.split()) for names in _NAMES.values())
_CHARSET = re.compile(rb"""<meta[^>]+charset\s*=\s*["']?([A-Za-z0-9_:.-]+)""", re.IGNORECASE)
_SPACE = re.compile(r"[ \t\n\r\f]+")


def extract(data: bytes, out: TextOut, hint: str) -> dict[str, Any]:
    """Write the visible text; headings as `# …`, list items as `- …`, cells joined by ` | `.

    Errors:  Unreadable when there is no text.
    """
    text, meta = text_of(data)
    if not text.strip():
        raise Unreadable("no text in it")
    out.write(text)
    return meta


def text_of(page: bytes | str) -> tuple[str, dict[str, Any]]:
    """The visible text of a page, and its title."""
    from selectolax.lexbor import LexborHTMLParser

    tree = LexborHTMLParser(page if isinstance(page, str) else _decoded(page))
    title = tree.css_first("title")
    meta = {"title": _SPACE.sub(" ", title.text()).strip()[:500]} if title is not None else {}
    lines = _Lines()
    if tree.body is not None:
        _read(tree.body, lines)
    return lines.text(), {name: value for name, value in meta.items() if value}


def _decoded(data: bytes) -> str:
    encoding = leading_encoding(data[:8192])
    if encoding is None:
        try:
            return data.decode()
        except UnicodeDecodeError as error:
            declared = _CHARSET.search(data[:4096])
            name = declared.group(1).decode("ascii") if declared else ""
            encoding = name or guess(data[:8192], data[max(0, error.start - 4096) : error.start + 4096])
    try:
        return data.decode(encoding, "replace").removeprefix("\ufeff")
    except LookupError:
        return data.decode("cp1252", "replace")


class _Lines:
    """Lines being filled: inline text joins the open line, a block closes it."""

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._open: list[str] = []
        self.is_kept = 0

    def add(self, text: str) -> None:
        if not self.is_kept:
            text = _SPACE.sub(" ", text)
            if text.startswith(" ") and (not self._open or self._open[-1].endswith(" ")):
                text = text[1:]
        if text:
            self._open.append(text)

    def prefix(self, mark: str) -> None:
        self.close()
        self._open.append(mark)

    def close(self) -> None:
        line = "".join(self._open).rstrip()
        self._open.clear()
        if line and line.strip("#- "):
            self._lines.extend(line.split("\n"))

    def gap(self) -> None:
        self.close()
        if self._lines and self._lines[-1]:
            self._lines.append("")

    def text(self) -> str:
        self.close()
        return "\n".join(self._lines).strip("\n") + "\n"


def _read(root: Any, lines: _Lines) -> None:
    stack: list[tuple[Any, bool]] = [(root, False)]
    while stack:
        node, is_end = stack.pop()
        tag = node.tag
        if is_end:
            _leave(tag, lines)
        elif tag == "-text":
            lines.add(node.text_content or "")
        elif tag == "br":
            lines.close()
        elif tag not in _DROPPED and not tag.startswith(("-", "_", "!")):
            _enter(tag, node, lines)
            if not _is_alone_in_cell(node):
                stack.append((node, True))
            stack.extend((child, False) for child in reversed(list(node.iter(include_text=True))))


def _enter(tag: str, node: Any, lines: _Lines) -> None:
    if _is_alone_in_cell(node):
        pass
    elif tag in _SPACED:
        lines.gap()
    elif tag in _BLOCKS:
        lines.close()
    if tag in ("td", "th") and node.prev is not None and _has_cell_before(node):
        lines.add(" | ")
    elif len(tag) == 2 and tag[0] == "h" and tag[1].isdigit():
        lines.prefix("#" * int(tag[1]) + " ")
    elif tag == "li":
        lines.prefix("- ")
    elif tag == "pre":
        lines.is_kept += 1


def _is_alone_in_cell(node: Any) -> bool:
    """Whether a paragraph is all that a cell of a table holds, so that it does not break the row's line."""
    if node.tag not in ("p", "div") or node.parent is None or node.parent.tag not in ("td", "th"):
        return False
    return not _has_text_beside(node.prev, "prev") and not _has_text_beside(node.next, "next")


def _has_text_beside(node: Any, way: str) -> bool:
    while node is not None:
        if node.tag != "-text" or (node.text_content or "").strip():
            return True
        node = getattr(node, way)
    return False


def _leave(tag: str, lines: _Lines) -> None:
    if tag == "pre":
        lines.is_kept -= 1
    if tag in _SPACED:
        lines.gap()
    elif tag in _BLOCKS:
        lines.close()


def _has_cell_before(node: Any) -> bool:
    before = node.prev
    while before is not None:
        if before.tag in ("td", "th"):
            return True
        before = before.prev
    return False
