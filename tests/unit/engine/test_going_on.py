"""A session's record as a past, and what is made of it: rebuilt, resumed, asked again, forked."""

from __future__ import annotations

import pytest

from rlm_cli.base.errors import UsageError
from rlm_cli.engine.asked import Asked
from rlm_cli.engine.past import Past, PastTurn
from rlm_cli.engine.past_reading import past_of
from rlm_cli.engine.rebuilding import Rebuilding
from rlm_cli.engine.recipe import AskedAgain
from rlm_cli.engine.resuming import resumption
from rlm_cli.engine.run import Run
from rlm_cli.engine.sitting import Sitting
from rlm_cli.engine.user_cells import UserCell
from rlm_cli.events import Body, Event
from rlm_cli.events.bodies import CellStarted, ReplyFinished, RunFinished, RunResumed, RunStarted, SubFinished
from rlm_cli.events.values import Limits
from rlm_cli.ports import CellResult, Request
from rlm_cli.runs.forking import forked
from tests.unit.engine.bench import FINISH, LOOK, Bench, cell

FAN_OUT = cell("replies = llm_batch(['a?', 'b?'])\nprint(replies)")
TURNS = [LOOK, FAN_OUT, FINISH]


def events_of(bench: Bench) -> list[Event]:
    return numbered(bench.session.events)


def numbered(steps: list[tuple[str, Body]]) -> list[Event]:
    return [Event(seq=n, t=float(n), span=span, body=body) for n, (span, body) in enumerate(steps, 1)]


async def recorded(turns: list[str]) -> list[Event]:
    bench = Bench(turns)
    await bench.go()
    return events_of(bench)


def cut_before(events: list[Event], span: str, kind: type) -> list[Event]:
    place = next(n for n, e in enumerate(events) if e.span == span and isinstance(e.body, kind))
    return events[:place]


async def test_a_past_holds_turns_replies_reports_and_what_was_paid() -> None:
    past = past_of(await recorded(TURNS))
    assert [turn.number for turn in past.turns] == [1, 2, 3]
    assert all(turn.is_whole and turn.is_sound for turn in past.turns)
    assert [turn.report is not None for turn in past.turns] == [True, True, False]
    assert past.turns[1].cell is not None
    assert {prompt for _, prompt in past.turns[1].cell.calls} == {"a?", "b?"}
    question = past.questions[0]
    assert question.finished is not None
    assert (question.root_usage.calls, question.sub_usage.calls) == (3, 2)


async def test_what_was_taken_back_does_not_stand_but_its_replies_stay_known() -> None:
    events = await recorded(TURNS)
    back = Event(seq=99, t=99.0, span="root", body=RunResumed(why="undo", turn=2, cell=2, questions=1))
    past, before = past_of([*events, back]), past_of(events)
    assert [turn.number for turn in past.turns] == [1]
    assert past.last_cell == 1
    assert past.known == before.known
    assert past.questions[0].finished is None


async def test_a_turn_whose_cell_did_not_end_is_made_again_with_its_reply() -> None:
    events = cut_before(await recorded(TURNS), "root/t2/c2/s2", SubFinished)
    found = resumption(past_of(events))
    assert [turn.number for turn in found.begun.turns] == [1]
    reply = found.recipe.reply(2)
    assert reply is not None and reply.text == FAN_OUT
    assert found.recipe.reply(3) is None
    assert found.past.last_turn == 1


async def go_on(events: list[Event], bench: Bench) -> tuple[RunFinished, RunResumed]:
    """Rebuild these events in the parts of a bench, and go on."""
    past = past_of(events)
    found, sitting = resumption(past), Sitting()
    bench.tree.record._known.update(past.known)
    rebuilt = await Rebuilding(bench.tree, bench.corpus, found.past, sitting).go("resume")
    begun = found.begun.with_last(rebuilt.last)
    run = Run(bench.tree, bench.corpus, Asked("How high is the cap?"), sitting, begun, found.recipe)
    try:
        return await run.go(), rebuilt.event
    finally:
        await sitting.close()


@pytest.mark.parametrize(
    ("span", "kind", "left"),
    [
        ("root/t1", ReplyFinished, (3, 2)),
        ("root/t1/c1", CellStarted, (2, 2)),
        ("root/t2/c2/s2", SubFinished, (1, 1)),
        ("root/t3", ReplyFinished, (1, 0)),
        ("root/t3/c3", CellStarted, (0, 0)),
        ("root", RunFinished, (0, 0)),
    ],
)
async def test_wherever_a_run_was_cut_the_rest_gives_the_same_answer_and_asks_only_what_is_missing(
    span: str, kind: type, left: tuple[int, int]
) -> None:
    def play(request: Request, number: int) -> str:
        return TURNS[sum(message.role == "assistant" for message in request.messages)]

    whole = await recorded(TURNS)
    bench = Bench(play)
    finished, resumed = await go_on(cut_before(whole, span, kind), bench)
    end = whole[-1].body
    assert isinstance(end, RunFinished)
    assert (finished.answer, finished.stop) == (end.answer, "ready")
    assert (len(bench.root.requests), len(bench.sub.requests)) == left
    assert resumed.lost == []
    if bench.root.requests:
        undisturbed = Bench(TURNS)
        await undisturbed.go()
        last = [message.content for message in bench.root.requests[-1].messages[:2]]
        assert last == [message.content for message in undisturbed.root.requests[-1].messages[:2]]


async def test_a_child_run_that_was_cut_goes_on_with_the_replies_that_it_had() -> None:
    limits = Limits(turns=20, calls=1_000, depth=2, cell_seconds=5.0, concurrency=8)
    asking = cell("child = rlm_query('CHILD?')\nprint(corpus.grep('cap'))")
    reading = cell("seen = corpus.grep('cap')\nprint(seen)")
    done = cell("answer.update(content=f'{child} dollars', ready=True)")
    ten = cell("answer.update(content='ten', ready=True)")

    def play(request: Request, number: int) -> str:
        turn = sum(message.role == "assistant" for message in request.messages)
        return ([reading, ten] if "CHILD?" in request.messages[1].content else [asking, done])[turn]

    whole = Bench(play, limits=limits)
    await whole.go()
    assert len(whole.root.requests) == 4
    events = events_of(whole)
    cut = cut_before(events, "root/t1/c1/s1/t2", ReplyFinished)
    assert [torn.question for torn in past_of(cut).torn] == ["CHILD?"]
    assert past_of(events).torn == ()
    bench = Bench(play, limits=limits)
    bench.tree.torn = list(past_of(cut).torn)
    finished, _ = await go_on(cut, bench)
    assert finished.answer == "ten dollars"
    assert len(bench.root.requests) == 2


async def test_a_call_that_is_not_in_the_record_is_named_and_not_made() -> None:
    odd = cell("import uuid\nprint(llm_query(str(uuid.uuid4())).ok)")
    bench = Bench([FINISH])
    finished, resumed = await go_on(
        cut_before(await recorded([LOOK, odd, FINISH]), "root/t3", ReplyFinished), bench
    )
    assert finished.answer == "ten dollars"
    assert bench.sub.requests == []
    assert resumed.lost[0] == "cell 2 made 1 call that is not in the record"
    assert "Not all came out as before" in bench.root.requests[0].messages[-1].content


async def test_questions_in_a_row_share_kernel_conversation_and_numbers() -> None:
    bench = Bench([LOOK, FINISH, cell("answer.update(content=f'{kept} {answer}', ready=True)")])
    sitting = Sitting()
    await Run(bench.tree, bench.corpus, Asked("first"), sitting).go()
    await UserCell(bench.tree, bench.corpus, sitting).run("kept = 5")
    tree = bench.tree.for_next(bench.tree.settings, bench.tree.models)
    finished = await Run(tree, bench.corpus, Asked("second"), sitting).go()
    await sitting.close()
    assert finished.answer.startswith("5 {'content': '', 'ready': False}")
    assert finished.root_usage.calls == 1
    assert len(bench.kernels) == 1
    spans = [span for span, body in bench.session.events if isinstance(body, CellStarted)]
    assert spans == ["root/t1/c1", "root/t2/c2", "root/c3", "root/t3/c4"]
    told = bench.root.requests[-1].messages
    assert "<question>\nsecond\n</question>" in told[-1].content
    assert "kept = 5" in told[-1].content
    assert "Accepted" in told[-1].content
    past = past_of(events_of(bench))
    assert [question.turns_before for question in past.questions] == [0, 2]
    before = past.up_to(2, keeps_question=False)
    assert len(before.questions) == 1
    assert before.turns[-1].report is None


async def test_an_earlier_run_is_followed_to_its_last_calls_and_then_as_far_as_it_looks_the_same() -> None:
    turns = past_of(await recorded([LOOK, FAN_OUT, cell("print(1)"), FINISH])).turns

    def shown(turn: PastTurn) -> CellResult:
        assert turn.cell is not None and turn.cell.finished is not None
        return CellResult(status="ok", shown=turn.cell.finished.shown)

    same = AskedAgain(turns)
    for turn in turns:
        assert same.reply(turn.number) is turn.reply
        same.saw(turn.number, shown(turn))
    other = AskedAgain(turns)
    other.saw(1, CellResult(status="ok", shown="something else"))
    assert other.reply(2) is turns[1].reply
    assert other.reply(3) is None
    failing = AskedAgain(turns)
    failing.saw(1, CellResult(status="error", shown=""))
    assert failing.reply(2) is None


async def test_a_fork_costs_nothing_and_carries_another_question() -> None:
    fork = forked(await recorded(TURNS), "abc", 2, "How low?")
    past: Past = past_of(fork.events)
    assert [event.seq for event in fork.events] == list(range(1, len(fork.events) + 1))
    assert [turn.number for turn in past.turns] == [1, 2]
    question = past.questions[0]
    assert (question.started.question, question.started.origin) == ("How low?", "fork abc@2")
    assert (question.root_usage.calls, question.sub_usage.calls) == (0, 0)
    opening = past.turns[0].asked[-1].content
    assert "<question>\nHow low?\n</question>" in opening
    assert [e.body.status for e in fork.events if isinstance(e.body, SubFinished)] == ["recorded"] * 2


async def test_a_fork_behind_the_answer_wants_something_to_ask() -> None:
    events = await recorded(TURNS)
    with pytest.raises(UsageError, match="nothing to ask"):
        forked(events, "abc", 3, "")
    assert forked(events, "abc", 3, "next?").next_question == "next?"
    assert isinstance(forked(events, "abc", 0, "").events[-1].body, RunStarted) is False
    with pytest.raises(UsageError, match="no turn 7"):
        forked(events, "abc", 7, "")
