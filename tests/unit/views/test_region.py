"""The moving part of a screen: bounded, honest, and the same for everybody who folds the same events."""

from __future__ import annotations

import pytest

from rlm_cli.base.text import cells
from rlm_cli.events import Event
from rlm_cli.events.bodies import DecisionAsked, DraftUpdated, ReplyDelta, SubFinished, TurnStarted
from rlm_cli.views.controls import Controls
from rlm_cli.views.line import Verbosity
from rlm_cli.views.region import Look, region
from rlm_cli.views.watched import Watched, watch
from tests.fakes.story import STORY

EVENTS = [Event(seq=n, t=t, span=span, body=body) for n, (t, span, body) in enumerate(STORY, 1)]
HALF = next(
    event.seq for event in EVENTS if isinstance(event.body, SubFinished) and event.span.endswith("s30")
)
CHILD = next(event.seq for event in EVENTS if event.span.endswith("c3/s1/t1/c1"))
ALL_CONTROLS = [
    Controls(),
    Controls(has_keys=True, shows_keys=True, is_paused=True, said="x" * 300, queued=("and then?",)),
    Controls(has_keys=True, writes="note for the next turn", text="größer als 長い " * 20),
]


def after(events: list[Event]) -> Watched:
    watched = Watched()
    for event in events:
        watched, _ = watch(watched, event, Verbosity.NORMAL)
    return watched


def shown(events: list[Event], controls: Controls | None = None, look: Look | None = None) -> list[str]:
    watched = after(events)
    rows = region(watched, controls or Controls(has_keys=True), look or Look(80, 24), watched.run.t + 5)
    return ["".join(text for text, _ in row) for row in rows]


@pytest.mark.parametrize("columns", [1, 20, 40, 60, 80, 240])
@pytest.mark.parametrize("rows", [1, 5, 8, 12, 24, 100])
def test_it_is_never_larger_than_promised(columns: int, rows: int) -> None:
    watched = Watched()
    for event in EVENTS:
        watched, _ = watch(watched, event, Verbosity.NORMAL)
        if event.seq % 9:
            continue
        for controls in ALL_CONTROLS:
            found = region(watched, controls, Look(columns, rows), event.t + 3)
            assert 1 <= len(found) <= max(1, min(12, rows // 2))
            widths = [cells("".join(text for text, _ in row)) for row in found]
            assert max(widths) <= max(1, min(58, columns - 1))
            assert not any("\n" in text or "\x1b" in text for row in found for text, _ in row)


def test_sub_calls_are_a_grid_with_counts_pace_and_the_last_replies() -> None:
    rows = shown(EVENTS[:HALF])
    assert rows[1] == "turn 2/20 · cell 2 · 30/61 · 0 running · 0:08"
    assert rows[2].strip() == "✓" * 16 + "✗" + "✓" * 2 + "▒" * 2 + "✓" * 9 + "·" * 26
    assert "ok 27 · recorded 2 · failed 1 (rate_limit) · p50 0.0 s" in rows[4]
    assert "left" in rows[5]
    assert rows[7] == '  #30: "no cap in passage 30"'
    assert rows[-2:] == [
        "read by a model: 0 of 214 · by code: 214",
        "in 26k · out 1,800 · $0.04/$2.00 · 0:15 · ? keys",
    ]


def test_where_there_is_little_room_the_head_the_grid_and_the_money_stay() -> None:
    rows = shown(EVENTS[:HALF], look=Look(40, 8))
    assert len(rows) == 4
    assert rows[0].startswith("turn 2/20") and "✓✓✓" in rows[1] and rows[-1].startswith("in 26k")


def test_ascii_glyphs_stand_for_the_same_states() -> None:
    rows = shown(EVENTS[:HALF], look=Look(80, 24, is_ascii=True))
    assert rows[2].strip() == "v" * 16 + "x" + "v" * 2 + "c" * 2 + "v" * 9 + "." * 26


def test_folded_it_says_where_the_run_stands_and_no_more() -> None:
    rows = shown(EVENTS[:HALF], Controls(has_keys=True, is_folded=True))
    assert not any("✓" in row for row in rows)
    assert any(row.startswith("turn 2/20") for row in rows) and rows[-1].startswith("in 26k")


def test_it_is_paused_once_the_cell_has_ended_and_pausing_before() -> None:
    paused = Controls(has_keys=True, is_paused=True)
    assert "· pausing" in shown(EVENTS[:HALF], paused)[1]
    ended = next(event.seq for event in EVENTS if event.span == "root/t1/c1" and event.t == 4.2)
    assert "· paused, p goes on" in shown(EVENTS[:ended], paused)[1]


def test_a_child_run_has_a_row_of_its_depth() -> None:
    rows = shown(EVENTS[:CHILD])
    assert "  depth 1: 1 child run · turn 1" in rows


def test_a_reply_is_seen_while_it_is_written() -> None:
    begun = [
        *EVENTS[:3],
        event(TurnStarted(turn=1)),
        event(ReplyDelta("Said.\n\nLook at\n```repl\nx = 1\ny =")),
    ]
    rows = shown(begun)
    assert rows[1].startswith("turn 1 · openai/gpt-5 writes")
    assert rows[2:4] == ["  x = 1", "  y ="]


def test_a_decision_that_is_waited_for_shows_its_options() -> None:
    rows = shown([*EVENTS[:5], event(DecisionAsked(id="x", question="Spend more?", options=["yes", "no"]))])
    assert "waits for you" in rows[1]
    assert rows[2:4] == ["  Spend more?", "  1 yes · 2 no"]


def test_the_draft_is_one_row() -> None:
    rows = shown([*EVENTS[:60], event(DraftUpdated(draft=4, content="One two [[cite:1]] three. [[cite:2]]"))])
    assert any(row.startswith("draft 4: ") and "2 citations" in row for row in rows)


def event(body: object) -> Event:
    return Event(seq=999, t=5.0, span="root/t1", body=body)  # type: ignore[arg-type]
