"""One document as a question would read it: all of its text, or one page, sheet, slide or cell of it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from rlm_cli.base.errors import CorpusError
from rlm_cli.base.text import counted
from rlm_cli.corpus.layout import Part, Record
from rlm_cli.corpus.mapped import Texts
from rlm_cli.corpus.names import INSIDE
from rlm_cli.corpus.opened import HostCorpus

_COUNTED = ("page", "slide", "sheet", "cell", "message", "section")
_WITH_THEIR_OWN = {"sheet": ("row",), "slide": ("notes",)}


@dataclass(frozen=True, slots=True)
class Target:
    """What is to be shown: a file on the disk, a document inside of it, the number of a page or the like."""

    file: Path
    inside: str = ""
    number: int | None = None


@dataclass(frozen=True, slots=True)
class Shown:
    """A text to be shown, and what it is in words."""

    text: str
    facts: str


def target_of(given: str, folder: Path) -> Target:
    """`FILE`, `FILE:4`, `bundle.zip!/a/b.pdf:4`; a file that has the very name that was given comes first.

    Errors:  CorpusError when there is no such file.
    """
    bare, colon, last = given.rpartition(":")
    readings: list[tuple[str, int | None]] = [(given, None)]
    if colon and last.isdigit():
        readings.append((bare, int(last)))
    for name, number in readings:
        file, inside = name, ""
        while True:
            path = folder / Path(file).expanduser()
            if path.is_file() or (path.is_dir() and not inside):
                return Target(path, inside, number)
            file, mark, more = file.rpartition(INSIDE)
            if not mark:
                break
            inside = more + (INSIDE + inside if inside else "")
    raise CorpusError(
        f"{given} does not exist", "no such file", "Check the path: rlm corpus show FILE[:PAGE]"
    )


def show(corpus: HostCorpus, target: Target) -> Shown:
    """The text of the target in a corpus that was opened for its file.

    Errors:  CorpusError when the document is not in it, or has no such page.
    """
    path = target.file.name + (INSIDE + target.inside if target.inside else "")
    texts, record = corpus.document(path)
    kind = texts.generation.kinds[record.kind]
    parts = texts.parts_of(record)
    numbers = {name: sum(1 for part in parts if part.kind == name and part.number) for name in _COUNTED}
    counts = [counted(count, name) for name, count in numbers.items() if count]
    facts = ", ".join([f"{path}: {kind}", counted(record.characters, "character"), *counts])
    if target.number is None:
        return Shown(texts.whole(record), facts)
    start, end, name = _range(texts, record, parts, target.number, path)
    return Shown(texts.slice(record, start, end), f"{facts}; {name}")


def _range(
    texts: Texts, record: Record, parts: tuple[Part, ...], number: int, path: str
) -> tuple[int, int, str]:
    """Characters of the part with a number, and its name; of a document without parts, that line."""
    kind = next((name for name in _COUNTED if any(p.kind == name and p.number for p in parts)), "")
    if not kind:
        return _line(texts, record, number, path)
    own = _WITH_THEIR_OWN.get(kind, ())
    outer = [part for part in parts if part.kind not in own]
    for part, end in zip(outer, [*(p.start for p in outer[1:]), record.characters], strict=True):
        if part.kind == kind and part.number == number:
            return part.start, end, f"{kind} {number}" + (f" ({part.label})" if part.label else "")
    last = max(part.number for part in parts if part.kind == kind)
    raise CorpusError(f"{path} has no {kind} {number}", f"the last is {last}", "")


def _line(texts: Texts, record: Record, number: int, path: str) -> tuple[int, int, str]:
    if not 1 <= number <= record.lines:
        raise CorpusError(f"{path} has no line {number}", f"it has {counted(record.lines, 'line')}", "")
    start, end = texts.line_range(record, number)
    return start, end, f"line {number}"
