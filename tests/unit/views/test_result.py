"""The end of a run as it is handed over."""

from __future__ import annotations

from rlm_cli.events import Event
from rlm_cli.events.bodies import DraftUpdated, Notice, RunFinished
from rlm_cli.events.values import Citation, Usage
from rlm_cli.views.result import SessionFacts, answer_markdown, answer_text, ended, place_of, result_object
from rlm_cli.views.run import RunView, fold
from tests.fakes.story import FOUND, NOT_FOUND, STORY

WHOLE = fold(Event(seq=n, t=t, span=span, body=body) for n, (t, span, body) in enumerate(STORY, 1))


def view_of(**fields: object) -> RunView:
    end = {"status": "complete", "stop": "ready", "exit_code": 0, "answer": "", **fields}
    return fold([Event(seq=1, t=0.0, span="root", body=RunFinished(**end))])  # type: ignore[arg-type]


def test_the_result_has_the_fields_that_were_promised() -> None:
    result = result_object(WHOLE, SessionFacts("id-1", "/s/session.jsonl"))
    promised = (
        "schema status stop exit_code session session_file answer data citations coverage usage cost limits "
        "sandbox warnings"
    )
    assert list(result)[:15] == promised.split()
    assert set(result["citations"][0]) >= {
        "id",
        "path",
        "page",
        "line_start",
        "line_end",
        "start",
        "end",
        "quote",
        "checked",
    }
    assert result["usage"]["root"] == {
        "calls": 3,
        "tokens_in": 7200,
        "tokens_out": 720,
        "tokens_cached": 3000,
        "usd": 0.025,
        "estimated": False,
    }
    assert result["cost"] == {"usd": 0.085, "known": True}
    assert result["coverage"] == {"documents": 214, "searched_by_code": 214, "read_by_model": 61}
    assert (result["schema"], result["session"], result["session_file"]) == (
        "rlm.result/1",
        "id-1",
        "/s/session.jsonl",
    )


def test_an_unknown_cost_is_null_and_never_zero() -> None:
    result = result_object(view_of(sub_usage=Usage(calls=1, usd=None)), SessionFacts())
    assert result["cost"] == {"usd": None, "known": False}
    assert (result["session"], result["session_file"]) == (None, None)


def test_warnings_and_notices_are_said_once() -> None:
    notices = [Notice(level="warning", code="a", text="slow"), Notice(level="info", code="b", text="hello")]
    events = [Event(seq=n, t=0.0, span="root", body=body) for n, body in enumerate(notices, 1)]
    end = RunFinished(status="complete", stop="ready", exit_code=0, answer="x", warnings=["slow", "torn"])
    view = fold([*events, Event(seq=3, t=0.0, span="root", body=end)])
    assert result_object(view, SessionFacts())["warnings"] == ["slow", "torn"]


def test_a_run_without_an_end_hands_over_its_draft() -> None:
    draft = DraftUpdated(draft=1, content="So far. [[cite:7]]")
    view = fold([Event(seq=1, t=3.0, span="root/t1", body=draft)])
    end = ended(view)
    assert (end.status, end.stop, end.exit_code, end.answer) == ("partial", "no_end", 1, "So far. [7]")
    assert ended(RunView()).status == "failed"


def test_the_answer_has_numbered_notes() -> None:
    assert answer_text(WHOLE) == (
        "There is one conflict. [1] It has a cap. A second is doubtful. [2]\n\n"
        f'[1] msa_2019.pdf p. 4, lines 120-121: "{FOUND.quote}"\n'
        '[2] nda_2019.md: "liability is unlimited" (NOT VERIFIED: no such words in nda_2019.md)'
    )


def test_an_answer_without_citations_is_itself_and_no_answer_is_nothing() -> None:
    assert answer_text(view_of(answer="Plain.\n")) == "Plain."
    assert answer_text(view_of(answer=" \n")) == answer_markdown(view_of(answer="")) == ""


def test_a_quote_is_one_line_of_its_note() -> None:
    folded = Citation(id=1, path="a", quote="two\n  lines", checked=True, elsewhere=3)
    assert answer_text(view_of(answer="x [1]", citations=[folded])).endswith(
        '[1] a: "two lines" (and in 3 more places)'
    )


def test_a_note_does_not_repeat_what_the_answer_says_word_for_word() -> None:
    told = Citation(id=1, path="a.txt", line_start=3, quote="is capped at ten dollars a year", checked=True)
    view = view_of(answer='It "is capped at\nten dollars a year" [1].', citations=[told])
    assert answer_text(view).endswith("\n\n[1] a.txt, line 3")
    assert answer_markdown(view).endswith("\n\n[^1]: a.txt, line 3")
    reworded = view_of(answer="It is capped [1].", citations=[told])
    assert answer_text(reworded).endswith('[1] a.txt, line 3: "is capped at ten dollars a year"')


def test_markdown_has_footnotes_and_leaves_code_and_links_alone() -> None:
    answer = "A[1] and [9] and [1](http://x) and `a[1]`\n```\nb[1]\n```\nend [1]"
    view = view_of(answer=answer, citations=[Citation(id=1, path="a_b.md", quote="*q* <b>", checked=True)])
    assert answer_markdown(view) == (
        "A[^1] and [9] and [1](http://x) and `a[1]`\n```\nb[1]\n```\nend [^1]\n\n"
        '[^1]: a\\_b.md: "\\*q\\* \\<b\\>"'
    )


def test_places_are_named_as_people_name_them() -> None:
    assert place_of(FOUND) == "msa_2019.pdf p. 4, lines 120-121"
    assert place_of(NOT_FOUND) == "nda_2019.md"
    assert place_of(Citation(id=1, path="a.txt", quote="", line_start=3, line_end=3)) == "a.txt, line 3"
