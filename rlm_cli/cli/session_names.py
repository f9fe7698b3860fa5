"""What the commands of `rlm sessions` share: how a session is named, where they are, how old one is."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from rlm_cli.stream.sessions import Sessions

Reference = Annotated[
    str,
    typer.Argument(metavar="ID|FILE|last", help="A session: its id or the beginning of it, a file, or last."),
]

_UNITS = ((86_400 * 365, "y"), (86_400, "d"), (3_600, "h"), (60, "min"))


def sessions() -> Sessions:
    """The sessions of this user."""
    from rlm_cli.settings.locations import directories
    from rlm_cli.stream.sessions import Sessions

    return Sessions(directories(os.environ).sessions)


def age(started: str, now: datetime) -> str:
    """How long ago a session began: `5 min`, `3 d`; empty when that is not recorded."""
    began = moment(started)
    if began is None:
        return ""
    seconds = (now - began).total_seconds()
    for size, unit in _UNITS:
        if seconds >= size:
            return f"{int(seconds // size)} {unit}"
    return "now"


def moment(started: str) -> datetime | None:
    """The moment of a header; None when it is not one."""
    try:
        began = datetime.fromisoformat(started)
    except ValueError:
        return None
    return began if began.tzinfo else began.replace(tzinfo=UTC)
