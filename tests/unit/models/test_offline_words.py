"""Words without a language model: stems, content words, sentences."""

from __future__ import annotations

import pytest

from rlm_cli.models.offline.related import asks_to_compare, related_to
from rlm_cli.models.offline.words import content_words, sentences, stem


@pytest.mark.parametrize(
    "forms",
    [
        ("indemnify", "indemnification", "indemnified", "indemnities", "indemnity"),
        ("notify", "notification", "notifications", "notified"),
        ("agreement", "agreements"),
        ("haftung", "haftungen"),
        ("obligación", "obligaciones"),
    ],
)
def test_the_forms_of_a_word_share_their_stem(forms: tuple[str, ...]) -> None:
    assert len({stem(form) for form in forms}) == 1


def test_short_words_and_numbers_are_left_alone() -> None:
    assert [stem(word) for word in ("data", "gas", "2019", "x86s")] == ["data", "gas", "2019", "x86s"]


def test_the_words_of_a_question_that_carry_meaning_are_kept_in_order() -> None:
    assert content_words("Please find all indemnification conflicts in the documents") == [
        "indemnification",
        "conflicts",
    ]
    assert content_words("Wie ist die Haftung begrenzt?") == ["haftung", "begrenzt"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Mr. Smith cites Art. 5. He left.", ["Mr. Smith cites Art. 5.", "He left."]),
        ("He paid 3.50 euros. She did not.", ["He paid 3.50 euros.", "She did not."]),
        (
            "The tenant shall pay the rent on\nthe first day. It is\nlate.",
            ["The tenant shall pay the rent on the first day.", "It is late."],
        ),
        ("a,b,c\n1,2,3\n4,5,6", ["a,b,c", "1,2,3", "4,5,6"]),
        (
            "2026-01-01 ERROR boom\n2026-01-02 INFO ok\n2026-01-03 INFO ok",
            ["2026-01-01 ERROR boom", "2026-01-02 INFO ok", "2026-01-03 INFO ok"],
        ),
        ("caused by the\n\fnegligence of Staff. End.", ["caused by the negligence of Staff.", "End."]),
        ("", []),
    ],
)
def test_sentences_of_prose_and_lines_of_everything_else(text: str, expected: list[str]) -> None:
    assert sentences(text) == expected


def test_every_sentence_can_be_quoted_from_the_text() -> None:
    text = (
        "First, see Sec. 4.2(b).  “Losses” means\nall losses. (Fees too!) Why? So.\n\n- item one\n- item two"
    )
    folded = " ".join(text.split())
    assert all(sentence in folded for sentence in sentences(text))


def test_other_ways_to_say_it_do_not_repeat_the_question() -> None:
    related = related_to("find indemnification conflicts")
    assert "hold harmless" in related
    assert not any(word.startswith("indemn") for word in related)
    assert related_to("zebra") == []


@pytest.mark.parametrize("question", ["find conflicts", "Where do they contradict?", "Gibt es Widersprüche?"])
def test_questions_about_disagreement_are_recognised(question: str) -> None:
    assert asks_to_compare(question)
    assert not asks_to_compare("Who pays the rent?")
