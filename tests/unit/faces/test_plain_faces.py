"""The plain, JSON and JSON Lines faces: the answer on stdout alone, people's lines on stderr, exit codes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from rlm_cli.base.errors import UsageError
from rlm_cli.events import Event
from rlm_cli.events.bodies import DraftUpdated, RunFinished
from rlm_cli.events.commands import Interrupt
from rlm_cli.events.values import Problem
from rlm_cli.events.wire import event_of, from_json
from rlm_cli.faces.delivery import check_out_file, write_whole
from rlm_cli.faces.options import FaceOptions
from rlm_cli.faces.output import Look
from rlm_cli.views.line import Verbosity
from rlm_cli.views.result import SessionFacts
from tests.fakes.story import STORY
from tests.fakes.watching import Screen

EVENTS = [Event(seq=n, t=t, span=span, body=body) for n, (t, span, body) in enumerate(STORY, 1)]
FAILED = RunFinished(
    status="failed",
    stop="provider_failed",
    exit_code=6,
    answer="",
    problem=Problem(kind="rate_limit", message="429 after 6 attempts"),
)
FORMATS = ["text", "markdown", "json", "jsonl"]


def ending(end: RunFinished) -> list[Event]:
    return [*EVENTS[:-1], Event(seq=len(EVENTS), t=18.2, span="root", body=end)]


async def test_the_answer_alone_is_on_stdout() -> None:
    screen = Screen()
    assert await screen.show("text", EVENTS, FaceOptions()) == 0
    assert screen.out.startswith("There is one conflict. [1]")
    assert screen.out.endswith("(NOT VERIFIED: no such words in nda_2019.md)\n")
    assert "There is one conflict" not in screen.err


async def test_the_closing_lines_come_after_the_answer() -> None:
    screen = Screen()
    await screen.show("text", EVENTS, FaceOptions(session=SessionFacts("run-1", "/x")))
    order = [name for name, _ in screen.written]
    assert order.index("out") < len(order) - 1 and set(order[order.index("out") + 1 :]) == {"err"}
    assert screen.err.endswith("session run-1; see it again: rlm replay run-1\n")


async def test_in_a_pipe_every_line_of_stderr_begins_with_its_time_or_belongs_to_one() -> None:
    screen = Screen()
    await screen.show("text", EVENTS, FaceOptions())
    assert all(line[:1].isdigit() or line.startswith("      ") for line in screen.err.splitlines())
    assert "\r" not in screen.err and "\x1b" not in screen.err


async def test_on_one_terminal_the_answer_stands_apart() -> None:
    screen = Screen(out_look=Look(columns=80), err_look=Look(columns=80))
    await screen.show("text", EVENTS, FaceOptions())
    assert screen.out.startswith("\nThere is") and screen.out.endswith("\n\n")
    alone = Screen(err_look=Look(columns=80))
    await alone.show("text", EVENTS, FaceOptions())
    assert alone.out.startswith("There is")


async def test_a_terminal_of_80_columns_gets_no_wider_line() -> None:
    screen = Screen(err_look=Look(columns=80))
    await screen.show("text", EVENTS, FaceOptions(verbosity=Verbosity.VERBOSE))
    assert max(map(len, screen.err.splitlines())) <= 80


async def test_json_is_one_object() -> None:
    screen = Screen()
    assert await screen.show("json", EVENTS, FaceOptions(session=SessionFacts("run-1", "/s"))) == 0
    assert screen.out.count("\n") == 1
    result = json.loads(screen.out)
    assert (result["schema"], result["status"], result["session"]) == ("rlm.result/1", "complete", "run-1")
    assert result["answer"].startswith("There is one conflict. [1]")


async def test_jsonl_is_every_event_as_it_happened() -> None:
    screen = Screen()
    assert await screen.show("jsonl", EVENTS, FaceOptions()) == 0
    assert [event_of(from_json(line.encode())) for line in screen.out.splitlines()] == EVENTS
    assert list(json.loads(screen.out.splitlines()[0])) == ["seq", "t", "span", "body"]


@pytest.mark.parametrize("output_format", FORMATS)
async def test_people_read_the_same_lines_whatever_programs_read(output_format: str) -> None:
    plain, other = Screen(), Screen()
    await plain.show("text", EVENTS, FaceOptions())
    await other.show(output_format, EVENTS, FaceOptions())
    assert other.err == plain.err


@pytest.mark.parametrize("output_format", FORMATS)
async def test_the_exit_code_is_that_of_the_run(output_format: str) -> None:
    assert await Screen().show(output_format, ending(FAILED), FaceOptions()) == 6


@pytest.mark.parametrize("output_format", FORMATS)
async def test_a_silent_face_says_only_why_a_run_failed(output_format: str) -> None:
    good, bad = Screen(), Screen()
    await good.show(output_format, EVENTS, FaceOptions(is_silent=True))
    await bad.show(output_format, ending(FAILED), FaceOptions(is_silent=True))
    assert good.err == ""
    assert bad.err == "0:18  failed: no answer, because the provider failed: 429 after 6 attempts\n"


async def test_a_run_without_an_answer_prints_nothing_on_stdout() -> None:
    screen = Screen()
    await screen.show("text", ending(FAILED), FaceOptions())
    assert screen.out == ""
    assert "the provider failed: 429 after 6 attempts" in screen.err


@pytest.mark.parametrize("output_format", FORMATS)
async def test_a_stream_without_an_end_hands_over_the_draft_and_exits_1(output_format: str) -> None:
    draft = DraftUpdated(draft=1, content="So far. [[cite:7]]")
    screen = Screen()
    events = [*EVENTS[:3], Event(seq=4, t=1.0, span="root/t1", body=draft)]
    assert await screen.show(output_format, events, FaceOptions()) == 1
    assert "So far. [" in screen.out
    assert "partial: the draft so far, because the record has no end" in screen.err


@pytest.mark.parametrize("output_format", FORMATS)
async def test_a_reader_that_goes_away_is_exit_code_141_and_people_still_read(output_format: str) -> None:
    screen = Screen(out_breaks=0)
    assert await screen.show(output_format, EVENTS, FaceOptions()) == 141
    assert screen.out == ""
    assert "complete: the answer is ready" in screen.err


async def test_a_stream_of_events_that_nobody_reads_asks_the_run_to_end_once() -> None:
    screen = Screen(out_breaks=3)
    assert await screen.show("jsonl", EVENTS, FaceOptions()) == 141
    assert len(screen.out.splitlines()) == 3
    assert screen.commands == [Interrupt()]


@pytest.mark.parametrize("output_format", FORMATS)
async def test_a_closed_stderr_changes_nothing_on_stdout(output_format: str) -> None:
    whole, deaf = Screen(), Screen(err_breaks=2)
    await whole.show(output_format, EVENTS, FaceOptions())
    assert await deaf.show(output_format, EVENTS, FaceOptions()) == 0
    assert deaf.out == whole.out


@pytest.mark.parametrize("output_format", ["text", "markdown", "json", "jsonl"])
async def test_an_answer_can_go_into_a_file(output_format: str, tmp_path: Path) -> None:
    file = tmp_path / "answer"
    screen, plain = Screen(), Screen()
    options = FaceOptions(out_file=file, answer_format=output_format)
    assert await screen.show(output_format, EVENTS, options) == 0
    await plain.show(
        "text" if output_format == "jsonl" else output_format,
        EVENTS,
        FaceOptions(answer_format=output_format),
    )
    assert file.read_text("utf-8") == plain.out
    assert (screen.out == "") is (output_format != "jsonl")
    assert f"answer written to {file}" in screen.err


async def test_an_answer_that_cannot_be_filed_is_not_lost(tmp_path: Path) -> None:
    screen = Screen()
    options = FaceOptions(out_file=tmp_path / "none" / "answer.md")
    assert await screen.show("text", EVENTS, options) == 2
    assert "There is one conflict" in screen.out
    assert "error: cannot write" in screen.err


def test_a_file_is_replaced_whole_and_keeps_its_mode(tmp_path: Path) -> None:
    file = tmp_path / "a.md"
    file.write_text("old")
    file.chmod(0o640)
    (tmp_path / "link.md").symlink_to(file)
    write_whole(tmp_path / "link.md", b"new")
    assert file.read_text() == "new"
    assert file.stat().st_mode & 0o777 == 0o640
    assert (tmp_path / "link.md").is_symlink()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.md", "link.md"]


def test_an_answer_can_go_to_a_device() -> None:
    write_whole(Path("/dev/null"), b"x")
    assert not Path("/dev/null").is_file()


def test_a_place_that_cannot_take_the_answer_is_refused_before_the_run(tmp_path: Path) -> None:
    check_out_file(tmp_path / "new.md")
    for path, why in ((tmp_path, "it is a folder"), (tmp_path / "no" / "a.md", "there is no folder")):
        with pytest.raises(UsageError, match=why):
            check_out_file(path)
