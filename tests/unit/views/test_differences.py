"""The difference of two texts: together its pieces are both texts, and only what changed is marked."""

from __future__ import annotations

import random

import pytest

from rlm_cli.views.differences import changes

BEFORE = "There is one conflict. It has a cap.\n\n- First item\n- Second item\n"
AFTER = "There are two conflicts. It has a cap.\n\n- First item\n- Third item\n- Second item\n"


def texts(found: list[tuple[str, str]]) -> tuple[str, str]:
    before = "".join(text for what, text in found if what != "+")
    return before, "".join(text for what, text in found if what != "-")


def test_the_pieces_are_both_texts() -> None:
    assert texts(changes(BEFORE, AFTER)) == (BEFORE, AFTER)


def test_only_the_words_that_changed_are_marked() -> None:
    found = changes(
        "The cap is ten dollars for each claim. Unchanged.",
        "The cap is two dollars for each claim. Unchanged.",
    )
    assert [each for each in found if each[0] != "="] == [("-", "ten"), ("+", "two")]


def test_a_sentence_that_has_nothing_in_common_is_replaced_as_a_whole() -> None:
    found = changes("Alpha beta gamma.", "Completely different words here!")
    assert [what for what, _ in found] == ["-", "+"]


@pytest.mark.parametrize("seed", range(20))
def test_random_texts_are_taken_apart_and_put_together(seed: int) -> None:
    chosen = random.Random(seed)

    def make() -> str:
        return "".join(chosen.choices(["a ", "b. ", "c\n", "! ", "…", "d", "é ", "\n\n", '"q." '], k=60))

    before, after = make(), make()
    assert texts(changes(before, after)) == (before, after)


def test_nothing_becomes_something() -> None:
    assert changes("", "x") == [("+", "x")]
    assert changes("x", "") == [("-", "x")]
    assert changes("", "") == []
