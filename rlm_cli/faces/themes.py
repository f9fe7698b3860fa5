"""The colours of tones, and themes: how they are exchanged where a ground makes some hard to read. Pure.

All are of the sixteen colours of the terminal's own palette. A theme is applied last, to what is about
to be written, so that nothing else has to know of it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

TONES = {
    "title": "1",
    "dim": "2",
    "code": "36",
    "draft": "35",
    "ok": "32",
    "running": "36",
    "failed": "33",
    "warning": "33",
    "error": "1;31",
    "added": "32",
    "removed": "31",
}
"""The graphic rendition of each tone of a line."""

USUAL = "terminal"
THEMES: Mapping[str, Mapping[str, str]] = {
    USUAL: {},
    "dark": {"2": "37", **{f"3{n}": f"9{n}" for n in range(1, 7)}},
    "light": {"2": "90", "33": "31", "36": "34"},
    "mono": {
        **{f"{ground}{n}": "" for ground in ("3", "4", "9", "10") for n in range(8)},
        "31": "1;4",
        "33": "1",
    },
}
"""What stands in place of a parameter of a graphic rendition, by the name of the theme.

`dark` has the bright colours, and grey in place of faint; `light` has neither yellow nor cyan; `mono` tells
tones apart by weight and underline alone.
"""

_RENDITION = re.compile(r"\x1b\[([\d;]+)m")


def themed(text: str, theme: str) -> str:
    """A text with colours, in those of a theme; one that is not known changes nothing."""
    exchanged = THEMES.get(theme)
    if not exchanged or "\x1b" not in text:
        return text

    def rendition(match: re.Match[str]) -> str:
        parameters = [exchanged.get(each, each) for each in match[1].split(";")]
        left = ";".join(filter(None, parameters))
        return f"\x1b[{left}m" if left else ""

    return _RENDITION.sub(rendition, text)
