"""Every fact of the live view has a line in `plain`: walked through by the kinds of events."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from rlm_cli.events import Event
from rlm_cli.events.bodies import BODY_TYPES, ReplyDelta, RunFinished
from rlm_cli.faces.live.markdown import markdown_rows
from rlm_cli.faces.live.styling import Style
from rlm_cli.views.controls import Controls
from rlm_cli.views.line import Line, Moment, Told, Verbosity
from rlm_cli.views.lines import TELLERS, closing_lines, tell
from rlm_cli.views.prose import whole_blocks
from rlm_cli.views.region import Look, region
from rlm_cli.views.result import SessionFacts
from rlm_cli.views.run import RunView, reduce
from rlm_cli.views.watched import Watched, watch
from tests.fakes.story import STORY

EVENTS = [Event(seq=n, t=t, span=span, body=body) for n, (t, span, body) in enumerate(STORY, 1)]
KINDS = [kind for kind in BODY_TYPES if kind != "reply.delta"]


def both(verbosity: Verbosity) -> list[tuple[Event, list[Line], list[Line]]]:
    """What plain and the live view tell of each event of the story."""
    view, told, watched, found = RunView(), Told(), Watched(), []
    for event in EVENTS:
        view = reduce(view, event)
        told, plain = tell(told, Moment(view, event, verbosity))
        watched, live = watch(watched, event, verbosity)
        found.append((event, plain, live))
    return found


def test_every_kind_of_event_is_told_by_plain() -> None:
    assert {*BODY_TYPES.values()} <= {*TELLERS}


@pytest.mark.parametrize("verbosity", [Verbosity.NORMAL, Verbosity.VERBOSE])
def test_each_line_that_the_live_view_keeps_is_one_of_plain(verbosity: Verbosity) -> None:
    for event, plain, live in both(verbosity):
        own = [line for line in live if line not in plain]
        said = " ".join(line.text for line in plain)
        assert all(line.tone == "markdown" or line.text.removeprefix("reply ") in said for line in own), event


def test_what_plain_tells_and_the_live_view_does_not_keep_moves_there() -> None:
    """Only the progress of batches and of reading, and the reply as one line, are missing from scrollback."""
    for _, plain, live in both(Verbosity.NORMAL):
        missing = [line for line in plain if line not in live and not line.is_passing]
        assert all(line.tone == "said" for line in missing)


def test_each_word_of_a_reply_that_the_live_view_keeps_is_told_by_plain_when_all_is_told() -> None:
    for event, plain, live in both(Verbosity.VERBOSE):
        words = " ".join(line.text for line in live if line.tone == "markdown").split()
        assert set(words) <= set(" ".join(line.text for line in plain).split()) or _is_delta(event)


def test_the_moving_part_shows_figures_that_plain_tells_at_the_end() -> None:
    watched = Watched()
    for event in EVENTS:
        watched, _ = watch(watched, event, Verbosity.NORMAL)
    running = replace(watched.run, finished=None, phase="working")
    rows = region(replace(watched, run=running), Controls(), Look(80, 24), 18.2)
    shown = "\n".join("".join(text for text, _ in row) for row in rows)
    told = "\n".join(line.text for line in closing_lines(watched.run, SessionFacts(), Verbosity.NORMAL))
    assert "read by a model: 61 of 214" in shown and "read by a model: 61 of 214" in told
    for figure in ("49", "3,070", "$0.08", "$2.00", "0:18"):
        assert figure in shown and figure in told


def test_kinds_of_the_story_are_all_kinds() -> None:
    """So that the tests above walk every one of them."""
    kinds = {type(event.body) for event in EVENTS}
    assert {BODY_TYPES[kind] for kind in KINDS} <= kinds and RunFinished in kinds


def test_markdown_block_by_block_is_markdown_drawn_at_once() -> None:
    text = (
        "# Caps\n\nA *short* paragraph\nof two lines.\n\n- one\n- two\n\n  and more\n\n1. first\n"
        "2. second\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n> quoted\n\n```json\n{}\n\n1\n```\n"
        "The `end`. <b>No HTML</b>\n"
    )
    style = Style()
    blocks, _ = whole_blocks(text, is_ended=True)
    parts = [row for block in blocks for row in (*markdown_rows(block, style, 60), "")]
    assert [row for row in parts if row] == [row for row in markdown_rows(text, style, 60) if row]
    assert any("<b>No HTML</b>" in row for row in parts)


def _is_delta(event: Event) -> bool:
    return isinstance(event.body, ReplyDelta)
