"""The way back from a sentence of the answer, to its quotation, its page, its cell and its sub-calls.

Pure; everything is found in the events.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from rlm_cli.base.text import counted, one_line
from rlm_cli.events import Event, depth_of, parent_span
from rlm_cli.events.bodies import (
    CellStarted,
    CitationMarked,
    DraftUpdated,
    RunFinished,
    SubFinished,
    SubQueued,
)
from rlm_cli.events.values import Citation
from rlm_cli.views.line import Line
from rlm_cli.views.result import more_places, place_of

_SENTENCE_END = re.compile(r"(?<=[.!?])\s+(?=[^\s\[])|\n+")
_NOTE = re.compile(r"\[(\d+)\]")
_CALLS_NAMED = 3
_CODE_LINES = 8


def why(events: Sequence[Event], number: int) -> list[Line]:
    """What stands behind note N of the last answer; where there is no such note, behind its sentence N."""
    finished = next((e.body for e in reversed(events) if _is_end(e)), None)
    if not isinstance(finished, RunFinished) or not finished.answer:
        return [Line("there is no answer yet", "warning")]
    sentences = [each.strip() for each in _SENTENCE_END.split(finished.answer) if each.strip()]
    cited = {citation.id: citation for citation in finished.citations}
    if number in cited:
        here = [each for each in sentences if f"[{number}]" in each]
        return [*_sentence(here), *_behind(events, cited[number])]
    if not 1 <= number <= len(sentences):
        there = f"{counted(len(cited), 'note')} and {counted(len(sentences), 'sentence')}"
        return [Line(f"the answer has {there}", "warning")]
    sentence = sentences[number - 1]
    notes = [cited[int(note)] for note in _NOTE.findall(sentence) if int(note) in cited]
    lines = _sentence([sentence])
    if not notes:
        return [*lines, Line("no note stands behind this sentence: nothing in it was checked", "warning")]
    return [*lines, *(line for note in notes for line in _behind(events, note))]


def _sentence(sentences: Sequence[str]) -> list[Line]:
    return [Line(one_line(each, 600), "title") for each in sentences]


def _behind(events: Sequence[Event], citation: Citation) -> list[Line]:
    state = "found word for word" if citation.checked else f"not found: {citation.why}"
    also = f"; the same words stand in {more_places(citation)}" if citation.elsewhere else ""
    lines = [
        Line(f'[{citation.id}] {place_of(citation)}: "{one_line(citation.quote, 600)}"'),
        Line(f"{state}{also}", "dim" if citation.checked else "warning", None, 2),
    ]
    return [*lines, *_cell_of(events, citation), *_calls_of(events, citation)]


def _cell_of(events: Sequence[Event], citation: Citation) -> list[Line]:
    place = (citation.path, citation.start, citation.end)
    marked = [e for e in events if isinstance(e.body, CitationMarked) and _place(e.body.citation) == place]
    cells = {e.span: e.body for e in events if isinstance(e.body, CellStarted)}
    cell = cells.get(marked[-1].span) if marked else None
    how = "cited by"
    if cell is None:
        cell, how = _drafting_cell(events, citation.quote), "written by"
    if cell is None:
        return [Line("quoted by the answer itself; no cell has cited it", "dim", None, 2)]
    lines = cell.code.splitlines()
    more = [Line(f"… /cell {cell.cell}", "dim", None, 4)] if len(lines) > _CODE_LINES else []
    return [
        Line(f"{how} cell {cell.cell}:", "plain", None, 2),
        *(Line(line, "code", None, 4) for line in lines[:_CODE_LINES]),
        *more,
    ]


def _drafting_cell(events: Sequence[Event], quote: str) -> CellStarted | None:
    """The cell behind whose start the first draft with these words came."""
    last: CellStarted | None = None
    for event in events:
        if depth_of(event.span) == 0 and isinstance(event.body, CellStarted):
            last = event.body
        is_draft = depth_of(event.span) == 0 and isinstance(event.body, DraftUpdated)
        if is_draft and _folded(quote) in _folded(getattr(event.body, "content", "")):
            return last
    return None


def _calls_of(events: Sequence[Event], citation: Citation) -> list[Line]:
    """The sub-calls that were given the passage, and those whose reply quotes it."""
    words = _folded(citation.quote)
    read = [e.span for e in events if isinstance(e.body, SubQueued) and words in _folded(e.body.prompt)]
    said = [
        (e.span, e.body.text)
        for e in events
        if isinstance(e.body, SubFinished) and words in _folded(e.body.text)
    ]
    lines = []
    if read:
        lines.append(Line(f"read by {_named(read)}", "plain", None, 2))
    for span, text in said[:_CALLS_NAMED]:
        lines.append(Line(f'quoted by {_name(span)}: "{one_line(text, 200)}"', "plain", None, 2))
    if not read and not said:
        lines.append(Line("found by code; no sub-model has read it", "dim", None, 2))
    return lines


def _named(spans: Sequence[str]) -> str:
    names = ", ".join(_name(span) for span in spans[:_CALLS_NAMED])
    more = len(spans) - _CALLS_NAMED
    return f"{names} and {more} more" if more > 0 else names


def _name(span: str) -> str:
    return f"sub-call {parent_span(span).rpartition('/')[2]}/{span.rpartition('/')[2]}"


def _place(citation: Citation) -> tuple[str, int, int]:
    return (citation.path, citation.start, citation.end)


def _folded(text: str) -> str:
    return re.sub(r"\s+", " ", text).casefold()


def _is_end(event: Event) -> bool:
    return event.span == "root" and isinstance(event.body, RunFinished)
