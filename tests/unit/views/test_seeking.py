"""A film of a session: the view at any place is the fold of what came before, and places are found."""

from __future__ import annotations

import itertools

import pytest

from rlm_cli.events import Event
from rlm_cli.events.bodies import CellOutput, ReplyDelta, RunStarted, SubQueued
from rlm_cli.views.calls import CallTree, reduce_calls
from rlm_cli.views.gathering import SUB_EVENTS, gathered
from rlm_cli.views.run import fold, reduce
from rlm_cli.views.seeking import Film
from rlm_cli.views.selecting import cut_short
from tests.fakes.story import STORY

EVENTS = [Event(seq=n, t=t, span=span, body=body) for n, (t, span, body) in enumerate(STORY, 1)]


def test_the_view_at_every_place_is_the_fold_of_what_came_before() -> None:
    film = Film(EVENTS)
    view = fold([])
    for place in range(len(EVENTS) + 1):
        assert film.at(place) == view, place
        if place < len(EVENTS):
            view = reduce(view, EVENTS[place])


@pytest.mark.parametrize("places", [(300, 5, 40), (0, 10_000), (-1, 222)])
def test_places_may_be_asked_for_in_any_order(places: tuple[int, ...]) -> None:
    film = Film(EVENTS)
    for place in places:
        assert film.at(place) == fold(EVENTS[: max(0, place)])


@pytest.mark.parametrize("size", [1, 7, 50, 1_000])
def test_calls_gathered_at_once_are_the_calls_reduced_one_by_one(size: int) -> None:
    subs = [event for event in EVENTS if isinstance(event.body, SUB_EVENTS)]
    one_by_one = at_once = CallTree()
    for event in subs:
        one_by_one = reduce_calls(one_by_one, event)
    for start in range(0, len(subs), size):
        at_once = gathered(at_once, subs[start : start + size])
    assert at_once == one_by_one


def test_turns_are_found_and_those_that_are_not_there_are_none() -> None:
    film = Film(EVENTS)
    place = film.scene_of(2)
    assert place is not None and EVENTS[place].span == "root/t2"
    assert film.at(place).turn == 1 and film.at(place + 1).turn == 2
    assert EVENTS[film.end_of(2)].span == "root/t3"
    assert film.end_of(3) == len(film)
    assert film.scene_of(9) is None
    assert film.scene_after(place) == film.scene_of(3)
    assert film.scene_before(place) == film.scene_of(1)


def test_steps_go_on_and_back_over_the_same_places() -> None:
    film = Film(EVENTS)
    places = [0]
    while places[-1] < len(film):
        places.append(film.step_after(places[-1]))
    for before, after in itertools.pairwise(places):
        assert film.step_before(after) == before
    shown = [EVENTS[place - 1].body for place in places[1:]]
    assert not any(isinstance(body, ReplyDelta | CellOutput | SubQueued) for body in shown)
    assert sum(isinstance(body, RunStarted) for body in shown) == 1


def test_words_are_found_in_code_prompts_and_answers_whatever_their_case() -> None:
    film = Film(EVENTS)
    place = film.find("NO CAP IN PASSAGE 30", 0)
    assert place is not None and film.find("no cap in passage 30", place) is None
    assert film.find("[/b]", 0) is not None, "words are no pattern"
    assert film.find("no such words", 0) is None


def test_the_last_two_drafts_before_a_place() -> None:
    film = Film(EVENTS)
    assert [each.draft for each in film.drafts_before(len(film))] == [2, 3]
    assert film.drafts_before(10) == []


def test_a_run_that_is_shown_up_to_a_turn_ends_with_the_draft_of_then() -> None:
    film = Film(EVENTS)
    end = cut_short(film.at(film.end_of(2)), 2)
    assert (end.status, end.exit_code) == ("partial", 0)
    assert end.answer == "There is one conflict. [1] It has a cap."
