"""The lines of a session that goes on: from where, what was run again for it, what could not be rebuilt."""

from __future__ import annotations

from rlm_cli.base.text import counted, one_line
from rlm_cli.events.bodies import CitationMarked, RunResumed
from rlm_cli.views.line import Line, Moment, Telling, Told
from rlm_cli.views.result import place_of

_WAYS = {
    "resume": "resumed at turn {turn}",
    "continue": "the session goes on at turn {turn}",
    "fork": "forked: it goes on at turn {turn}",
    "undo": "taken back: it goes on at turn {turn}",
}


def run_resumed(told: Told, now: Moment, body: RunResumed) -> Telling:
    """From where it goes on, and what is lost."""
    way = _WAYS.get(body.why, "it goes on at turn {turn}").format(turn=body.turn)
    again = ""
    if body.cells_again:
        again = f": {counted(body.cells_again, 'cell')} run again with the recorded replies"
    lines = [Line(way + again, "title", now.t)]
    lines += [Line(f"not rebuilt: {one_line(text, 400)}", "warning") for text in body.lost]
    return told, lines


def citation_marked(told: Told, now: Moment, body: CitationMarked) -> Telling:
    """Which quotation a cell has marked; told when all is told."""
    if not now.is_verbose:
        return told, []
    quote = one_line(body.citation.quote, 200)
    return told, [Line(f'[[cite:{body.mark}]]: {place_of(body.citation)}: "{quote}"', "dim", now.t)]
