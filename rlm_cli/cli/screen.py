"""Text to the two standard streams: cleaned, encodable, flushed by the one who ends the program.

The only place in the command line that writes. Knows nothing of what it writes.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Sequence
from typing import Any

from rlm_cli.base.text import visible

_NARROWEST = 20
"""Columns below which wrapping would make a text harder to read."""


def say(text: str = "") -> None:
    """A line of the command's result, on stdout."""
    sys.stdout.write(visible(text) + "\n")


def note(text: str) -> None:
    """A line for people, on stderr."""
    sys.stderr.write(visible(text) + "\n")


def warn(text: str) -> None:
    """A warning, on stderr."""
    note(f"rlm: warning: {text}")


def say_json(value: Any) -> None:
    """A value as one line of JSON on stdout, without anything that would act on a terminal."""
    from rlm_cli.events.wire import to_json

    sys.stdout.write(to_json(value).decode("utf-8") + "\n")


def say_bytes(data: bytes) -> None:
    """A whole file on stdout, byte by byte: the caller has cleaned it, or it is meant for a program."""
    sys.stdout.flush()
    sys.stdout.buffer.write(data)


def rows(lines: Sequence[tuple[str, ...]], gap: str = "  ") -> list[str]:
    """The lines with their columns aligned; the last column wraps below itself on a terminal."""
    if not lines:
        return []
    widths = [max(len(visible(line[column])) for line in lines) for column in range(len(lines[0]) - 1)]
    found = []
    for line in lines:
        cells = [f"{visible(cell):<{width}}" for cell, width in zip(line, widths, strict=False)]
        start = gap.join([*cells, ""])
        found.append(wrapped(start, line[-1]).rstrip())
    return found


def wrapped(start: str, text: str) -> str:
    """A text after its first words, wrapped below itself where stdout is a terminal that is wide enough."""
    room = _columns() - len(start) - 1
    text = visible(text)
    if len(text) <= room or room < _NARROWEST or "\n" in text:
        return start + text
    import textwrap

    pieces = textwrap.wrap(text, room, break_long_words=False, break_on_hyphens=False)
    return start + ("\n" + " " * len(start)).join(pieces)


def _columns() -> int:
    """The width that a line may have; without end where stdout is no terminal."""
    try:
        is_terminal = sys.stdout.isatty()
    except ValueError:
        is_terminal = False
    return shutil.get_terminal_size().columns if is_terminal else sys.maxsize


def prepare_streams() -> None:
    """Make stdout and stderr survive what they cannot encode, and survive being closed.

    A character that cannot be encoded becomes a `?` instead of a crash in the middle of an answer.
    """
    sys.stdout = sys.stdout or open(os.devnull, "w")  # noqa: SIM115 lives as long as the program
    sys.stderr = sys.stderr or open(os.devnull, "w")  # noqa: SIM115
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="replace")
