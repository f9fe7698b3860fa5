"""Replies of the root model that are taken from a record in place of asking: how far, and on what grounds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from rlm_cli.engine.past import PastTurn
from rlm_cli.events.bodies import ReplyFinished
from rlm_cli.ports import CellResult


class Recipe(Protocol):
    """Knows replies by the number of their turn."""

    def reply(self, turn: int) -> ReplyFinished | None:
        """The reply to take in this turn; None when the model is to be asked."""

    def saw(self, turn: int, result: CellResult) -> None:
        """How the cell of a turn has ended."""


class Given:
    """Takes these replies, whatever their cells come to."""

    def __init__(self, replies: Mapping[int, ReplyFinished]) -> None:
        self._replies = replies

    def reply(self, turn: int) -> ReplyFinished | None:
        """The reply to take in this turn."""
        return self._replies.get(turn)

    def saw(self, turn: int, result: CellResult) -> None:
        """Nothing follows from it."""


class AskedAgain:
    """The turns of an earlier run over documents that have changed since.

    Its cells are run as far as the last one that made sub-calls, so that only passages that have changed are
    paid for; behind it as long as the model would be shown what it was shown. A cell that fails and did not
    fail before ends it.
    """

    def __init__(self, turns: list[PastTurn]) -> None:
        self._turns = {each.number: each for each in turns}
        with_calls = [each.number for each in turns if each.cell is not None and each.cell.calls]
        self._last_needed = max(with_calls, default=0)
        self._is_same = True
        self._is_over = False

    def reply(self, turn: int) -> ReplyFinished | None:
        """The reply to take in this turn."""
        past = self._turns.get(turn)
        if past is None or self._is_over or not (self._is_same or turn <= self._last_needed):
            self._is_over = True
            return None
        return past.reply

    def saw(self, turn: int, result: CellResult) -> None:
        """Compare it with what was recorded."""
        past = self._turns.get(turn)
        then = past.cell.finished if past is not None and past.cell is not None else None
        if then is None:
            return
        self._is_same = self._is_same and (then.status, then.shown) == (result.status, result.shown)
        self._is_over = self._is_over or (then.status == "ok" and result.status != "ok")
