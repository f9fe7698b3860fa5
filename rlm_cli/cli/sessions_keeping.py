"""`rlm sessions rename`, `rm` and `prune`: what is done with sessions that were recorded."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer

from rlm_cli.base.errors import RlmError, UsageError
from rlm_cli.base.text import counted, one_line
from rlm_cli.cli.screen import note, say
from rlm_cli.cli.session_names import Reference, moment, sessions

_QUESTION_WIDTH = 60
_DAY_SECONDS = 86_400


def rename(
    reference: Reference,
    title: Annotated[str, typer.Argument(metavar="TITLE", help="Its new title; empty takes it back.")],
) -> int:
    """Give a session a title. Its record is not changed."""
    from rlm_cli.stream.keeping import rename as rename_session

    file = sessions().find(reference)
    rename_session(file, title.strip())
    note(f"{file.parent.name}: {one_line(title, _QUESTION_WIDTH)}")
    return 0


def rm(
    references: Annotated[
        list[str], typer.Argument(metavar="ID|last", help="Sessions: their ids, or the beginning of them.")
    ],
) -> int:
    """Remove sessions, with everything that belongs to them."""
    from rlm_cli.settings.parsing import size_text
    from rlm_cli.stream.keeping import remove

    kept = sessions()
    files = list(dict.fromkeys(kept.find(each) for each in references))
    for file in files:
        if file.parent.parent.resolve() != kept.root.resolve():
            raise UsageError(f"{file} is not removed", f"it is not among the sessions in {kept.root}", "")
    for file in files:
        note(f"removed {file.parent.name} ({size_text(remove(file))})")
    return 0


def prune(
    older_than: Annotated[str, typer.Option("--older-than", metavar="AGE", help="An age: 30d, 12h.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be removed.")] = False,
) -> int:
    """Remove the sessions that are older than some age."""
    from rlm_cli.stream.keeping import remove

    before = datetime.now(UTC) - timedelta(seconds=_age_seconds(older_than))
    count = 0
    for summary in list(sessions().newest_first()):
        began = moment(summary.header.started)
        if began is None or began >= before:
            continue
        question = summary.title or (summary.started.question if summary.started else "")
        try:
            if not dry_run:
                remove(summary.path)
        except RlmError as error:
            note(f"rlm: warning: {error}")
            continue
        count += 1
        say(f"{summary.header.run}  {one_line(question, _QUESTION_WIDTH)}")
    note(f"{counted(count, 'session')} {'would be ' if dry_run else ''}removed")
    return 0


def _age_seconds(text: str) -> float:
    from rlm_cli.settings.parsing import duration

    try:
        seconds = float(text[:-1]) * _DAY_SECONDS if text.endswith("d") else duration(text)
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds < _DAY_SECONDS * 365_000:
        raise UsageError(
            f"--older-than {text} cannot be used", "it must be an age such as 30d, 12h", "--older-than 30d"
        )
    return seconds
