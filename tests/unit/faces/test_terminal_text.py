"""Whatever a text holds, and whichever way it takes, nothing that acts on a terminal comes out."""

from __future__ import annotations

import pytest

from bench.terminal_text import PATHS, is_safe, measure
from rlm_cli.faces.live.markdown import markdown_rows
from rlm_cli.faces.live.styling import Style


def test_no_unsafe_character_of_twenty_thousand_hostile_texts_comes_out() -> None:
    found = measure(20_000, seed=11)
    assert found.keys() == PATHS.keys()
    assert {name: unsafe for name, (_, unsafe) in found.items() if unsafe} == {}
    assert sum(count for count, _ in found.values()) >= 19_000


@pytest.mark.parametrize(
    "text",
    ["a &#x202e;b", "&rlm;", "<http://a%1b.com>", "[l](http://%e2%80%ae)", "&#13;", "![i&#x200b;](%1b)"],
)
def test_what_a_markdown_parser_decodes_is_cleaned_as_well(text: str) -> None:
    assert is_safe("\n".join(markdown_rows(text, Style(has_colour=False), 58)).encode())


@pytest.mark.parametrize("written", [b"\x1b[2J", b"\xc2\x9b", "\u202e".encode(), b"\xff", b"\r"])
def test_the_check_sees_what_it_is_for(written: bytes) -> None:
    assert not is_safe(written)
