"""The keys: what each of them asks of a run, and what is written with them."""

from __future__ import annotations

from rlm_cli.events import Event
from rlm_cli.events.bodies import DecisionAsked, RunStarted, TurnStarted
from rlm_cli.events.commands import AnswerNow, Ask, Command, Decide, Pause, Steer
from rlm_cli.events.values import Limits
from rlm_cli.views.controls import Controls, after, keys_line, pressed

ASKED = DecisionAsked(id="cost", question="Spend more?", options=["yes", "no"], default="no")


def typed(
    *keys: str, controls: Controls | None = None, decision: DecisionAsked | None = None
) -> tuple[Controls, list[Command]]:
    now, commands = controls or Controls(has_keys=True, takes_questions=True), []
    for key in keys:
        done = pressed(now, key, decision)
        now = done.controls
        commands += [done.command] if done.command else []
    return now, commands


def test_p_pauses_and_goes_on() -> None:
    controls, commands = typed("p", "p")
    assert commands == [Pause(True), Pause(False)] and not controls.is_paused


def test_a_note_is_written_mended_and_sent() -> None:
    controls, commands = typed("s", *"only caps", "ctrl-w", *"2019x", "backspace", "enter")
    assert commands == [Steer("only 2019")]
    assert not controls.writes and "only 2019" in controls.said


def test_keys_are_letters_while_a_note_is_written_and_escape_gives_it_up() -> None:
    controls, commands = typed("s", "p", "f", "c", "?")
    assert controls.text == "pfc?" and not commands
    controls, commands = typed("s", *"abc", "escape")
    assert not controls.writes and not commands


def test_f_asks_for_the_answer_and_ends_a_pause() -> None:
    controls, commands = typed("p", "f")
    assert commands == [Pause(True), AnswerNow()] and not controls.is_paused


def test_tab_queues_a_question_where_one_can_wait() -> None:
    controls, commands = typed("tab", *"and 2020?", "enter")
    assert commands == [Ask("and 2020?")] and controls.queued == ("and 2020?",)
    controls, commands = typed("tab", *"x", controls=Controls(has_keys=True))
    assert not controls.writes and not commands
    assert "no question can wait" in controls.said


def test_a_question_that_waited_leaves_the_queue_when_its_turn_has_come() -> None:
    controls = Controls(queued=("first?", "second?"))
    begins = RunStarted(
        question="first?", root_model="m", sub_model="m", mode="rlm", limits=Limits(), prompt_hash=""
    )
    left = after(controls, Event(seq=1, t=0.0, span="root", body=begins), has_turns=True)
    assert left.queued == ("second?",)


def test_where_one_call_gives_the_answer_no_key_promises_a_next_turn() -> None:
    began = Event(seq=1, t=0.0, span="root/t1", body=TurnStarted(turn=1, limit=1))
    controls = after(Controls(has_keys=True, takes_questions=True), began, has_turns=False)
    assert keys_line(controls) == "Tab queue · c fold"
    for key in "psf":
        now, commands = typed(key, controls=controls)
        assert not commands and not now.writes and "one call" in now.said


def test_a_decision_is_taken_by_number_or_by_its_default() -> None:
    assert typed("1", decision=ASKED)[1] == [Decide("cost", "yes")]
    assert typed("enter", decision=ASKED)[1] == [Decide("cost", "no")]
    assert typed("3", "x", decision=ASKED)[1] == []


def test_d_wants_the_difference_c_folds_and_unknown_keys_do_nothing() -> None:
    controls = Controls(has_keys=True)
    assert pressed(controls, "d").wants_difference
    assert pressed(controls, "c").controls.is_folded
    assert pressed(controls, "ctrl-x").controls == controls
