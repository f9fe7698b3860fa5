"""What is written to the terminal, as bytes: rows that stay go above, the moving part is painted over.

Knows escape sequences and nothing of runs. Scrollback is append-only: only rows that the moving part has
taken are ever written again. A row is erased before it is written: tmux else keeps the width of what stood
there, and wraps that when the window narrows. Each frame is one piece; terminals that can show it at once do
(DEC mode 2026).
"""

from __future__ import annotations

from collections.abc import Sequence

_BEGIN, _END = "\x1b[?2026h", "\x1b[?2026l"
_HIDE, _SHOW = "\x1b[?25l", "\x1b[?25h"
_ERASE_TO_END = "\x1b[K"
_PLAIN = "\x1b[0m"

RESTORE = f"{_END}{_PLAIN}{_SHOW}"
"""Takes back all that a frame may have left behind: a pending update, a colour, a hidden cursor."""


class Painter:
    """The rows of the moving part that stand on the terminal; the cursor is at the start of the last one."""

    def __init__(self) -> None:
        self._shown: list[str] = []

    @property
    def is_clear(self) -> bool:
        """Whether nothing of the moving part stands on the terminal."""
        return not self._shown

    def frame(self, kept: Sequence[str], moving: Sequence[str], rows: int) -> str:
        """What is to be written so that `kept` stays above and `moving` stands below; empty for no change.

        Units:   rows of the terminal, above which nothing can be reached.
        """
        if not kept and list(moving) == self._shown:
            return ""
        old = len(self._shown)
        up = min(old, rows) - 1
        parts = [_BEGIN, _HIDE, f"\x1b[{up}A" if up > 0 else "", "\r" if old else ""]
        parts += [f"{_ERASE_TO_END}{row}\r\n" for row in kept]
        parts.append("\r\n".join(f"{_ERASE_TO_END}{row}" for row in moving))
        parts.append(_below(old - len(kept) - max(len(moving), 1)))
        parts += ["\r", _END] if moving else [_ERASE_TO_END, "\r", _SHOW, _END]
        self._shown = list(moving)
        return "".join(parts)

    def clear(self, kept: Sequence[str], rows: int) -> str:
        """What is to be written so that only what stays stands there, with a visible cursor below it."""
        return self.frame(kept, (), rows) if kept or self._shown else ""

    def forget(self) -> None:
        """What stands there is no longer ours: the terminal was given to another program meanwhile."""
        self._shown = []


def _below(count: int) -> str:
    """Erases so many rows below the cursor's, which stays in its row."""
    return f"\r\n{_ERASE_TO_END}" * count + f"\x1b[{count}A" if count > 0 else ""
