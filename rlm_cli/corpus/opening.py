"""Opening a user's file safely: regular files only, never blocking, no link that was not asked for."""

from __future__ import annotations

import os
import stat

from rlm_cli.base.text import one_line


class Unreadable(Exception):
    """A file that cannot be in the corpus; its text is the reason, for people."""


def open_regular(location: str, is_symlink_followed: bool) -> tuple[int, os.stat_result]:
    """A descriptor of a regular file, and its facts.

    Errors:  Unreadable when it is gone, forbidden, a link, a pipe, a device.
    """
    flags = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | getattr(os, "O_NOCTTY", 0)
    if not is_symlink_followed:
        flags |= os.O_NOFOLLOW
    try:
        handle = os.open(location, flags)
    except OSError as error:
        raise Unreadable(reason(error)) from error
    facts = os.fstat(handle)
    if not stat.S_ISREG(facts.st_mode):
        os.close(handle)
        raise Unreadable("not a regular file")
    return handle, facts


def reason(error: OSError) -> str:
    """Why the system refused, as a few words."""
    return one_line((error.strerror or str(error)).lower(), 200)
