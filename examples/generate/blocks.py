"""A document as blocks: what prose hands to the writers.

Owns the shapes between text and files. Must never know a file format, nor what a clause is about.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from .clauses import CLAUSES
from .wording import passage

Style = Literal[
    "title", "centre", "part", "article", "heading", "clause", "plain", "signature", "contents", "break"
]


@dataclass(frozen=True)
class Block:
    """A paragraph. `clause` names the planted clause that it carries, or is empty."""

    style: Style
    text: str = ""
    number: str = ""
    clause: str = ""


@dataclass(frozen=True)
class Table:
    """A grid; the first row is the header. `widths` are shares of the line, one per column."""

    rows: tuple[tuple[str, ...], ...]
    widths: tuple[float, ...]


@dataclass(frozen=True)
class Document:
    """A file to be written: its blocks in reading order, a running header, a year-fixed date."""

    file: str
    title: str
    header: str
    blocks: tuple[Block | Table, ...]


def planted(clause_id: str) -> Block:
    """The block of a planted clause, numbered as its section, without the Schedule's name."""
    clause = CLAUSES[clause_id]
    return Block(
        "clause", f"{clause.heading}. {passage(clause)}", clause.section.rsplit(" ", 1)[-1], clause_id
    )


def clause(number: str, heading: str, text: str) -> Block:
    return Block("clause", f"{heading}. {text}" if heading else text, number)


def curly(text: str) -> str:
    """The text with typographer's quotation marks, as word processors set it."""
    out: list[str] = []
    for at, character in enumerate(text):
        opens = at == 0 or text[at - 1] in " ([\n"
        if character == '"':
            out.append("\u201c" if opens else "\u201d")
        elif character == "'":
            out.append("\u2018" if opens else "\u2019")
        else:
            out.append(character)
    return "".join(out)
