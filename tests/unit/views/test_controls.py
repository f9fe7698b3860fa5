"""The keys: what each of them asks of a run, and what is written with them."""

from __future__ import annotations

from rlm_cli.events.bodies import DecisionAsked
from rlm_cli.events.commands import AnswerNow, Command, Decide, Pause, Steer
from rlm_cli.views.controls import Controls, pressed

ASKED = DecisionAsked(id="cost", question="Spend more?", options=["yes", "no"], default="no")


def typed(
    *keys: str, controls: Controls | None = None, decision: DecisionAsked | None = None
) -> tuple[Controls, list[Command], list[str]]:
    now, commands, questions = controls or Controls(has_keys=True, takes_questions=True), [], []
    for key in keys:
        done = pressed(now, key, decision)
        now = done.controls
        commands += [done.command] if done.command else []
        questions += [done.question] if done.question else []
    return now, commands, questions


def test_p_pauses_and_goes_on() -> None:
    controls, commands, _ = typed("p", "p")
    assert commands == [Pause(True), Pause(False)] and not controls.is_paused


def test_a_note_is_written_mended_and_sent() -> None:
    controls, commands, _ = typed("s", *"only caps", "ctrl-w", *"2019x", "backspace", "enter")
    assert commands == [Steer("only 2019")]
    assert not controls.writes and "only 2019" in controls.said


def test_keys_are_letters_while_a_note_is_written_and_escape_gives_it_up() -> None:
    controls, commands, _ = typed("s", "p", "f", "c", "?")
    assert controls.text == "pfc?" and not commands
    controls, commands, _ = typed("s", *"abc", "escape")
    assert not controls.writes and not commands


def test_f_asks_for_the_answer_and_ends_a_pause() -> None:
    controls, commands, _ = typed("p", "f")
    assert commands == [Pause(True), AnswerNow()] and not controls.is_paused


def test_tab_queues_a_question_where_one_can_wait() -> None:
    controls, _, questions = typed("tab", *"and 2020?", "enter")
    assert questions == ["and 2020?"] == list(controls.queued)
    controls, _, questions = typed("tab", *"x", controls=Controls(has_keys=True))
    assert not controls.writes and not questions


def test_a_decision_is_taken_by_number_or_by_its_default() -> None:
    assert typed("1", decision=ASKED)[1] == [Decide("cost", "yes")]
    assert typed("enter", decision=ASKED)[1] == [Decide("cost", "no")]
    assert typed("3", "x", decision=ASKED)[1] == []


def test_d_wants_the_difference_c_folds_and_unknown_keys_do_nothing() -> None:
    controls = Controls(has_keys=True)
    assert pressed(controls, "d").wants_difference
    assert pressed(controls, "c").controls.is_folded
    assert pressed(controls, "ctrl-x").controls == controls
