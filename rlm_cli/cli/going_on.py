"""`--resume`, `--continue`, `--fork` and `--watch` of `rlm ask`: the options, and what they say of a plan."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rlm_cli.base.errors import CorpusError, UsageError
from rlm_cli.cli.question import StandardInput, documents_and_question, question_alone
from rlm_cli.events.values import Json
from rlm_cli.settings.tree import Setting

if TYPE_CHECKING:
    from rlm_cli.runs.going_on import GoingOn
    from rlm_cli.settings.tree import Settings

Resume = Annotated[
    str | None,
    typer.Option(
        "--resume",
        metavar="ID",
        help="Go on with a question that was stopped or killed; nothing is paid twice.",
        rich_help_panel="Session",
    ),
]
Continue = Annotated[
    bool,
    typer.Option(
        "-c",
        "--continue",
        help="Ask the next question of the last session, over all that it knows.",
        rich_help_panel="Session",
    ),
]
Fork = Annotated[
    str | None,
    typer.Option(
        "--fork",
        metavar="ID|FILE[@TURN]",
        help="Go on from a turn of a session in a session of its own, perhaps with another question.",
        rich_help_panel="Session",
    ),
]
Watch = Annotated[
    bool,
    typer.Option(
        "-w",
        "--watch",
        help="Ask again when files change; only what has changed is paid for.",
        rich_help_panel="Session",
    ),
]

_TURN = re.compile(r"@(\d+)\Z")


@dataclass(frozen=True)
class Wanted:
    """What the four options ask for together; way is empty when none of the first three was given."""

    way: str = ""
    reference: str = ""
    turn: int | None = None

    @property
    def flag(self) -> str:
        """The option that was given."""
        return f"--{self.way}"


def wanted(resume: str | None, goes_on: bool, fork: str | None, watch: bool) -> Wanted:
    """What was asked for.

    Errors:  UsageError when the options contradict each other.
    """
    given = [name for name, is_given in _given(resume, goes_on, fork, watch).items() if is_given]
    if len(given) > 1:
        raise UsageError(f"{' and '.join(given)} cannot be used together", "", "Use one of them")
    if resume is not None:
        return Wanted("resume", resume)
    if goes_on:
        return Wanted("continue", "last")
    if fork is not None:
        turn = _TURN.search(fork)
        return Wanted("fork", _TURN.sub("", fork), int(turn[1]) if turn else None)
    return Wanted()


def _given(resume: str | None, goes_on: bool, fork: str | None, watch: bool) -> Mapping[str, bool]:
    return {
        "--resume": resume is not None,
        "--continue": goes_on,
        "--fork": fork is not None,
        "--watch": watch,
    }


@dataclass(frozen=True)
class Recall:
    """A recorded session as a plan needs it: settings as if by flags, inputs, what stdin has to give.

    Shape:   is_own: it is a session of this user. Of one that is not, no setting has been weighed yet.
    """

    going: GoingOn
    settings: dict[str, Setting]
    inputs: tuple[str, ...]
    schema: Json
    stdin: bytes | None
    is_own: bool = True

    def settings_over(self, settings: Settings) -> dict[str, Setting]:
        """What of its settings stands, over those of the user."""
        from rlm_cli.runs.foreign import allowed

        return self.settings if self.is_own else allowed(self.settings, settings)


def recall(
    asked: Wanted,
    sessions: Path,
    words: Sequence[str],
    texts: Sequence[str],
    files: Sequence[str],
    stdin: StandardInput,
) -> Recall:
    """What the record says of the session that is to go on, and the question that was given with it.

    Errors:  UsageError when there are paths, or a question too many or too few, or the session is not the
             user's own and its file would be written; SessionError; CorpusError when the session's document
             came on stdin and does not come again.
    """
    from rlm_cli.runs.foreign import is_own, require_own
    from rlm_cli.runs.going_on import GoingOn, recalled
    from rlm_cli.runs.going_on_settings import SCHEMA, recorded_inputs, recorded_settings
    from rlm_cli.stream.sessions import Sessions

    path = Sessions(sessions).find(asked.reference)
    if asked.way != "fork":
        require_own(path, sessions, asked.flag)
    found = recalled(path)
    settings, schema = recorded_settings(found.started, found.session), found.started.settings.get(SCHEMA)
    if not is_own(path, sessions):
        inputs, question, document = documents_and_question(words, texts, files, stdin)
        if not inputs:
            recorded = " ".join(shlex.quote(each.path) for each in found.loaded.inputs)
            raise UsageError(
                f"{path} is not one of your sessions: name the documents to read",
                f"it was about {recorded}" if recorded else "",
                f"rlm ask --fork {shlex.quote(asked.reference)} ./folder",
            )
        going = GoingOn(asked.way, path, asked.turn, question)
        return Recall(going, settings, inputs, schema, document, is_own=False)
    question = question_alone(words, texts, files, stdin, asked.flag)
    if asked.way == "resume" and question:
        raise UsageError(
            "--resume goes on with the question of its session",
            "",
            f"rlm ask --fork {found.session} {'…'!r} to ask another",
        )
    if asked.way == "continue" and not question:
        raise UsageError("there is no question", "", "rlm ask --continue 'your next question'")
    inputs = recorded_inputs(found.loaded)
    return Recall(
        going=GoingOn(asked.way, path, asked.turn, question),
        settings=settings,
        inputs=inputs,
        schema=schema,
        stdin=_document(stdin, found.session) if "-" in inputs else None,
    )


def protected(settings: Settings, given: Mapping[str, Setting]) -> Settings:
    """Settings under which the cells of somebody else run in a sandbox, but where a flag says otherwise."""
    is_asked_for = "sandbox.mode" in given
    if settings.sandbox.mode != "off" or is_asked_for:
        return settings
    return replace(settings, sandbox=replace(settings.sandbox, mode="strict"))


def _document(stdin: StandardInput, session: str) -> bytes:
    if not stdin.is_piped:
        raise CorpusError(
            f"the document of session {session} came on stdin",
            "the record does not hold it",
            "Pipe it again: cat FILE | rlm ask …",
        )
    return stdin.read()
