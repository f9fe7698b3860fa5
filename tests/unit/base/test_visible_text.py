"""Text for people: no control reaches a terminal, and what is cut says so."""

from __future__ import annotations

import random
import re
import unicodedata

import pytest

from rlm_cli.base.text import (
    cells,
    counted,
    cut_to,
    elapsed,
    head_and_tail,
    money,
    one_line,
    tokens_estimate,
    visible,
)

UNSAFE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\ud800-\udfff\U000e0000-\U000e007f]"
)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[31mred\x1b[0m", "␛[31mred␛[0m"),
        ("\x1b]8;;http://evil\x07link", "␛]8;;http://evil␇link"),
        ("\x9b2J", "�2J"),
        ("a\rb", "a␍b"),
        ("a\r\nb\tc", "a\nb\tc"),
        ("\x7f\x00", "␡␀"),
        ("user\u202etxt.exe", "user�txt.exe"),
        ("\ud83d", "�"),
    ],
)
def test_controls_are_replaced_by_signs(text: str, shown: str) -> None:
    assert visible(text) == shown


def test_no_unsafe_character_survives_however_text_is_cut_into_pieces() -> None:
    chance = random.Random(5)
    for _ in range(20_000):
        text = "".join(chr(chance.randrange(0x110000 if chance.random() < 0.2 else 0x300)) for _ in range(8))
        cut = chance.randrange(9)
        for piece in (visible(text), visible(text[:cut]) + visible(text[cut:])):
            assert not UNSAFE.search(piece), ascii(text)


def test_no_control_or_bidi_category_of_unicode_survives() -> None:
    shown = visible("".join(map(chr, range(0x110000)))).replace("\n", "").replace("\t", "")
    kept = set(shown)
    assert {unicodedata.category(character) for character in kept}.isdisjoint({"Cc", "Cs"})
    embedding = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}
    assert {unicodedata.bidirectional(character) for character in kept}.isdisjoint(embedding)


def test_cleaning_twice_changes_nothing_more() -> None:
    text = "".join(map(chr, range(0x3000)))
    assert visible(visible(text)) == visible(text)


def test_a_cut_line_says_that_it_was_cut() -> None:
    assert one_line("a  b\nc", 80) == "a b c"
    assert one_line("x" * 100, 10) == "x" * 9 + "…"


def test_a_long_text_keeps_its_ends_and_states_what_is_missing() -> None:
    shown, omitted = head_and_tail("a" * 100 + "b" * 100, 30)
    assert omitted == 170
    assert shown.startswith("a" * 20 + "\n[… 170 of 200") and shown.endswith("b" * 10)


@pytest.mark.parametrize(("text", "columns"), [("abc", 3), ("日本", 4), ("e\u0301", 1), ("🙂", 2), ("", 0)])
def test_columns_are_counted_as_a_terminal_does(text: str, columns: int) -> None:
    assert cells(text) == columns


@pytest.mark.parametrize("columns", range(1, 12))
def test_a_cut_text_never_takes_more_columns_than_there_are(columns: int) -> None:
    assert cells(cut_to("日本語 and more", columns)) <= columns


def test_figures_are_written_for_people() -> None:
    assert counted(1, "document") == "1 document" and counted(1204, "document") == "1,204 documents"
    assert [money(usd) for usd in (None, 0, 0.0042, 0.97)] == ["cost unknown", "$0.00", "$0.0042", "$0.97"]
    assert [elapsed(seconds) for seconds in (41.9, 725, 3723)] == ["0:41", "12:05", "1:02:03"]
    assert tokens_estimate(9) == 3
