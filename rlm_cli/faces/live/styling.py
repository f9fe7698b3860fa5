"""Tones as colours, and glyphs for terminals that show only ASCII or one byte a character.

The sixteen colours of the terminal's own palette only, so that light and dark ones are both readable.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rlm_cli.base.text import cells, visible
from rlm_cli.faces.themes import TONES, USUAL

_SIMPLE = str.maketrans(
    {
        "…": "~",
        "·": "|",
        "“": '"',
        "”": '"',
        "‘": "'",
        "’": "'",
        "–": "-",
        "—": "-",
        "✓": "v",
        "✗": "x",
        "■": "#",
        "▒": "c",
        "↻": "r",
        "•": "*",
        "│": "|",
        "─": "-",
        "━": "-",
        "┃": "|",
        "▌": "|",
        "→": ">",
    }
)


@dataclass(frozen=True)
class Style:
    """What a terminal can show."""

    has_colour: bool = True
    encoding: str = "utf-8"
    theme: str = USUAL

    @property
    def is_ascii(self) -> bool:
        """Whether glyphs beyond ASCII cannot be relied on."""
        return self.encoding != "utf-8"

    def paint(self, text: str, tone: str) -> str:
        """A visible text in the colour of its tone."""
        return self.coloured(self.simple(visible(text)), TONES.get(tone, ""))

    def coloured(self, text: str, code: str) -> str:
        """A text between a graphic rendition and its end, when there is colour."""
        return f"\x1b[{code}m{text}\x1b[0m" if self.has_colour and code and text else text

    def simple(self, text: str) -> str:
        """The text in characters that the terminal can show, each as wide as it was."""
        if not self.is_ascii:
            return text
        plain = text.translate(_SIMPLE)
        return "".join(each if _has(each, self.encoding) else "?" * cells(each) for each in plain)

    def row(self, pieces: Sequence[tuple[str, str]]) -> str:
        """A row of pieces, each in its tone."""
        return "".join(self.paint(text, tone) for text, tone in pieces)


def _has(character: str, encoding: str) -> bool:
    try:
        character.encode(encoding)
    except UnicodeEncodeError:
        return False
    return True
