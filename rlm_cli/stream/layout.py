"""Where the parts of a session lie, and how its lines are chained.

<run>/session.jsonl        the record
<run>/session.jsonl.torn   a last line that was cut in the middle, if there ever was one
<run>/blobs/<sha256>       what is too large for a line
<run>/seal                 how many lines there are and the hash of the last, written at the end
<run>/title                the name that the user has given it afterwards, if any
<run>/.reserve             room for the last line on a full disk, while the session is being written
"""

from __future__ import annotations

from pathlib import Path

from rlm_cli.base.ids import content_hash

FILE_NAME = "session.jsonl"


def blobs_of(session_file: Path) -> Path:
    """The folder of large payloads of a session file."""
    return session_file.parent / "blobs"


def seal_of(session_file: Path) -> Path:
    """The seal of a session file."""
    return session_file.parent / "seal"


def reserve_of(session_file: Path) -> Path:
    """The reserve of a session file."""
    return session_file.parent / ".reserve"


def title_of(session_file: Path) -> Path:
    """The title that was given to a session afterwards."""
    return session_file.parent / "title"


def chain_hash(line: bytes) -> str:
    """What the next line says of this one: the first 32 hex digits of its sha256, without newline."""
    return content_hash(line)[:32]
