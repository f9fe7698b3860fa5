"""Older schemas brought up to the present one, a pure function a step.

Within a schema number only new kinds and new optional fields appear, which need no migration. Anything
else bumps `header.SCHEMA`, and adds one function here and one golden session file under the old number.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from rlm_cli.base.errors import SessionError
from rlm_cli.stream.header import SCHEMA

Line = dict[str, Any]
Migration = Callable[[Line], Line]
"""Takes the object of a line, header or event, of schema n and gives that of schema n + 1."""

MIGRATIONS: Mapping[int, Migration] = {}
"""By the schema that each starts from."""


def steps_from(
    schema: int, migrations: Mapping[int, Migration] = MIGRATIONS, present: int = SCHEMA
) -> list[Migration]:
    """The migrations from a schema to the present one, in order; none when it is the present one.

    Errors:  SessionError when the schema is newer than this program, or older than its migrations.
    """
    if schema > present:
        raise SessionError(
            f"the session has schema {schema}",
            f"this program reads schemas up to {present}",
            "Update rlm.",
        )
    missing = [number for number in range(schema, present) if number not in migrations]
    if missing:
        raise SessionError(f"the session has schema {schema}", "which this program can no longer read")
    return [migrations[number] for number in range(schema, present)]


def migrated(line: Line, steps: list[Migration]) -> Line:
    """A line after every step."""
    for step in steps:
        line = step(line)
    return line
