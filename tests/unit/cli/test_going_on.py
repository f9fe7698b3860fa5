"""The options with which a session goes on: what they mean, and what cannot be meant."""

from __future__ import annotations

from pathlib import Path

import pytest

from rlm_cli.base.errors import UsageError
from rlm_cli.cli.going_on import Wanted, wanted
from rlm_cli.cli.question import question_alone


class NoInput:
    is_terminal = True
    is_piped = False

    def read(self) -> bytes:
        return b""


def test_each_option_says_where_the_session_goes_on() -> None:
    assert wanted(None, False, None, False) == Wanted()
    assert wanted("2026-abc", False, None, False) == Wanted("resume", "2026-abc")
    assert wanted(None, True, None, False) == Wanted("continue", "last")
    assert wanted(None, False, "last@12", False) == Wanted("fork", "last", 12)
    assert wanted(None, False, "a@b/session.jsonl", False) == Wanted("fork", "a@b/session.jsonl")


@pytest.mark.parametrize(
    ("resume", "goes_on", "fork", "watch"),
    [("x", True, None, False), (None, True, "x", False), ("x", False, None, True)],
)
def test_two_of_them_contradict_each_other(
    resume: str | None, goes_on: bool, fork: str | None, watch: bool
) -> None:
    with pytest.raises(UsageError, match="cannot be used together"):
        wanted(resume, goes_on, fork, watch)


def test_the_question_stands_alone(tmp_path: Path) -> None:
    def alone(*words: str, texts: tuple[str, ...] = (), files: tuple[str, ...] = ()) -> str:
        return question_alone(words, texts, files, NoInput(), "--continue")

    (tmp_path / "q.md").write_text("from a file\n")
    assert alone() == ""
    assert alone("and then?") == "and then?"
    assert alone(texts=("and then?",)) == "and then?"
    assert alone(files=(str(tmp_path / "q.md"),)) == "from a file"
    with pytest.raises(UsageError, match="takes no paths"):
        alone(str(tmp_path), "and then?")
    with pytest.raises(UsageError, match="two questions"):
        alone("one", texts=("two",))
