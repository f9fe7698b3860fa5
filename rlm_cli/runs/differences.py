"""What a second run of recorded cells found otherwise than it is recorded. Plain values, made for reports."""

from __future__ import annotations

import re
from collections.abc import Iterable

from msgspec import Struct

from rlm_cli.events.bodies import CellFinished, RunFinished
from rlm_cli.events.values import Citation, Variable
from rlm_cli.ports import CellResult

_ADDRESS = re.compile(r"\b0x[0-9a-f]{6,}\b")


class Difference(Struct, frozen=True, kw_only=True):
    """One thing that is not as it was.

    Shape:   kind is `document`, `output`, `status`, `variable`, `call`, `draft`, `citation` or `answer`;
             where is a span or a path; before and after are texts, None where there was or is nothing.
    """

    kind: str
    where: str
    what: str
    before: str | None = None
    after: str | None = None


def documents_changed(before: str, after: str) -> list[Difference]:
    """The documents that are not the same in two manifests."""
    old, new = _manifest(before), _manifest(after)
    found = []
    for path in sorted(old.keys() | new.keys()):
        if old.get(path) == new.get(path):
            continue
        what = "added" if path not in old else "removed" if path not in new else "changed"
        found.append(
            Difference(kind="document", where=path, what=what, before=old.get(path), after=new.get(path))
        )
    return found


def cell_differences(span: str, before: CellFinished, after: CellResult) -> list[Difference]:
    """How a cell's second run differs from its first; addresses of objects are not looked at."""
    found = []
    if before.status != after.status:
        found.append(
            Difference(
                kind="status", where=span, what="ended otherwise", before=before.status, after=after.status
            )
        )
    if _ADDRESS.sub("0x…", before.shown) != _ADDRESS.sub("0x…", after.shown):
        found.append(
            Difference(
                kind="output", where=span, what="printed otherwise", before=before.shown, after=after.shown
            )
        )
    return [*found, *_variables(span, before.variables, after.variables)]


def draft_difference(span: str, before: str, after: str) -> list[Difference]:
    """Whether the answer behind a cell is another one."""
    if before == after:
        return []
    return [Difference(kind="draft", where=span, what="another draft", before=before, after=after)]


def answer_differences(
    finished: RunFinished, after: str, again: Iterable[Citation], which: str
) -> list[Difference]:
    """Whether an answer reads as it did, and each citation stands where it stood.

    Shape:   which names the question where there are several, and is empty otherwise.
    """
    found, before = [], finished.answer
    if before.strip() != after.strip():
        what = f"another answer to {which}" if which else "another answer"
        found.append(Difference(kind="answer", where="root", what=what, before=before, after=after))
    now = {(each.path, each.quote): each for each in again}
    for citation in finished.citations:
        same = now.get((citation.path, citation.quote))
        if same is None:
            found.append(_citation(citation, None))
        elif (same.page, same.line_start, same.checked) != (
            citation.page,
            citation.line_start,
            citation.checked,
        ):
            found.append(_citation(citation, same))
    return found


def _citation(before: Citation, after: Citation | None) -> Difference:
    what = "is not in the answer any more" if after is None else "stands elsewhere"
    return Difference(
        kind="citation",
        where=before.path,
        what=f"[{before.id}] {what}",
        before=_place(before),
        after=_place(after) if after is not None else None,
    )


def _place(citation: Citation) -> str:
    page = f"page {citation.page}, " if citation.page is not None else ""
    return f"{page}lines {citation.line_start}-{citation.line_end}: {citation.quote}"


def _variables(span: str, before: list[Variable], after: list[Variable]) -> list[Difference]:
    old = {each.name: f"{each.type} {each.size}".strip() for each in before}
    new = {each.name: f"{each.type} {each.size}".strip() for each in after}
    return [
        Difference(kind="variable", where=span, what=name, before=old.get(name), after=new.get(name))
        for name in sorted(old.keys() | new.keys())
        if _ADDRESS.sub("", old.get(name) or "-") != _ADDRESS.sub("", new.get(name) or "-")
    ]


def _manifest(text: str) -> dict[str, str]:
    rows = (line.partition("  ") for line in text.splitlines())
    return {path: digest for digest, _, path in rows if path}
