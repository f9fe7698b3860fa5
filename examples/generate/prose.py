"""Reads the hand-written prose in `prose/`: the law of each agreement, and the patterns of the rest.

Owns the format of those files, a line a clause:

    # Heading                  a numbered part begins
    # Heading: 9 on Hosting    a part of nine clauses that `filler` makes on a topic
    Heading | text             a clause; `{A}` buys, `{B}` supplies
    *                          room for the planted clause of that number
    @fees                      the clauses of shared_fees.txt; what follows the name replaces `{carve}`

No file there may move a loss from one party to another, apart from what `planted` knows: the gold
answer is complete only while that holds.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

Clauses = tuple[tuple[str, str], ...]
_FOLDER = Path(__file__).parent / "prose"
_MADE = re.compile(r"# (?P<heading>.+): (?P<count>\d+) on (?P<topic>.+)")


@dataclass(frozen=True)
class Part:
    """A numbered part: written clauses, or `count` clauses on `topic`. An amendment has one, untitled."""

    heading: str
    clauses: Clauses = ()
    topic: str = ""
    count: int = 0


def parts(file: str) -> Iterator[Part]:
    """The parts of a document of the corpus, in order."""
    heading, clauses = "", list[tuple[str, str]]()
    for line in lines(f"{file}.txt"):
        if not line.startswith("# "):
            clauses.extend(_clauses(line))
            continue
        if clauses:
            yield Part(heading, tuple(clauses))
            clauses = []
        if made := _MADE.fullmatch(line):
            yield Part(made["heading"], topic=made["topic"], count=int(made["count"]))
        else:
            heading = line.removeprefix("# ")
    if clauses:
        yield Part(heading, tuple(clauses))


@cache
def pairs(name: str) -> Clauses:
    """A file whose every line is a heading and a text."""
    return tuple(clause for line in lines(name) for clause in _clauses(line))


@cache
def lines(name: str) -> tuple[str, ...]:
    return tuple((_FOLDER / name).read_text(encoding="utf-8").splitlines())


def _clauses(line: str) -> Clauses:
    if line == "*":
        return (("", ""),)
    if line.startswith("@"):
        name, _, carve = line[1:].partition(" ")
        return tuple(
            (heading, text.replace("{carve}", carve)) for heading, text in pairs(f"shared_{name}.txt")
        )
    heading, text = line.split("|", 1)
    return ((heading.strip(), text.strip()),)
