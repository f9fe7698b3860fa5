"""The end of a session file: a last line that was cut in the middle.

Who only reads leaves it as it is; who goes on writing takes it off, and keeps it beside the file.
"""

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


def cut_off(path: Path, raw: bytes, torn: bytes, cut: Callable[[int], None], files: Files = REAL) -> str:
    """Cut a torn last line off a file that was read as `raw` and is locked; what was done, for people.

    Errors:  OSError.
    """
    kept = keep_torn(path, torn, files)
    cut(len(raw) - len(torn))
    return f"the last line was cut in the middle: {counted(len(torn), 'byte')} are kept in {kept.name}"


def left_out(path: Path, torn: bytes) -> str:
    """Why a torn last line is not shown, for people; the file is left as it is."""
    if is_being_written(path):
        return "the session is being written: it is shown as far as it was read"
    return f"the last line was cut in the middle: {counted(len(torn), 'byte')} are left out"


def is_being_written(path: Path) -> bool:
    """Whether some program holds a session file open for writing."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False
