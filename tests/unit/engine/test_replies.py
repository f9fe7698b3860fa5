"""What a root model's reply means."""

from __future__ import annotations

import pytest

from rlm_cli.engine.replies import Code, Malformed, read_reply


def code_of(text: str) -> str:
    reading = read_reply(text)
    assert isinstance(reading, Code), reading
    return reading.code


@pytest.mark.parametrize("info", ["repl", "python", "py", "Python"])
def test_a_fenced_block_is_the_cell_and_the_rest_is_prose(info: str) -> None:
    reading = read_reply(f"I look first.\n\n```{info}\nprint(1)\n```\nThen more.")
    assert reading == Code(code="print(1)", prose="I look first.\n\nThen more.", blocks=1)


def test_several_blocks_are_one_cell_in_order() -> None:
    assert code_of("```repl\na = 1\n```\nand\n```python\nb = 2\n```") == "a = 1\n\nb = 2"


def test_a_fence_inside_of_a_string_does_not_end_the_block() -> None:
    inner = 'answer["content"] = """\n```\nquoted\n```\n"""\nanswer["ready"] = True'
    assert code_of(f"Done.\n```repl\n{inner}\n```\n") == inner


def test_a_longer_fence_may_hold_shorter_ones() -> None:
    assert code_of('````repl\nx = "```"\ny = """\n```\n"""\n````') == 'x = "```"\ny = """\n```\n"""'


def test_a_block_of_another_language_is_prose() -> None:
    reading = read_reply('```json\n{"a": 1}\n```')
    assert isinstance(reading, Malformed)


def test_a_program_without_a_fence_is_run() -> None:
    assert code_of("for hit in corpus.grep('x'):\n    print(hit)") == (
        "for hit in corpus.grep('x'):\n    print(hit)"
    )


def test_a_sentence_is_not_a_program() -> None:
    assert isinstance(read_reply("Done"), Malformed)
    assert isinstance(read_reply("The cap is ten dollars."), Malformed)


def test_code_that_is_wrong_is_still_given_to_the_kernel_which_says_why() -> None:
    assert code_of("```repl\nprint(1\n```") == "print(1"


def test_a_block_that_was_never_closed_is_run_only_when_it_is_a_program() -> None:
    assert code_of("```repl\nprint(1)") == "print(1)"
    reading = read_reply("```repl\nprint(corpus.grep('x')[")
    assert isinstance(reading, Malformed)
    assert "never closed" in reading.why


def test_the_old_final_marker_is_explained() -> None:
    reading = read_reply("FINAL(ten dollars)")
    assert isinstance(reading, Malformed)
    assert 'answer["content"]' in reading.why


def test_magic_lines_and_top_level_await_are_programs() -> None:
    assert code_of("```repl\n!ls\nx = await thing()\n%time y = 1\n```").startswith("!ls")


def test_an_empty_reply_is_named() -> None:
    reading = read_reply("  \n")
    assert isinstance(reading, Malformed)
    assert "empty" in reading.why
