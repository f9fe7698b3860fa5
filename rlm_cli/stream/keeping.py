"""What is done with sessions that were recorded: named, removed. Their records are never changed."""

from __future__ import annotations

import os
import secrets
import shutil
from pathlib import Path

from rlm_cli.base.errors import SessionError
from rlm_cli.stream.layout import title_of
from rlm_cli.stream.tail import is_being_written


def rename(session_file: Path, title: str) -> None:
    """Give a session a title of its own; an empty one takes it back. The record stays as it is.

    Errors:  SessionError when the title cannot be written.
    """
    path = title_of(session_file)
    try:
        if not title:
            path.unlink(missing_ok=True)
            return
        fresh = path.with_name(f".title-{secrets.token_hex(4)}")
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(title.encode("utf-8", "surrogatepass"))
        fresh.replace(path)
    except OSError as error:
        raise SessionError(f"cannot name {session_file}", error.strerror or str(error)) from error


def remove(session_file: Path) -> int:
    """Remove a session with everything that belongs to it; how many bytes it had.

    Errors:  SessionError when it is being written, or cannot be removed.
    """
    folder = session_file.parent
    if is_being_written(session_file):
        raise SessionError(f"{folder.name} is in use", "it is being written", "End the run first.")
    size_bytes = sum(each.stat().st_size for each in folder.rglob("*") if each.is_file())
    try:
        # The record goes first: what is left after a failure is no session any more.
        session_file.unlink()
        shutil.rmtree(folder)
    except OSError as error:
        raise SessionError(f"cannot remove {folder}", error.strerror or str(error)) from error
    return size_bytes
