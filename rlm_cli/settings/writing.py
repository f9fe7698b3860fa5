"""Files of ours on disk, replaced whole or not at all. Knows nothing of what stands in them."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from rlm_cli.base.errors import SettingsError


def replace_file(path: Path, text: str, mode: int = 0o600) -> None:
    """Write a file so that a reader, or a crash, sees the old text or the whole of the new one.

    A symbolic link is followed, so that a linked configuration stays linked. Folders that are missing
    are made, readable by their owner alone.

    Errors:  SettingsError when it cannot be written.
    """
    target = path.resolve()
    try:
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
        temporary = Path(name)
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                os.fchmod(file.fileno(), mode)
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(target)
        finally:
            temporary.unlink(missing_ok=True)
    except OSError as problem:
        raise SettingsError(f"cannot write {path}", problem.strerror or str(problem)) from problem
