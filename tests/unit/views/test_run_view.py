"""The run view: total, pure, quick to fold."""

from __future__ import annotations

import copy
import random

from rlm_cli.events import Event, Unknown
from rlm_cli.events.bodies import (
    CellOutput,
    DecisionAsked,
    ReplyDelta,
    ReplyFinished,
    RunFinished,
    RunStarted,
    SubFinished,
    SubQueued,
    SubStarted,
)
from rlm_cli.events.values import Limits, Problem, Usage
from rlm_cli.views.calls import CallTree, reduce_calls
from rlm_cli.views.run import RunView, fold, reduce
from rlm_cli.views.spend import Spend, reduce_spend
from rlm_cli.views.table import Table
from tests.fakes.story import BATCH, STORY

EVENTS = [Event(seq=n, t=t, span=span, body=body) for n, (t, span, body) in enumerate(STORY, 1)]
HALF = next(
    event.seq for event in EVENTS if isinstance(event.body, SubFinished) and event.span.endswith("s30")
)


def queued(span: str, **fields: object) -> Event:
    whole = {"cell": 1, "op": "llm", "prompt": "p", "model": "m", "batch": 1, **fields}
    return Event(seq=1, t=1.0, span=span, body=SubQueued(**whole))  # type: ignore[arg-type]


def test_the_view_tells_where_a_run_stands() -> None:
    asking = fold(EVENTS[:6])
    assert (asking.phase, asking.turn, asking.turn_limit) == ("asking", 1, 20)
    assert asking.reply == "I'll look at what "
    assert asking.corpus is not None and asking.corpus.documents == 214
    assert asking.kernel is not None and asking.kernel.tier == "A"
    working = fold(EVENTS[:HALF])
    assert working.phase == "working"
    assert working.cell is not None and (working.cell.number, working.cell.status) == (2, "running")
    assert working.coverage.searched_by_code == 214


def test_the_view_of_a_whole_run_has_all_that_is_shown_at_its_end() -> None:
    view = fold(EVENTS)
    assert view.phase == "finished"
    assert [cell.status for cell in view.cells] == ["ok", "ok", "error"]
    assert (view.draft.number, view.draft.is_ready, view.draft.citations) == (3, True, 2)
    assert [citation.checked for citation in view.citations] == [True, False]
    assert (
        len(view.notices)
        == len(view.warnings)
        == len(view.restarts)
        == view.compactions
        == view.corpus_changes
        == 1
    )
    assert view.finished is not None and view.coverage == view.finished.coverage
    child = view.children.get("root/t3/c3/s1")
    assert child is not None and child.turn == 1 and child.finished is not None


def test_what_a_child_run_does_is_not_taken_for_the_run_itself() -> None:
    view = fold(EVENTS)
    assert view.turn == 3
    assert "Short." not in view.reply
    assert view.started is not None and view.started.question == "find indemnification conflicts"


def test_an_unknown_kind_changes_nothing_but_the_time() -> None:
    view = fold(EVENTS)
    after = reduce(view, Event(seq=999, t=99.0, span="root", body=Unknown(kind="new.kind", fields={"a": 1})))
    assert (after.seq, after.t) == (999, 99.0)
    assert reduce(after, EVENTS[-1]) == reduce(view, EVENTS[-1])


def test_a_reply_that_is_tried_again_starts_afresh() -> None:
    deltas = [ReplyDelta("half a re"), ReplyDelta("a whole", 2), ReplyDelta(" reply", 2)]
    view = fold(Event(seq=n, t=0.0, span="root/t1", body=body) for n, body in enumerate(deltas, 1))
    assert view.reply == "a whole reply"


def test_events_in_any_order_are_no_error_and_change_no_earlier_view() -> None:
    chance = random.Random(11)
    for _ in range(20):
        view, kept = RunView(), []
        for event in chance.sample(EVENTS, len(EVENTS)):
            if event.seq % 40 == 0:
                kept.append((view, copy.deepcopy(view)))
            view = reduce(view, event)
        assert all(before == then for before, then in kept)


def test_a_second_question_of_a_session_begins_with_a_fresh_view() -> None:
    again = Event(
        seq=500,
        t=60.0,
        span="root",
        body=RunStarted(
            question="next", root_model="m", sub_model="m", mode="rlm", limits=Limits(), prompt_hash=""
        ),
    )
    view = reduce(fold(EVENTS), again)
    assert view.started is not None and view.started.question == "next"
    assert (view.finished, view.cells, view.spend, len(view.calls.calls)) == (None, (), Spend(), 0)


def test_a_decision_waits_until_it_is_made() -> None:
    asked = next(event for event in EVENTS if isinstance(event.body, DecisionAsked))
    view = fold(EVENTS[: asked.seq])
    assert view.decision == asked.body and view.phase == "deciding"
    assert fold(EVENTS[: asked.seq + 1]).decision is None


def test_a_running_cell_keeps_only_the_end_of_a_flood() -> None:
    view = fold(EVENTS[:HALF])
    for number in range(100):
        flood = CellOutput(cell=2, stream="stdout", text=f"{number:04}" * 1000)
        view = reduce(view, Event(seq=1000 + number, t=9.0, span="root/t2/c2", body=flood))
    assert view.cell is not None
    assert len(view.cell.output) == 16 * 1024 and view.cell.output.endswith("0099")


def test_a_batch_counts_its_calls_by_state() -> None:
    half = fold(EVENTS[:HALF]).calls.batches_of("root/t2/c2")[0]
    assert (half.of, half.settled, half.count("queued"), half.count("ok"), half.ended) == (
        BATCH,
        30,
        31,
        27,
        None,
    )
    whole = fold(EVENTS).calls.batches_of("root/t2/c2")[0]
    assert dict(whole.states) == {"ok": BATCH - 3, "recorded": 2, "failed": 1}
    assert whole.problems == (("rate_limit", 1),)
    assert whole.is_over and whole.ended is not None


def test_single_calls_of_a_cell_are_counted_together() -> None:
    tree = CallTree()
    for number in range(3):
        tree = reduce_calls(tree, queued(f"root/t1/c1/s{number}", batch=0))
        tree = reduce_calls(
            tree, Event(seq=1, t=2.0, span=f"root/t1/c1/s{number}", body=SubFinished(status="ok"))
        )
    (batch,) = tree.batches_of("root/t1/c1")
    assert (batch.number, batch.of, batch.settled, batch.ended) == (0, 3, 3, 2.0)


def test_a_call_keeps_what_is_asked_about_it_later() -> None:
    call = fold(EVENTS).calls.calls.get("root/t2/c2/s17")
    assert call is not None
    assert (call.state, call.attempts, call.index) == ("failed", 1, 16)
    assert call.problem == Problem(kind="rate_limit", message="429 Too Many Requests")
    assert call.queued == 7.0 and call.started is not None and call.finished is not None


def test_a_retried_call_shows_that_it_is_one() -> None:
    tree = reduce_calls(CallTree(), queued("root/t1/c1/s1"))
    for attempt in (1, 2):
        tree = reduce_calls(
            tree, Event(seq=2, t=1.0 + attempt, span="root/t1/c1/s1", body=SubStarted(attempt=attempt))
        )
    call = tree.calls.get("root/t1/c1/s1")
    assert call is not None and (call.state, call.started) == ("retried", 2.0)


def test_calls_are_listed_in_the_order_in_which_they_were_asked_for() -> None:
    below = fold(EVENTS).calls.below("root/t2")
    assert [call.span for call in below] == [f"root/t2/c2/s{number}" for number in range(1, BATCH + 1)]


def test_spend_counts_every_response_once_children_included() -> None:
    spend = Spend()
    for event in EVENTS[:-1]:
        spend = reduce_spend(spend, event)
    assert spend.root.calls == 3
    assert spend.root.tokens_in == 7200
    ok = BATCH - 3
    assert spend.sub.calls == ok + 6 + 1
    assert spend.sub.tokens_in == ok * 700 + 900
    assert spend.children == frozenset()


def test_the_end_of_a_run_has_the_last_word_on_spend() -> None:
    finished = EVENTS[-1].body
    assert isinstance(finished, RunFinished)
    view = fold(EVENTS)
    assert (view.spend.root, view.spend.sub) == (finished.root_usage, finished.sub_usage)


def test_an_unknown_price_makes_the_sum_unknown() -> None:
    unknown = ReplyFinished(text="", model="m", usage=Usage(calls=1, usd=None))
    spend = reduce_spend(Spend(), Event(seq=1, t=0.0, span="root/t1", body=unknown))
    assert spend.total.usd is None


def test_a_table_is_not_changed_by_its_changed_copy() -> None:
    empty: Table[int] = Table()
    one = empty.with_entry("a", 1)
    two = one.with_entry("a", 2).with_entry("b", 3)
    assert (empty.get("a"), one.get("a"), two.get("a"), two.get("b")) == (None, 1, 2, 3)
    assert (len(empty), len(one), len(two)) == (0, 1, 2)
    assert sorted(two.values()) == [2, 3]
    assert one != two and two == one.with_entry("b", 3).with_entry("a", 2)
