"""Themes exchange the colours of what is about to be written, and nothing else of it."""

from __future__ import annotations

import pytest

from rlm_cli.faces.themes import THEMES, TONES, USUAL, themed
from rlm_cli.settings.table import BY_NAME

ROW = "\x1b[?2026h\x1b[2K\x1b[1;36mtitle\x1b[0m \x1b[33mfailed\x1b[0m 33 [36m]"


@pytest.mark.parametrize(
    ("theme", "row"),
    [
        (USUAL, ROW),
        ("dark", "\x1b[?2026h\x1b[2K\x1b[1;96mtitle\x1b[0m \x1b[93mfailed\x1b[0m 33 [36m]"),
        ("light", "\x1b[?2026h\x1b[2K\x1b[1;34mtitle\x1b[0m \x1b[31mfailed\x1b[0m 33 [36m]"),
        ("mono", "\x1b[?2026h\x1b[2K\x1b[1mtitle\x1b[0m \x1b[1mfailed\x1b[0m 33 [36m]"),
        ("unheard of", ROW),
    ],
)
def test_only_graphic_renditions_are_exchanged(theme: str, row: str) -> None:
    assert themed(ROW, theme) == row


def test_the_setting_knows_every_theme() -> None:
    assert BY_NAME["output.theme"].choices == tuple(THEMES) and BY_NAME["output.theme"].default == USUAL


def test_mono_has_no_colour_and_still_tells_what_is_wrong_from_what_is_right() -> None:
    shown = {tone: themed(f"\x1b[{code}m", "mono") for tone, code in TONES.items()}
    assert not any(digit in code for code in shown.values() for digit in ("3", "9"))
    assert shown["failed"] != shown["ok"] and shown["error"] != shown["failed"]
