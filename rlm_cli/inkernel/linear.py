"""An engine whose time does not depend on the pattern: hyperscan, where it is installed.

It reads mapped bytes without copying them and lets other threads run meanwhile. It says where expressions
end, nothing else; without it everything that is searched for is still found, by `re` alone.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any

_KEPT = 16
_compiled: dict[tuple[object, ...], Any] = {}
FLOOD = 1 << 18
"""After so many places a scan stops, so that they can be looked at before more are found."""


class Scanner:
    """Some expressions, compiled; several threads may scan with it at once."""

    def __init__(self, engine: Any, database: Any, count: int) -> None:
        self._engine, self._database, self._count = engine, database, count
        self._own = threading.local()
        self.is_stopped = False

    def ends(self, view: memoryview, most: int = FLOOD) -> tuple[list[int], bool]:
        """Where expressions end in some bytes, in order; whether that is all of them.

        Units:   offsets just behind the last byte of each match, each offset once.
        """
        found: list[int] = []
        last = -1

        def take(_id: int, _start: int, end: int, _flags: int, _context: Any) -> bool | None:
            nonlocal last
            if end != last:
                last = end
                found.append(end)
                if len(found) >= most or self.is_stopped:
                    return True
            return None

        self._scan(view, take)
        return found, len(found) < most and not self.is_stopped

    def tally(self, view: memoryview, base: int, shift: int) -> list[list[int]]:
        """For each expression the blocks in which it ends, as often as it does.

        Units:   a block is `base` and the offset of the end, divided by two to the power of `shift`.
        """
        found: list[list[int]] = [[] for _ in range(self._count)]
        takes = [blocks.append for blocks in found]

        def take(number: int, _start: int, end: int, _flags: int, _context: Any) -> bool | None:
            takes[number](base + end >> shift)
            return True if self.is_stopped else None

        self._scan(view, take)
        return found

    def _scan(self, view: memoryview, take: Any) -> None:
        scratch = getattr(self._own, "scratch", None)
        if scratch is None:
            scratch = self._own.scratch = self._engine.Scratch(self._database)
        try:
            self._database.scan(view, match_event_handler=take, scratch=scratch)
        except self._engine.ScanTerminated:
            return


def scanner(expressions: Sequence[str], is_text: bool = True) -> Scanner | None:
    """A scanner for some expressions; None without the engine, or when it cannot take one of them.

    Shape:   expressions are over characters, or over bytes when `is_text` is False.
    """
    try:
        import hyperscan
    except ImportError:
        return None
    key = (is_text, *expressions)
    database = _compiled.get(key)
    if database is None:
        flags = hyperscan.HS_FLAG_UTF8 | hyperscan.HS_FLAG_UCP | hyperscan.HS_FLAG_MULTILINE if is_text else 0
        database = hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK)
        try:
            database.compile(
                expressions=[expression.encode() for expression in expressions],
                ids=list(range(len(expressions))),
                flags=[flags] * len(expressions),
            )
        except hyperscan.HyperscanError:
            return None
        _compiled[key] = database
        if len(_compiled) > _KEPT:
            del _compiled[next(iter(_compiled))]
    return Scanner(hyperscan, database, len(expressions))
