"""How far the reading of a corpus is, as a value and as a line for people."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from rlm_cli.base.text import counted, elapsed


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the reading is.

    Units:   files and bytes, done and in all; bytes_known of them were known from before and not read.
    Shape:   path is the file at hand; is_waiting when another process reads the same files.
    """

    files: int
    of_files: int
    bytes: int
    of_bytes: int
    path: str = ""
    is_waiting: bool = False
    bytes_known: int = 0


Report = Callable[[Progress], None]


def progress_line(progress: Progress, seconds: float) -> str:
    """Files, bytes, rate and time left, as far as they can be told after so many seconds."""
    if progress.is_waiting:
        return "another rlm is reading this corpus; waiting for it"
    line = (
        f"reading: {progress.files:,} of {counted(progress.of_files, 'file')}, "
        f"{_megabytes(progress.bytes)} of {_megabytes(progress.of_bytes)} MB"
    )
    read = progress.bytes - progress.bytes_known
    if seconds < 1 or read <= 0:
        return line
    rate = read / seconds
    left = max(0, progress.of_bytes - progress.bytes) / rate
    told = f"{left:.0f} s" if left < 60 else elapsed(left)
    return f"{line}, {_megabytes(rate)} MB/s, about {told} left"


def _megabytes(count: float) -> str:
    return f"{count / 1e6:,.0f}" if count >= 1e7 else f"{count / 1e6:,.1f}"
