"""Parts of a session as lines, and the way back from an answer to its sources."""

from __future__ import annotations

from rlm_cli.events import Body, Event
from rlm_cli.events.bodies import CellStarted, CitationMarked, RunFinished, SubFinished, SubQueued
from rlm_cli.events.values import Citation, Problem
from rlm_cli.views import inspecting
from rlm_cli.views.line import Line
from rlm_cli.views.why import why
from tests.fakes.story import FOUND, STORY

EVENTS = [Event(seq=n, t=t, span=span, body=body) for n, (t, span, body) in enumerate(STORY, 1)]
QUOTE = "capped at ten dollars"
CITED = Citation(id=1, path="cap.md", quote=QUOTE, line_start=3, line_end=3, start=5, end=26, checked=True)


def texts(lines: list[Line]) -> str:
    return "\n".join(line.text for line in lines)


def events(*steps: tuple[str, Body]) -> list[Event]:
    return [Event(seq=n, t=float(n), span=span, body=body) for n, (span, body) in enumerate(steps, 1)]


ANSWERED = events(
    ("root/t1/c1", CellStarted(cell=1, code="reply = llm_query('cap?', text)")),
    ("root/t1/c1/s1", SubQueued(cell=1, op="llm", prompt=f"cap?\nIt is\n{QUOTE}.", model="m")),
    ("root/t1/c1/s1", SubFinished(status="ok", text=f'yes: "{QUOTE}"')),
    ("root/t2/c2", CellStarted(cell=2, code="mark = cite(doc, quote)")),
    ("root/t2/c2", CitationMarked(mark=7, citation=CITED)),
    (
        "root",
        RunFinished(
            status="complete",
            stop="ready",
            exit_code=0,
            answer=f'One is: "{QUOTE}" [1]. The others are not.',
            citations=[CITED],
        ),
    ),
)


def test_a_note_leads_to_its_place_its_cell_and_the_calls_that_read_it() -> None:
    said = texts(why(ANSWERED, 1))
    assert said.splitlines()[0].startswith("One is:")
    assert "cap.md, line 3" in said
    assert "found word for word" in said
    assert "cited by cell 2:\nmark = cite(doc, quote)" in said
    assert "read by sub-call c1/s1" in said
    assert "quoted by sub-call c1/s1" in said


def test_a_sentence_without_a_note_is_called_unchecked() -> None:
    assert "nothing in it was checked" in texts(why(ANSWERED, 2))
    assert "1 note and 2 sentences" in texts(why(ANSWERED, 9))
    assert "no answer yet" in texts(why(ANSWERED[:-1], 1))


def test_a_quotation_that_no_cell_has_cited_leads_to_the_cell_that_wrote_it() -> None:
    assert FOUND.page == 4
    assert "p. 4" in texts(why(EVENTS, 1))


def test_failed_calls_are_listed_alone_and_each_is_shown_whole() -> None:
    calls = inspecting.all_calls(EVENTS)
    failed = inspecting.calls(EVENTS, failed_only=True)
    assert len(failed) == sum(call.is_failed for call in calls) > 0
    number = next(n for n, call in enumerate(calls, 1) if call.is_failed)
    end = calls[number - 1].finished
    assert end is not None and isinstance(end.problem, Problem)
    assert end.problem.message in texts(inspecting.call(EVENTS, number))
    assert "there is no call" in texts(inspecting.call(EVENTS, len(calls) + 1))


def test_cells_outputs_drafts_variables_and_cost_are_shown() -> None:
    assert len(inspecting.cells(EVENTS)) == 3
    assert texts(inspecting.cell(EVENTS, 2)).startswith("cell 2\n")
    assert "there is no cell 9" in texts(inspecting.cell(EVENTS, 9))
    assert "draft 3, ready" in texts(inspecting.draft(EVENTS))
    assert "+There is one conflict." in texts(inspecting.difference(EVENTS, 1, 3)).replace("+ ", "+")
    assert "there is no draft 8" in texts(inspecting.difference(EVENTS, 1, 8))
    assert "find indemnification conflicts" in texts(inspecting.cost(EVENTS))
    assert texts(inspecting.variables(EVENTS))
