"""Text to the two standard streams: cleaned, encodable, flushed by the one who ends the program.

The only place in the command line that writes. Knows nothing of what it writes.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import Any

from rlm_cli.base.text import visible


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


def rows(lines: Sequence[tuple[str, ...]], gap: str = "  ") -> list[str]:
    """The lines with their columns aligned; the last column is as long as it likes."""
    if not lines:
        return []
    widths = [max(len(visible(line[column])) for line in lines) for column in range(len(lines[0]) - 1)]
    return [
        gap.join(
            [*(f"{visible(cell):<{width}}" for cell, width in zip(line, widths, strict=False)), line[-1]]
        ).rstrip()
        for line in lines
    ]


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
