"""File names as a person can read them: valid text, one line, no terminal control."""

from __future__ import annotations

import os

from rlm_cli.base.text import visible

INSIDE = "!/"
"""Between the path of a file and the path of a document inside of it."""


def printable(name: str) -> str:
    """A file name as text: bytes that are not UTF-8 as `\\xe9`, controls and line breaks made visible."""
    if name.isascii() and name.isprintable():
        return name
    text = os.fsencode(name).decode("utf-8", "backslashreplace")
    return visible(text).replace("\n", "␊").replace("\t", "␉")
