"""Which words of `rlm ask PATH… [QUESTION]` are paths and which are the question.

The last word is the question when it is not an existing path. Where that could be a mistake, the error
holds the command to type. Looks at names on disk, never into files.
"""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from rlm_cli.base.errors import CorpusError, RlmError, UsageError
from rlm_cli.corpus.inputs import is_input

_EXAMPLE = "rlm ask ./folder 'your question'"


class StandardInput(Protocol):
    """What is on stdin."""

    @property
    def is_terminal(self) -> bool:
        """Whether a person would have to type it."""

    @property
    def is_piped(self) -> bool:
        """Whether a program or a file is on its other end: not a terminal, not /dev/null, not closed."""

    def read(self) -> bytes:
        """All of it.

        Errors:  CorpusError when it is larger than a document may be.
        """


@dataclass(frozen=True)
class Asked:
    """A question and what it is about; `-` among the inputs is the document in stdin."""

    inputs: tuple[str, ...]
    question: str
    stdin: bytes | None = None


def asked(words: Sequence[str], texts: Sequence[str], files: Sequence[str], stdin: StandardInput) -> Asked:
    """The question and the inputs that a command line means.

    Shape:   words are the arguments; texts those of every `-q`, files those of every `-F`.
    Errors:  UsageError when it cannot be told, with the command to type; CorpusError for a path that
             does not exist.
    """
    if len(texts) + len(files) > 1:
        raise UsageError("there are two questions", "give one -q or one -F", _EXAMPLE)
    inputs = tuple(words)
    if texts:
        question = texts[0]
    elif files:
        if files[0] == "-" and "-" in inputs:
            raise UsageError(
                "stdin cannot be both the question and a document", "", "rlm ask - -q 'your question'"
            )
        question = _question_in(files[0], stdin)
    else:
        inputs, question = _split(inputs)
        _require_no_typo(inputs, question)
    if not question.strip():
        raise UsageError("the question is empty", "", _command(inputs, "your question"))
    if not inputs:
        if "-" in files or not stdin.is_piped:
            raise UsageError(
                "there is no path to read", "only a question was given", _command((".",), question)
            )
        inputs = ("-",)
    _require_paths(inputs, question, is_explicit=bool(texts or files))
    return Asked(inputs, question.strip(), _document(stdin) if "-" in inputs else None)


def question_alone(
    words: Sequence[str], texts: Sequence[str], files: Sequence[str], stdin: StandardInput, flag: str
) -> str:
    """The question of a command whose documents are those of a session; empty when there is none.

    Shape:   flag is the option that names the session.
    Errors:  UsageError when there are paths, or two questions.
    """
    if len(texts) + len(files) > 1 or (words and (texts or files)):
        raise UsageError("there are two questions", "give one", f"rlm ask {flag} … 'your question'")
    if len(words) > 1 or (words and is_input(words[0])):
        raise UsageError(f"{flag} takes no paths", "it reads those of its session", f"Leave out {words[0]}")
    if texts or files:
        return (texts[0] if texts else _question_in(files[0], stdin)).strip()
    return words[0].strip() if words else ""


def documents_and_question(
    words: Sequence[str], texts: Sequence[str], files: Sequence[str], stdin: StandardInput
) -> tuple[tuple[str, ...], str, bytes | None]:
    """The inputs, the question (empty when there is none) and the document on stdin of a command line.

    Errors:  as `asked`, but that nothing has to be there.
    """
    if len(texts) + len(files) > 1:
        raise UsageError("there are two questions", "give one -q or one -F", _EXAMPLE)
    inputs, question = tuple(words), ""
    if texts or files:
        question = texts[0] if texts else _question_in(files[0], stdin)
    elif words and words[-1] != "-" and not is_input(words[-1]):
        inputs, question = inputs[:-1], words[-1]
    _require_paths(inputs, question, is_explicit=bool(texts or files))
    return inputs, question.strip(), _document(stdin) if "-" in inputs else None


def looks_like_path(word: str) -> bool:
    """Whether a word that is no path was probably meant to be one."""
    if word.endswith("?"):
        return False
    if any(character.isspace() for character in word):
        return bool(nearest(word, 0.85))
    ending = Path(word).suffix[1:]
    is_named_like_one = "/" in word or word.startswith((".", "~")) or (ending.isalnum() and len(ending) <= 5)
    return is_named_like_one or bool(nearest(word, 0.8))


def nearest(word: str, cutoff: float = 0.6) -> str:
    """The existing path that a word was probably meant to be, or an empty text."""
    import difflib

    above, _, last = word.rstrip("/").rpartition("/")
    folder = above or ("/" if word.startswith("/") else "")
    try:
        names = [path.name for path in Path(folder or ".").iterdir()]
    except (OSError, ValueError):
        return ""
    found = difflib.get_close_matches(last, names, n=1, cutoff=cutoff)
    return f"{folder.rstrip('/')}/{found[0]}" if found and folder else "".join(found)


def require_existing(words: Sequence[str]) -> None:
    """Do nothing when every word is an existing path or `-`.

    Errors:  CorpusError that knows what may have been meant.
    """
    for word in words:
        if word != "-" and not is_input(word):
            near = nearest(word)
            raise _missing(word, near, "")


def _split(words: tuple[str, ...]) -> tuple[tuple[str, ...], str]:
    if not words:
        raise UsageError("there is no path and no question", "", _EXAMPLE)
    last = words[-1]
    if last == "-" or is_input(last):
        raise UsageError(
            "there is no question",
            f"{last} is a path" if last != "-" else "`-` is the document on stdin",
            _command(words, "your question"),
        )
    return words[:-1], last


def _require_no_typo(inputs: tuple[str, ...], question: str) -> None:
    if not question.strip() or not looks_like_path(question):
        return
    near = nearest(question)
    what = f"{question} looks like a path, and does not exist"
    if near:
        raise UsageError(what, f"did you mean {near}?", _command((*inputs, near), "your question"))
    words = " ".join(shlex.quote(word) for word in (inputs or (".",)))
    raise UsageError(what, "", f"if it is the question: rlm ask {words} -q {shlex.quote(question)}")


def _require_paths(inputs: tuple[str, ...], question: str, is_explicit: bool) -> None:
    for word in inputs:
        if word == "-" or is_input(word):
            continue
        if any(character.isspace() for character in word) and not looks_like_path(word):
            paths = tuple(one for one in inputs if one == "-" or is_input(one)) or (".",)
            why = f"{shlex.quote(word)} is no path" + (", and -q or -F asks another" if is_explicit else "")
            raise UsageError(
                "there are two questions", why, _command(paths, word if is_explicit else question)
            )
        near = nearest(word)
        remedy = _command(tuple(near if one == word else one for one in inputs), question) if near else ""
        raise _missing(word, near, remedy)


def _missing(word: str, near: str, remedy: str) -> CorpusError:
    if near:
        return CorpusError(f"{word} does not exist", f"did you mean {near}?", remedy or f"Name {near}")
    return CorpusError(
        f"{word} does not exist", "there is no such file or folder", f"Look: ls {_folder_of(word)}"
    )


def _folder_of(word: str) -> str:
    above = next((each for each in Path(word).parents if each.is_dir()), Path())
    return shlex.quote(str(above))


def _command(inputs: tuple[str, ...], question: str) -> str:
    shown = question if len(question) <= 60 else question[:57] + "…"
    return " ".join(["rlm ask", *(shlex.quote(word) for word in inputs), shlex.quote(shown)])


def _question_in(name: str, stdin: StandardInput) -> str:
    if name == "-":
        return _text(stdin.read(), "stdin")
    try:
        return _text(Path(name).read_bytes(), name)
    except OSError as problem:
        raise UsageError(f"cannot read the question in {name}", problem.strerror or str(problem)) from problem


def _text(raw: bytes, name: str) -> str:
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise UsageError(f"cannot read the question in {name}", "it is not UTF-8 text") from None


def _document(stdin: StandardInput) -> bytes:
    raw = stdin.read()
    if not raw:
        error: RlmError = CorpusError(
            "nothing came on stdin", "`-` reads a document from it", "cat FILE | rlm ask - 'your question'"
        )
        raise error
    return raw
