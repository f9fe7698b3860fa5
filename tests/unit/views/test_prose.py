"""Replies block by block: what is handed on while a text streams in is what the whole text would give."""

from __future__ import annotations

import pytest

from rlm_cli.views.prose import being_written, whole_blocks

TEXT = """# Title

A paragraph
of two lines.

- one

- two

  of two paragraphs
1. three

```json
{"a":

 1}
```
After `it`.
```repl
print("this runs")

print("as a cell")
```

The end, without a newline"""
BLOCKS = [
    "# Title",
    "A paragraph\nof two lines.",
    "- one\n\n- two\n\n  of two paragraphs\n1. three",
    '```json\n{"a":\n\n 1}\n```',
    "After `it`.",
    "The end, without a newline",
]


def test_a_whole_text_is_its_blocks_without_the_code_of_cells() -> None:
    assert whole_blocks(TEXT, is_ended=True) == (BLOCKS, len(TEXT))


@pytest.mark.parametrize("size", [1, 2, 5, 13, 80])
def test_a_text_in_pieces_gives_the_same_blocks(size: int) -> None:
    found, place = [], 0
    for end in range(0, len(TEXT), size):
        blocks, place = whole_blocks(TEXT[:end], place)
        found += blocks
    blocks, _ = whole_blocks(TEXT, place, is_ended=True)
    assert found + blocks == BLOCKS


def test_a_block_is_not_whole_while_it_can_grow() -> None:
    assert whole_blocks("one\n\n- two\n\n")[0] == ["one"]
    assert whole_blocks("```json\n{}\n\n")[0] == []


def test_code_that_is_being_written_is_told_from_prose() -> None:
    text = "Look.\n\n```repl\nx = 1\ny"
    _, place = whole_blocks(text)
    assert being_written(text, place) == ("x = 1\ny", True)
    assert being_written("Look he", 0) == ("Look he", False)
