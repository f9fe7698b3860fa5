"""The end of a session file: a last line that was cut in the middle is taken off and kept beside it."""

from __future__ import annotations

import errno
import fcntl
import os
from collections.abc import Callable
from pathlib import Path

from rlm_cli.base.text import counted
from rlm_cli.stream.files import REAL, Files


def keep_torn(path: Path, torn: bytes, files: Files = REAL) -> Path:
    """Write the piece of a line beside the session; where it is.

    Errors:  OSError.
    """
    number = 1
    while True:
        kept = path.with_name(f"{path.name}{'' if number == 1 else f'.{number}'}.torn")
        try:
            descriptor = files.open(kept, os.O_WRONLY | os.O_CREAT | os.O_EXCL)
        except FileExistsError:
            number += 1
            continue
        try:
            if files.write(descriptor, torn) != len(torn):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        except OSError:
            files.remove(kept)
            raise
        finally:
            files.close(descriptor)
        return kept


def mend(
    path: Path, raw: bytes, torn: bytes, cut: Callable[[int], None] | None = None, files: Files = REAL
) -> str:
    """Cut a torn last line off a file that was read as `raw`; what was done, for people.

    Shape:   `cut` shortens a file that the caller has locked. Without it the lock is taken here, and a
             file that somebody is writing, or that cannot be written, is left as it is.
    """
    size = counted(len(torn), "byte")
    if cut is not None:
        kept = keep_torn(path, torn, files)
        cut(len(raw) - len(torn))
        return f"the last line was cut in the middle: {size} are kept in {kept.name}"
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)
    except OSError:
        return f"the last line was cut in the middle: {size} are left out (the file cannot be written)"
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if os.fstat(descriptor).st_size != len(raw):
            return "the session is being written: it is shown as far as it was read"
        kept = keep_torn(path, torn, files)
        os.ftruncate(descriptor, len(raw) - len(torn))
    except BlockingIOError:
        return "the session is being written: it is shown as far as it was read"
    except OSError as error:
        return f"the last line was cut in the middle: {size} are left out ({error.strerror})"
    finally:
        os.close(descriptor)
    return f"the last line was cut in the middle: {size} are kept in {kept.name}"
