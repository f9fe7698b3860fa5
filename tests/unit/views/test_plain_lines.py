"""A run as plain lines: every kind is told, nothing floods, and time is that of the events."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from rlm_cli.events import BODY_TYPES, Body, Event, Unknown
from rlm_cli.events.bodies import (
    CellFinished,
    CellOutput,
    CellStarted,
    CitationChecked,
    CorpusLoaded,
    DraftUpdated,
    KernelReady,
    Notice,
    ReplyDelta,
    RunFinished,
    RunStarted,
    SubFinished,
    SubQueued,
    SubStarted,
    TurnStarted,
)
from rlm_cli.events.values import Citation, Coverage, Limits, Problem, Usage
from rlm_cli.views import wording
from rlm_cli.views.line import Line, Moment, Told, Verbosity, call_name
from rlm_cli.views.lines import TELLERS, closing_lines, tell
from rlm_cli.views.result import SessionFacts
from rlm_cli.views.run import RunView, fold, reduce
from tests.fakes.story import STORY

Step = tuple[float, str, Body]
CELL = "root/t1/c1"


def told(steps: Iterable[Step], verbosity: Verbosity = Verbosity.NORMAL) -> list[Line]:
    view, state, lines = RunView(), Told(), []
    for seq, (t, span, body) in enumerate(steps, 1):
        event = Event(seq=seq, t=t, span=span, body=body)
        view = reduce(view, event)
        state, more = tell(state, Moment(view, event, verbosity))
        lines += more
    return lines


def texts(lines: Iterable[Line]) -> list[str]:
    return [line.text for line in lines]


def started(**changes: object) -> RunStarted:
    fields = {
        "question": "who?",
        "root_model": "openai/gpt-5",
        "sub_model": "openai/gpt-5-mini",
        "mode": "auto",
        "limits": Limits(),
        "prompt_hash": "",
    }
    return RunStarted(**{**fields, **changes})  # type: ignore[arg-type]


def test_every_kind_has_a_teller() -> None:
    assert set(TELLERS) == {*BODY_TYPES.values(), Unknown}


@pytest.mark.parametrize("kind", [kind for kind in BODY_TYPES if kind != "reply.delta"])
def test_every_kind_of_the_story_is_told_when_all_is_told(kind: str) -> None:
    """A reply's pieces are told as the whole reply; the end of the run by the closing lines."""
    with_kind = told(STORY, Verbosity.VERBOSE)
    without = told([step for step in STORY if not isinstance(step[2], BODY_TYPES[kind])], Verbosity.VERBOSE)
    assert texts(with_kind) != texts(without)


def test_a_quiet_run_tells_only_what_is_wrong() -> None:
    lines = told(STORY, Verbosity.QUIET)
    assert lines and {line.tone for line in lines} <= {"warning", "error"}


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        ({"endpoints": ["api.openai.com", "api.openai.com"]}, "passages go to api.openai.com"),
        ({"endpoints": ["api.openai.com", "this machine"]}, "passages go to api.openai.com"),
        ({"endpoints": ["a.example", "b.example"]}, "passages go to a.example and b.example"),
        ({"endpoints": ["this machine"]}, "nothing leaves this machine"),
        ({"root_model": "offline", "sub_model": "offline"}, "nothing leaves this machine"),
        ({"root_model": "scripted:a/b.jsonl", "sub_model": "offline"}, "nothing leaves this machine"),
        ({}, "passages go to the provider of openai/gpt-5 and the provider of openai/gpt-5-mini"),
    ],
)
def test_it_is_said_first_where_passages_go(changes: dict[str, object], where: str) -> None:
    assert texts(told([(0.0, "root", started(**changes))]))[1].endswith(f"; {where}")


def test_limits_are_said_with_their_units() -> None:
    given = Limits(usd=2.0, turns=20, calls=1000, tokens=50_000, seconds=90)
    assert wording.limits(given) == "limits: $2.00, 20 turns, 1,000 sub-calls, 50,000 tokens, 1:30"
    assert wording.limits(Limits()) == "limits: none"


def test_long_code_is_shown_by_its_first_lines() -> None:
    code = "\n".join(f"line {number}" for number in range(75))
    lines = told([(0.0, CELL, CellStarted(cell=1, code=code))])
    assert len(lines) == 1 + 12 + 1
    assert lines[-1].text == "… 63 more lines"
    assert len(told([(0.0, CELL, CellStarted(cell=1, code=code))], Verbosity.VERBOSE)) == 76
    forty = "\n".join("x" for _ in range(40))
    assert len(told([(0.0, CELL, CellStarted(cell=1, code=forty))])) == 41


def test_an_output_is_shown_by_its_head_and_tail_unless_all_is_told() -> None:
    output = "".join(f"row {number}\n" for number in range(30))
    steps: list[Step] = [
        (0.0, CELL, CellStarted(cell=1, code="f()")),
        (0.1, CELL, CellOutput(cell=1, stream="stdout", text=output[:33])),
        (0.2, CELL, CellOutput(cell=1, stream="stdout", text=output[33:])),
        (0.3, CELL, CellFinished(cell=1, status="ok", shown=output)),
    ]
    rows = [line.text for line in told(steps) if line.tone == "output"]
    assert rows == [f"row {n}" for n in range(8)] + ["… 18 more lines"] + [f"row {n}" for n in range(26, 30)]
    rows = [line.text for line in told(steps, Verbosity.VERBOSE) if line.tone == "output"]
    assert rows == [f"row {n}" for n in range(30)]


@pytest.mark.parametrize(
    ("finished", "text"),
    [
        (CellFinished(cell=1, status="ok", seconds=0.061), "cell 1: ok, 0.06 s, no output"),
        (
            CellFinished(cell=1, status="ok", seconds=0.1, waited_seconds=6.13, shown="x"),
            "cell 1: ok, 0.10 s and 6.1 s waiting for its calls",
        ),
        (
            CellFinished(cell=1, status="error", problem=Problem(kind="NameError", message="no x", line=3)),
            "cell 1: NameError: no x (line 3), 0.00 s",
        ),
        (
            CellFinished(cell=1, status="timeout", problem=Problem(kind="limit", message="120 s")),
            "cell 1: timeout: limit: 120 s, 0.00 s",
        ),
        (CellFinished(cell=1, status="interrupted"), "cell 1: interrupted, 0.00 s"),
    ],
)
def test_the_end_of_a_cell_says_how_it_went(finished: CellFinished, text: str) -> None:
    assert wording.cell_end(finished) == text


def batch_steps(count: int, seconds: float) -> list[Step]:
    steps: list[Step] = [(0.0, CELL, CellStarted(cell=1, code="llm_batch(p)"))]
    for number in range(count):
        queued = SubQueued(cell=1, op="llm", prompt="p", model="m", batch=1, index=number, of=count)
        steps.append((0.0, f"{CELL}/s{number}", queued))
    for number in range(count):
        t = seconds * (number + 1) / count
        steps += [(t, f"{CELL}/s{number}", SubStarted()), (t, f"{CELL}/s{number}", SubFinished(status="ok"))]
    return steps


def test_a_batch_has_a_line_at_its_start_one_in_five_seconds_and_one_at_its_end() -> None:
    lines = told(batch_steps(2000, 31.0))[2:]
    assert lines[0].text == "batch 1: 2,000 sub-calls to m"
    assert lines[-1].text == "batch 1: 2,000 sub-calls in 31.0 s: 2,000 ok"
    progress = [line.t for line in lines[1:-1] if line.t is not None]
    assert len(progress) == 6
    assert all(after - before >= 5 for before, after in zip([0.0, *progress], progress, strict=False))


def test_a_batch_that_is_cut_off_is_told_with_its_cell() -> None:
    steps = [*batch_steps(4, 1.0)[:-2], (2.0, CELL, CellFinished(cell=1, status="interrupted"))]
    assert "batch 1: 4 sub-calls in 2.0 s: 3 ok, 1 without an end" in texts(told(steps))


def test_calls_made_one_by_one_have_one_line_together() -> None:
    steps: list[Step] = [(0.0, CELL, CellStarted(cell=1, code=""))]
    for number in range(500):
        span = f"{CELL}/s{number}"
        steps.append((number / 1000, span, SubQueued(cell=1, op="llm", prompt="p", model="m")))
        steps.append((number / 1000, span, SubFinished(status="ok")))
    steps.append((1.0, CELL, CellFinished(cell=1, status="ok", shown="x")))
    assert [text for text in texts(told(steps)) if "sub-call" in text] == ["500 sub-calls in 0.5 s: 500 ok"]


def test_drafts_made_in_a_loop_are_told_once_a_second_and_the_last_one_always() -> None:
    steps: list[Step] = [
        (number / 100, "root/t1", DraftUpdated(draft=number, content="x" * number))
        for number in range(1, 251)
    ]
    steps.append((2.6, CELL, CellFinished(cell=1, status="ok")))
    drafts = [line.text for line in told(steps) if line.tone == "draft"]
    assert len(drafts) == 4
    assert drafts[-1].startswith("draft 250: 250 characters")


def test_a_draft_says_what_was_added_and_what_was_taken_out() -> None:
    steps: list[Step] = [
        (0.0, "root/t1", DraftUpdated(draft=1, content="One. Two [[cite:1]].\n- three")),
        (2.0, "root/t1", DraftUpdated(draft=2, content="One. Four [[cite:1]][[cite:2]]! Five.", ready=True)),
    ]
    assert texts(told(steps)) == [
        "draft 1: 21 characters, +3 sentences, 1 citation",
        "draft 2: 23 characters, +2 sentences, -2 sentences, 2 citations, ready",
    ]


def test_citations_that_were_found_are_counted_and_those_that_were_not_are_named() -> None:
    found = Citation(id=1, path="a.pdf", quote="q", checked=True)
    missing = Citation(id=3, path="b.md", quote="never said", why="no such words", line_start=7, line_end=7)
    steps: list[Step] = [(1.0, "root", CitationChecked(each)) for each in (found, found, missing)]
    steps.append((1.0, "root", Notice(level="info", code="x", text="done")))
    assert texts(told(steps)) == [
        'citation 3 is NOT verified: "never said" in b.md, line 7: no such words',
        "2 citations found word for word",
        "done",
    ]


def test_a_child_run_is_indented_and_named() -> None:
    span = "root/t2/c2/s17"
    steps: list[Step] = [
        (1.0, span, started(question="caps?")),
        (2.0, f"{span}/t1", TurnStarted(turn=1)),
        (3.0, span, RunFinished(status="partial", stop="max_turns", exit_code=3, answer="x")),
    ]
    lines = told(steps)
    assert texts(lines) == [
        "child run c2/s17: caps?",
        "child run c2/s17 partial: the draft so far, because the limit of turns was reached",
    ]
    assert {line.indent for line in lines} == {2}
    assert call_name("root/t1/c1") == ""


def test_an_unprotected_kernel_is_a_warning() -> None:
    for tier, sandbox, tone in (
        ("A", "sandbox: bubblewrap", "dim"),
        ("D", "sandbox: PARTIAL: no network; files are NOT protected", "warning"),
        ("E", "sandbox: NONE: cells can read your files and use the network", "warning"),
        ("off", "sandbox: off", "warning"),
    ):
        ready = KernelReady(python="3.11", sandbox=sandbox, tier=tier)
        assert [(line.text, line.tone) for line in told([(0.0, "root", ready)])] == [(sandbox, tone)]


def test_what_was_left_out_of_the_corpus_is_said_with_reasons() -> None:
    loaded = CorpusLoaded(
        documents=1,
        characters=9_812_004,
        bytes=1,
        tokens=500,
        fingerprint="",
        kinds={"md": 1},
        skipped_count=2,
    )
    assert texts(told([(0.0, "root", loaded)])) == [
        "corpus: 1 document, 9.8 M characters, about 500 tokens (1 md)",
        "skipped 2 files",
    ]


def test_the_prose_of_a_reply_is_told_without_its_code() -> None:
    reply = "First I look.\n```repl\nx = 1\n```\nThen I count.\n~~~\nmore\n~~~\n```python\nunfinished"
    assert wording.prose(reply, 100) == "First I look. Then I count."


def test_pieces_of_a_reply_are_not_told() -> None:
    assert told([(0.0, "root/t1", ReplyDelta("x"))], Verbosity.VERBOSE) == []


@pytest.mark.parametrize(
    ("end", "text", "tone"),
    [
        (
            RunFinished(status="complete", stop="ready", exit_code=0, answer="x"),
            "complete: the answer is ready",
            "title",
        ),
        (
            RunFinished(status="partial", stop="max_cost", exit_code=3, answer="x"),
            "partial: the draft so far, because the cost limit was reached",
            "warning",
        ),
        (
            RunFinished(
                status="failed",
                stop="provider_failed",
                exit_code=6,
                answer="",
                problem=Problem(kind="rate_limit", message="429 after 6 attempts"),
            ),
            "failed: no answer, because the provider failed: 429 after 6 attempts",
            "error",
        ),
        (
            RunFinished(status="failed", stop="moon_phase", exit_code=1, answer=""),
            "failed: no answer, because moon phase",
            "error",
        ),
    ],
)
def test_the_closing_line_says_how_a_run_ended_and_why(end: RunFinished, text: str, tone: str) -> None:
    view = fold([Event(seq=1, t=1.0, span="root", body=end)])
    line = closing_lines(view, SessionFacts(), Verbosity.NORMAL)[0]
    assert (line.text, line.tone) == (text, tone)


def test_the_closing_lines_are_honest_about_coverage_and_cost() -> None:
    end = RunFinished(
        status="complete",
        stop="ready",
        exit_code=0,
        answer="x",
        coverage=Coverage(documents=214, searched_by_code=214, read_by_model=61),
        root_usage=Usage(calls=5, tokens_in=12_345, tokens_out=800, usd=0.5),
        sub_usage=Usage(calls=1, tokens_in=100, tokens_cached=50, usd=None),
        seconds=224,
    )
    view = fold([Event(seq=1, t=224.0, span="root", body=end)])
    assert texts(closing_lines(view, SessionFacts("run-1", "/x"), Verbosity.NORMAL))[1:] == [
        "read by a model: 61 of 214 documents; searched by code: 214 of 214",
        "5 root calls, 1 sub-call; 12 k tokens in (50 cached), 800 out; cost unknown; 3:44",
        "session run-1; see it again: rlm replay run-1",
    ]


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (812, "812"),
        (9_999, "9,999"),
        (12_345, "12 k"),
        (430_112, "430 k"),
        (9_812_004, "9.8 M"),
        (2 * 10**9, "2.0 G"),
    ],
)
def test_large_numbers_are_short(number: int, text: str) -> None:
    assert wording.short(number) == text
