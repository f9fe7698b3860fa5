"""What a line of the shell is: a question, Python, a command of the shell or of the system. Pure."""

from __future__ import annotations

import codeop
import re
import shlex
from dataclasses import dataclass

PYTHON = ">>>"
_PROMPTS = re.compile(r"^(>>>|\.\.\.) ?", re.MULTILINE)
_PATH = re.compile(r"(?<!\S)@(\"[^\"]+\"|\S+)")


@dataclass(frozen=True)
class Question:
    """A question for the root model; `@path` in it has become the path."""

    text: str


@dataclass(frozen=True)
class Python:
    """Code for the kernel."""

    code: str


@dataclass(frozen=True)
class System:
    """A command for the system's shell."""

    command: str


@dataclass(frozen=True)
class Slash:
    """A command of the shell, with what stands behind it."""

    name: str
    rest: str = ""

    @property
    def words(self) -> list[str]:
        """What stands behind it, as words; quotes keep them together."""
        try:
            return shlex.split(self.rest)
        except ValueError:
            return self.rest.split()


Entry = Question | Python | System | Slash


def entry_of(text: str) -> Entry | None:
    """What was typed; None when it is nothing."""
    stripped = text.strip()
    if not stripped:
        return None
    if stripped.startswith(PYTHON):
        return Python(_PROMPTS.sub("", stripped).strip("\n"))
    if stripped.startswith("!"):
        return System(stripped[1:].strip())
    if re.match(r"/[a-z?]+(\s|$)", stripped):
        name, _, rest = stripped[1:].partition(" ")
        return Slash(name, rest.strip())
    return Question(_PATH.sub(lambda match: match[1].strip('"'), stripped))


def is_whole(text: str) -> bool:
    """Whether Enter hands over what was typed: an open bracket goes on, and a block until its empty line."""
    if not text.lstrip().startswith(PYTHON):
        return True
    code = _PROMPTS.sub("", text.lstrip())
    last = code.rpartition("\n")[2]
    if last[:1].isspace() and last.strip():
        return False
    try:
        return codeop.compile_command(code, "<shell>", "exec") is not None
    except (SyntaxError, ValueError, OverflowError):
        return True
