"""What leaves with an export: no secret, nothing that acts on a screen, an account of what was removed."""

from __future__ import annotations

import json

import pytest

from rlm_cli.events import Event
from rlm_cli.events.bodies import CellFinished, CellStarted, RunFinished, RunResumed, TurnStarted
from rlm_cli.faces.export.account import Origin, Passage
from rlm_cli.faces.export.cast import to_cast
from rlm_cli.faces.export.html import page_within, to_page
from rlm_cli.faces.export.markdown import fenced, to_markdown
from rlm_cli.faces.export.prose import to_html
from rlm_cli.faces.export.secrets import Cleaner
from rlm_cli.faces.export.story import Story
from rlm_cli.faces.export.telling import story_of
from tests.fakes.story import STORY

EVENTS = [Event(seq=n, t=t, span=span, body=body) for n, (t, span, body) in enumerate(STORY, 1)]
ORIGIN = Origin("run", passages={1: Passage("before ", "The Supplier", " after", "file")})

# Made of pieces, so that no scanner takes the test for a leak.
SECRETS = {
    "key of a provider": "sk-" + "proj-abcDEF0123456789abcDEF",
    "AWS key": "AKIA" + "ABCDEFGHIJKLMNOP",
    "GitHub token": "ghp_" + "a1B2" * 9,
    "Slack token": "xoxb-" + "1234567890-abcdef",
    "JSON web token": "eyJ" + "hbGciOiJIUzI1.eyJzdWIiOiIxMjM0.SflKxwRJSMeKKF2QT4",
    "private key": "-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----",
}


def told(events: list[Event] = EVENTS, cleaner: Cleaner | None = None, limit: int = 40_000) -> Story:
    return story_of(events, ORIGIN, cleaner or Cleaner(), limit)


@pytest.mark.parametrize(("name", "secret"), SECRETS.items())
def test_a_secret_is_taken_out_and_counted_by_its_name(name: str, secret: str) -> None:
    cleaner = Cleaner()
    assert secret not in cleaner.clean(f"it is {secret} here")
    assert cleaner.account() == [f"1 × {name}"]


def test_known_values_and_the_home_folder_are_taken_out() -> None:
    cleaner = Cleaner(["hunter2-hunter2", "short"], "/home/ada")
    cleaned = cleaner.clean("hunter2-hunter2 in /home/ada/x and /home/adam; short; https://u:pass@host/")
    assert cleaned == (
        "[value of your keys removed] in ~/x and /home/adam; short; "
        "https://[password in an address removed]@host/"
    )
    assert len(cleaner.account()) == 3


def test_no_secret_is_left_in_any_format() -> None:
    secret = SECRETS["key of a provider"]
    events = [
        *EVENTS[:5],
        Event(seq=6, t=1, span="root/t1/c1", body=CellStarted(cell=1, code=f"key = '{secret}'")),
        Event(seq=7, t=1, span="root/t1/c1", body=CellFinished(cell=1, status="ok", shown=secret)),
        Event(
            seq=8,
            t=1,
            span="root",
            body=RunFinished(status="complete", stop="ready", exit_code=0, answer=secret),
        ),
    ]
    story = told(events)
    assert story.removed == ["3 × key of a provider"]
    assert secret not in to_page(story) and secret not in to_markdown(story)
    assert "3 × key of a provider" in to_page(story) and "3 × key of a provider" in to_markdown(story)


async def test_a_recording_of_a_terminal_is_whole_timed_and_clean() -> None:
    lines = (
        await to_cast(EVENTS, "run", 1_700_000_000, "t", Cleaner(["There is one conflict."]))
    ).splitlines()
    header, *writes = [json.loads(line) for line in lines]
    assert (header["version"], header["width"], header["timestamp"]) == (2, 100, 1_700_000_000)
    times = [time for time, _, _ in writes]
    assert times == sorted(times) and times[-1] == 18.2
    text = "".join(text for _, kind, text in writes if kind == "o")
    assert "find indemnification conflicts" in text and "There is one conflict." not in text
    assert "\x1b]52" not in text and "\n" not in text.replace("\r\n", "")


def test_a_story_tells_turns_cells_calls_drafts_and_citations() -> None:
    story = told()
    assert [turn.number for turn in story.turns if turn.run == "root"] == [1, 2, 3]
    assert [cell.number for cell in story.cells if cell.run == "root"] == [1, 2, 3]
    assert [cell.code for cell in story.cells if cell.run == "root/t3/c3/s1"] == [
        "answer['content'] = 'capped'"
    ]
    assert len(story.calls) == 62
    states = {
        state: sum(call.state == state for call in story.calls) for state in ("ok", "failed", "recorded")
    }
    assert states == {"ok": 59, "failed": 1, "recorded": 2}
    assert [draft.number for draft in story.drafts] == [1, 2, 3]
    assert story.drafts[1].changes[-1] == ("+", " It has a cap.")
    assert (story.citations[0].before, story.citations[0].origin) == ("before ", "file")
    assert (story.citations[1].checked, story.citations[1].why) == (False, "no such words in nda_2019.md")


def test_what_was_taken_back_is_not_told() -> None:
    again = [Event(seq=500, t=20, span="root", body=RunResumed(why="undo", turn=2, cell=2, questions=1))]
    again += [Event(seq=501, t=21, span="root/t2", body=TurnStarted(turn=2))]
    story = told([*EVENTS, *again])
    assert [turn.number for turn in story.turns if turn.run == "root"] == [1, 2]
    assert [cell.number for cell in story.cells] == [1]
    assert story.calls == []


def test_earlier_questions_are_told_with_their_answers() -> None:
    events = [each for each in [*EVENTS, *EVENTS] if not isinstance(each.body, RunResumed)]
    (earlier,) = told(events).earlier
    last = next(each.body for each in EVENTS if isinstance(each.body, RunFinished) and each.span == "root")
    assert earlier.answer == last.answer.strip()
    assert [each.id for each in earlier.citations] == [each.id for each in last.citations]
    assert "Earlier in this session" in to_page(told(events))
    assert "## Earlier in this session" in to_markdown(told(events))
    assert not told().earlier


def test_long_texts_are_cut_until_the_page_is_small_enough_and_that_is_said() -> None:
    cell = CellFinished(cell=1, status="ok", shown="x" * 10_000_000)
    events = [*EVENTS[:9], Event(seq=10, t=5, span="root/t1/c1", body=cell)]
    story = told(events)
    assert story.cut == 1 and len(story.cells[0].output) < 41_000
    page = page_within(lambda limit: told(limit=limit), most_bytes=1)
    assert "are shortened here" in page
    assert len(page) < len(to_page(told()))


def test_markdown_of_a_model_becomes_text_that_can_do_nothing() -> None:
    html = to_html(
        "<img src=x onerror=alert(1)> [a](javascript:alert(1)) ![b](http://x/y) <http://a.b> "
        "<script>x</script> **bold** [1] [9] `[1]`\n\n<div onclick=x>\n\n[2]: http://evil\n\n[click][2]",
        {1, 2},
    )
    assert "<img" not in html and "<script" not in html and "<div" not in html and 'href="http' not in html
    assert html.count("<a ") == html.count('<a class="cite" href="#cite-')
    assert "<strong>bold</strong>" in html and "[9]" in html and "<code>[1]</code>" in html


def test_a_fence_cannot_be_closed_by_what_is_in_it() -> None:
    assert fenced("a\n````\nb", "python") == "`````python\na\n````\nb\n`````"


def test_the_page_has_one_policy_and_nothing_that_loads() -> None:
    page = to_page(told())
    assert "default-src 'none'" in page.replace("&#x27;", "'")
    head = page.partition('<script type="text/plain"')[0]
    assert "http://" not in head and "https://" not in head and " src=" not in head and " style=" not in head
    assert page.count("</script>") == 2 and "\x1b" not in page and "\u202e" not in page
