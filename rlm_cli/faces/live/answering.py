"""The answer as a terminal shows it: its Markdown drawn, and its notes with a mark for checked ones."""

from __future__ import annotations

from rlm_cli.base.text import cells, visible
from rlm_cli.events.values import Citation
from rlm_cli.faces.layout import wrapped
from rlm_cli.faces.live.markdown import WIDEST, markdown_rows
from rlm_cli.faces.live.styling import Style
from rlm_cli.views.result import ended, notes_of
from rlm_cli.views.run import RunView


def drawn_answer(run: RunView, style: Style, columns: int) -> list[str]:
    """The rows of the answer and its notes, between empty rows; none when there is no answer."""
    end = ended(run)
    if not end.answer.strip():
        return []
    width = max(1, min(WIDEST, columns - 1))
    rows = ["", *markdown_rows(end.answer, style, width)]
    if end.citations:
        rows.append("")
        for citation, note in notes_of(end):
            rows += _note_rows(citation, note, style, width)
    return [*rows, ""]


def _note_rows(citation: Citation, note: str, style: Style, width: int) -> list[str]:
    """`[1] ✓ msa_2019.pdf p. 4, lines 120-131: "…"`, wrapped under itself."""
    mark, tone = ("✓", "ok") if citation.checked else ("✗", "warning")
    number = f"[{citation.id}] "
    indent = " " * (cells(number) + 2)
    text = " ".join(visible(note).split())
    first, *others = wrapped(text, max(1, width - len(indent))) or [""]
    head = style.paint(number, "dim") + style.paint(mark, tone) + " " + style.paint(first, "plain")
    return [head, *(indent + style.paint(each, "plain") for each in others)]
