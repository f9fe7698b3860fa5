"""Facts about the standard streams: terminal or not, colour, width; and stdin as a document.

Each stream is tested by itself. Reads the environment that it is given, and the three descriptors.
"""

from __future__ import annotations

import os
import shutil
import stat
import sys
from collections.abc import Mapping
from typing import TextIO

from rlm_cli.base.errors import CorpusError
from rlm_cli.runs.plan import Streams
from rlm_cli.settings.parsing import size_text
from rlm_cli.settings.tree import Setting


def streams(environ: Mapping[str, str]) -> Streams:
    """The standard streams of this process."""
    return Streams(
        stdin_is_terminal=is_terminal(sys.stdin),
        stdout_is_terminal=is_terminal(sys.stdout),
        stderr_is_terminal=is_terminal(sys.stderr),
        is_accessible=environ.get("ACCESSIBLE", "") not in ("", "0"),
        columns=shutil.get_terminal_size().columns,
    )


def color_asked(color: Setting, environ: Mapping[str, str]) -> str:
    """What was asked of colour above the variables NO_COLOR and FORCE_COLOR: always, never or auto.

    A flag or a variable of ours is above them; a file is below: it says nothing when one of them is set.
    """
    is_said_here = color.origin.startswith(("-", "RLM_"))
    is_overruled = bool(environ.get("FORCE_COLOR") or environ.get("NO_COLOR"))
    return "auto" if is_overruled and not is_said_here else str(color.value)


def is_terminal(stream: TextIO | None) -> bool:
    """Whether a stream is a terminal; one that is closed is none."""
    try:
        return stream is not None and stream.isatty()
    except ValueError:
        return False


class ProcessInput:
    """The stdin of this process, bounded.

    Units:   limit_bytes is the size up to which a document is read.
    """

    def __init__(self, limit_bytes: int) -> None:
        self._limit_bytes = limit_bytes
        self._content: bytes | None = None

    @property
    def is_terminal(self) -> bool:
        """Whether a person would have to type it."""
        return is_terminal(sys.stdin)

    @property
    def is_piped(self) -> bool:
        """Whether a program or a file is on its other end."""
        try:
            mode = os.fstat(0).st_mode
        except OSError:
            return False
        return stat.S_ISFIFO(mode) or stat.S_ISREG(mode) or stat.S_ISSOCK(mode)

    def read(self) -> bytes:
        """All of it, once.

        Errors:  CorpusError when it is larger than a document may be.
        """
        if self._content is None:
            source = getattr(sys.stdin, "buffer", None)
            self._content = source.read(self._limit_bytes + 1) if source is not None else b""
        if len(self._content) > self._limit_bytes:
            raise CorpusError(
                "the document on stdin is too large",
                f"it has more than {size_text(self._limit_bytes)}",
                "Allow more with --max-file-size, or put it into a file",
            )
        return self._content
