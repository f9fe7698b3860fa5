"""What a typed line of the shell is, when Enter hands it over, and what completes it."""

from __future__ import annotations

from pathlib import Path

import pytest
from prompt_toolkit.completion import CompleteEvent
from prompt_toolkit.document import Document

from rlm_cli.faces.shell.completing import Known, ShellCompleter
from rlm_cli.faces.shell.entry import Entry, Python, Question, Slash, System, entry_of, is_whole
from rlm_cli.faces.shell.showing import pager_of


@pytest.mark.parametrize(
    ("typed", "entry"),
    [
        ("", None),
        ("   \n", None),
        ("Which is capped?", Question("Which is capped?")),
        ('what of @"a b.txt" and @c.md?', Question("what of a b.txt and c.md?")),
        ("mail a@b.example", Question("mail a@b.example")),
        (">>> x = 1", Python("x = 1")),
        (">>> for n in x:\n...     print(n)\n", Python("for n in x:\n    print(n)")),
        ("! ls -l", System("ls -l")),
        ("/cell 12", Slash("cell", "12")),
        ("/usr/share is a path?", Question("/usr/share is a path?")),
    ],
)
def test_a_line_is_what_it_begins_with(typed: str, entry: Entry | None) -> None:
    assert entry_of(typed) == entry


@pytest.mark.parametrize(
    ("typed", "whole"),
    [
        ("a question\nof two lines", True),
        (">>> 1 + 1", True),
        (">>> print(", False),
        (">>> for n in x:", False),
        (">>> for n in x:\n    print(n)", False),
        (">>> for n in x:\n    print(n)\n", True),
        (">>> a = 1\nb = 2", True),
        (">>> while True: pass", True),
        (">>> 1 +* 2", True),
    ],
)
def test_enter_hands_over_what_is_whole(typed: str, whole: bool) -> None:
    assert is_whole(typed) is whole


def completed(typed: str) -> list[str]:
    known = Known(
        {"model": "the root model", "memory": "notes", "save": "to a file"},
        {"model": lambda typed: ["openai/gpt-5", "offline"]},
        paths=["save"],
    )
    found = ShellCompleter(known).get_completions(Document(typed), CompleteEvent())
    return [completion.text for completion in found]


def test_commands_their_words_and_paths_are_completed(tmp_path: Path) -> None:
    (tmp_path / "contract.txt").touch()
    assert completed("/m") == ["/model", "/memory"]
    assert completed("/model o") == ["openai/gpt-5", "offline"]
    assert completed(f"/save {tmp_path}/con") == ["tract.txt"]
    assert completed(f"look at @{tmp_path}/con") == ["tract.txt"]
    assert completed("a question /m") == []


def test_the_pager_is_the_user_s_own_or_none(tmp_path: Path) -> None:
    pager = tmp_path / "less"
    pager.write_text("#!/bin/sh\n")
    pager.chmod(0o755)
    assert pager_of({"PATH": str(tmp_path)}) == ["less", "-FRX"]
    assert pager_of({"PATH": str(tmp_path), "PAGER": "less -S"}) == ["less", "-S"]
    assert pager_of({"PATH": str(tmp_path), "PAGER": "there-is-none"}) == []
