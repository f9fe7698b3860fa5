"""What a question is asked with, as one frozen value: the command line builds it, a session runs it.

Holds facts and choices only. Everything ambient (environment, streams, folder) has been read by the one
who builds it, so that a run depends on nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from rlm_cli.events.values import Json
from rlm_cli.settings.locations import Directories
from rlm_cli.settings.tree import Settings


@dataclass(frozen=True, kw_only=True)
class Streams:
    """The standard streams of the program.

    Units:   columns are cells of the terminal; 80 where there is none.
    Shape:   is_accessible asks for plain lines instead of a moving display.
    """

    stdin_is_terminal: bool = False
    stdout_is_terminal: bool = False
    stderr_is_terminal: bool = False
    is_accessible: bool = False
    columns: int = 80


@dataclass(frozen=True, kw_only=True)
class OutputChoices:
    """Where the answer goes and what form its value must have; None: stdout, any text."""

    out: Path | None = None
    schema: Json = None


@dataclass(frozen=True, kw_only=True)
class SessionChoices:
    """How the session is kept: its title (empty: the question), and whether it is kept at all."""

    title: str = ""
    is_kept: bool = True


@dataclass(frozen=True, kw_only=True)
class AskPlan:
    """One `rlm ask`.

    Shape:   inputs are as the user wrote them, `-` is the document in `stdin`; environ holds the
             credentials and is never shown; argv is the command line without the program's name.
    """

    settings: Settings
    directories: Directories
    inputs: tuple[str, ...]
    question: str
    cwd: Path
    output: OutputChoices = OutputChoices()
    session: SessionChoices = SessionChoices()
    streams: Streams = Streams()
    stdin: bytes | None = field(default=None, repr=False)
    environ: Mapping[str, str] = field(default_factory=dict, repr=False)
    argv: tuple[str, ...] = ()

    @property
    def can_be_asked(self) -> bool:
        """Whether a person reads what is said on stderr, and can type an answer."""
        output = self.settings.output
        is_shown = output.ui != "none" and output.verbosity != "quiet"
        return is_shown and self.streams.stdin_is_terminal and self.streams.stderr_is_terminal
