"""The first line of a session file: what it is, which run it tells, and which program wrote it."""

from __future__ import annotations

import platform
import re
from datetime import UTC, datetime
from typing import Any

import msgspec
from msgspec import Struct

from rlm_cli import __version__
from rlm_cli.base.ids import run_id

FORMAT = "rlm-session"
SCHEMA = 1
_RUN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
"""A run id names folders and files: one that leads elsewhere is none."""


class Header(Struct, frozen=True, kw_only=True):
    """Who wrote a session, when, and in which format.

    Units:   started is RFC 3339 in UTC.
    Shape:   argv holds no secret: the caller has removed them. corpus is the fingerprint when it was known
             before the run began; otherwise None, and the event `corpus.loaded` has it. `extra` holds
             fields that this version does not know.
    """

    format: str = FORMAT
    schema: int = SCHEMA
    run: str = ""
    started: str = ""
    program: str = ""
    python: str = ""
    argv: list[str] = []
    corpus: str | None = None
    extra: dict[str, Any] = {}

    def fields(self) -> dict[str, Any]:
        """The object of the header's line, unknown fields put back."""
        fields: dict[str, Any] = msgspec.to_builtins(self)
        extra = fields.pop("extra")
        return {**fields, **extra}


def new_header(started: datetime, argv: list[str]) -> Header:
    """The header of a run that begins; its run id is made from the time.

    Shape:   started is aware of its zone; argv has its secrets removed.
    """
    moment = started.astimezone(UTC)
    return Header(
        run=run_id(moment),
        started=f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03}Z",
        program=__version__,
        python=platform.python_version(),
        argv=argv,
    )


def header_of(fields: Any) -> Header:
    """The header that an object stands for.

    Errors:  ValueError when it is none.
    """
    if not isinstance(fields, dict) or fields.get("format") != FORMAT:
        raise ValueError("the first line is no header of a session")
    known = set(Header.__struct_fields__) - {"extra"}
    try:
        header = msgspec.convert({name: fields[name] for name in known if name in fields}, Header)
    except msgspec.ValidationError as error:
        raise ValueError(str(error)) from error
    if header.run and not _RUN.fullmatch(header.run):
        raise ValueError("the run id of the header is none")
    return msgspec.structs.replace(header, extra={k: v for k, v in fields.items() if k not in known})
