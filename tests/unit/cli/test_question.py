"""Which words are paths and which are the question; every doubtful case says what to type."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from pathlib import Path

import pytest

from rlm_cli.base.errors import CorpusError, RlmError, UsageError
from rlm_cli.cli.question import Asked, asked, looks_like_path


@dataclass
class Stdin:
    """A stdin that holds some bytes, or a terminal."""

    content: bytes | None = None
    is_terminal: bool = False

    @property
    def is_piped(self) -> bool:
        return self.content is not None

    def read(self) -> bytes:
        return self.content or b""


TERMINAL = Stdin(is_terminal=True)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder in which the command is typed."""
    (tmp_path / "contracts").mkdir()
    (tmp_path / "my notes").mkdir()
    (tmp_path / "report.pdf").write_bytes(b"%PDF")
    (tmp_path / "why").write_text("a file with the name of a question")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def words(line: str) -> list[str]:
    return shlex.split(line)


def ask(line: str, *texts: str, files: tuple[str, ...] = (), stdin: Stdin = TERMINAL) -> Asked:
    return asked(words(line), texts, files, stdin)


def refusal(line: str, *texts: str, files: tuple[str, ...] = (), stdin: Stdin = TERMINAL) -> RlmError:
    with pytest.raises(RlmError) as caught:
        ask(line, *texts, files=files, stdin=stdin)
    return caught.value


@pytest.mark.usefixtures("folder")
class TestWhatIsUnderstood:
    def test_the_last_word_is_the_question_when_it_is_no_path(self) -> None:
        assert ask("./contracts 'find conflicts'") == Asked(("./contracts",), "find conflicts")
        assert ask("contracts report.pdf summarise") == Asked(("contracts", "report.pdf"), "summarise")

    def test_with_q_every_word_is_a_path(self) -> None:
        assert ask("contracts why", "what?") == Asked(("contracts", "why"), "what?")

    def test_a_question_in_a_file(self, folder: Path) -> None:
        (folder / "q.txt").write_text("\ufeffwhat is\nin here?\n", "utf-8")
        assert ask("contracts", files=("q.txt",)).question == "what is\nin here?"

    def test_a_question_on_stdin(self) -> None:
        told = ask("contracts", files=("-",), stdin=Stdin(b"why?\n"))
        assert told == Asked(("contracts",), "why?")

    def test_a_dash_is_the_document_on_stdin(self) -> None:
        told = ask("- contracts 'what failed?'", stdin=Stdin(b"log line"))
        assert told == Asked(("-", "contracts"), "what failed?", b"log line")

    def test_a_pipe_is_the_document_when_no_path_is_named(self) -> None:
        assert ask("'what failed?'", stdin=Stdin(b"log")) == Asked(("-",), "what failed?", b"log")
        assert ask("", "what failed?", stdin=Stdin(b"log")).inputs == ("-",)

    def test_a_pipe_is_not_read_when_a_path_is_named(self) -> None:
        assert ask("contracts 'what?'", stdin=Stdin(b"something of cron's")).stdin is None

    def test_a_long_question_is_no_path_however_long(self) -> None:
        question = "who " * 2000
        assert asked(["contracts", question], (), (), TERMINAL).question == question.strip()

    def test_a_question_that_begins_with_a_dash_can_be_given_with_q(self) -> None:
        assert ask("contracts", "--why?").question == "--why?"


@pytest.mark.usefixtures("folder")
class TestWhatIsRefused:
    def test_nothing_at_all(self) -> None:
        error = refusal("")
        assert isinstance(error, UsageError)
        assert error.remedy == "rlm ask ./folder 'your question'"

    @pytest.mark.parametrize("line", ["contracts", "contracts report.pdf", "why"])
    def test_paths_and_no_question(self, line: str) -> None:
        error = refusal(line)
        assert "there is no question" in error.what
        assert error.remedy == f"rlm ask {line} 'your question'"

    def test_a_question_and_no_path(self) -> None:
        error = refusal("'find conflicts'")
        assert "there is no path" in error.what
        assert error.remedy == "rlm ask . 'find conflicts'"

    def test_an_empty_question(self) -> None:
        assert "empty" in refusal("contracts ''").what
        assert "empty" in refusal("contracts", " \n").what

    def test_a_last_word_that_is_a_path_mistyped(self) -> None:
        error = refusal("report.pdf contarcts")
        assert isinstance(error, UsageError)
        assert "did you mean contracts?" in error.why
        assert error.remedy == "rlm ask report.pdf contracts 'your question'"

    def test_a_last_word_that_looks_like_a_path_says_how_to_ask_it(self) -> None:
        error = refusal("contracts ./nowhere/at/all")
        assert error.remedy == "if it is the question: rlm ask contracts -q ./nowhere/at/all"

    def test_a_first_word_that_is_no_path(self) -> None:
        error = refusal("./contarcts 'find conflicts'")
        assert isinstance(error, CorpusError)
        assert error.remedy == "rlm ask ./contracts 'find conflicts'"

    @pytest.mark.parametrize(
        ("line", "texts"),
        [("contracts 'who pays?' 'and when?'", ()), ("contracts 'who pays?'", ("and when?",))],
    )
    def test_two_questions(self, line: str, texts: tuple[str, ...]) -> None:
        error = refusal(line, *texts)
        assert isinstance(error, UsageError)
        assert "two questions" in error.what
        assert error.remedy.startswith("rlm ask contracts ")

    def test_q_and_a_file(self) -> None:
        assert "two questions" in refusal("contracts", "a?", files=("why",)).what
        assert "two questions" in refusal("contracts", "a?", "b?").what

    def test_a_question_file_that_is_not_there_or_no_text(self, folder: Path) -> None:
        (folder / "bad").write_bytes(b"\xff\xfe\x00")
        assert "No such file" in refusal("contracts", files=("nothing.txt",)).why
        assert "UTF-8" in refusal("contracts", files=("bad",)).why

    def test_stdin_cannot_be_question_and_document(self) -> None:
        assert isinstance(refusal("- contracts", files=("-",), stdin=Stdin(b"x")), UsageError)
        assert "there is no path" in refusal("", files=("-",), stdin=Stdin(b"why?")).what

    def test_an_empty_stdin(self) -> None:
        assert isinstance(refusal("- 'why?'", stdin=Stdin(b"")), CorpusError)


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("./x", True),
        ("../x y", False),
        ("~/papers", True),
        ("a/b", True),
        ("notes.md", True),
        ("my note", True),
        ("contract", True),
        ("summarise", False),
        ("what?", False),
        ("who pays for a/b?", False),
        ("Summarise it. Then stop.", False),
        ("etc.", False),
    ],
)
def test_what_looks_like_a_path(word: str, expected: bool) -> None:
    assert looks_like_path(word) is expected


def test_the_command_to_type_really_works(folder: Path) -> None:
    error = refusal("'report.pdf' 'contarcts'")
    again = words(error.remedy)[2:]
    assert asked(again, (), (), TERMINAL).inputs == ("report.pdf", "contracts")
