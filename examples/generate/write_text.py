"""Writes documents as Markdown, plain text and HTML.

Owns the three text forms of a document. Must never know what the text says.
"""

from __future__ import annotations

import html
import textwrap

from .blocks import Block, Document, Table, curly

_COLUMNS = 78


def markdown(document: Document) -> str:
    parts = [f"# {document.title}"]
    for block in document.blocks:
        if isinstance(block, Table):
            head, *rows = ("| " + " | ".join(row) + " |" for row in block.rows)
            parts.append("\n".join((head, "|" + "---|" * len(block.widths), *rows)))
        elif block.style == "heading":
            parts.append(f"## {block.number}{'. ' if block.number else ''}{block.text}")
        elif block.style == "signature":
            parts.append("  \n".join(block.text.split("\n")))
        elif block.style == "clause":
            heading, text = block.text.split(". ", 1)
            parts.append(f"{block.number}. **{heading}.** {text}")
        else:
            parts.append(block.text)
    return "\n\n".join(parts) + "\n"


def plain(document: Document) -> str:
    parts = [document.title.upper().center(_COLUMNS).rstrip()]
    for block in document.blocks:
        if isinstance(block, Table):
            parts.append("\n".join(_row(row, block.widths) for row in block.rows))
        elif block.style == "heading":
            parts.append(f"{block.number}.  {block.text.upper()}")
        elif block.style == "signature":
            parts.append(block.text)
        else:
            hang = " " * 8 if block.number else ""
            parts.append(
                textwrap.fill(
                    f"{block.number:<8}{block.text}" if block.number else block.text,
                    _COLUMNS,
                    subsequent_indent=hang,
                    break_on_hyphens=False,
                )
            )
    return "\n\n".join(parts) + "\n"


def page(document: Document) -> str:
    title = html.escape(curly(document.title))
    body = "\n".join(_element(block) for block in document.blocks)
    return (
        f'<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<title>{title}</title>\n'
        "<style>body { font: 11pt/1.4 Georgia, serif; max-width: 44em; margin: 3em auto } "
        "td, th { border: 1px solid #999; padding: .2em .6em; text-align: left }</style>\n"
        f"</head>\n<body>\n<h1>{title}</h1>\n{body}\n</body>\n</html>\n"
    )


def _element(block: Block | Table) -> str:
    if isinstance(block, Table):
        head, *rows = block.rows
        lines = ["<tr>" + "".join(f"<th>{html.escape(cell)}</th>" for cell in head) + "</tr>"]
        lines += ["<tr>" + "".join(f"<td>{html.escape(cell)}</td>" for cell in row) + "</tr>" for row in rows]
        return "<table>\n" + "\n".join(lines) + "\n</table>"
    text = html.escape(curly(block.text), quote=False).replace("\n", "<br>\n")
    if block.style == "heading":
        return f"<h2>{block.number} {text}</h2>"
    if block.number:
        return f'<p id="s{block.number}"><b>{block.number}</b> {text}</p>'
    return f"<p>{text}</p>"


def _row(cells: tuple[str, ...], widths: tuple[float, ...]) -> str:
    return "".join(
        cell.ljust(int(_COLUMNS * width)) for cell, width in zip(cells, widths, strict=True)
    ).rstrip()
