"""What keeps a run honest: an answer is accepted only after a look, and going in circles is named.

Pure bookkeeping: what the model is told, and when it is enough.
"""

from __future__ import annotations

import re
from collections import Counter

from rlm_cli.engine.citations import CitedAnswer
from rlm_cli.events.values import Coverage

_SAME_CELL_NAMED = 3
_FRUITLESS_NAMED = 3
_FRUITLESS_STOPPED = 6
_REFUSALS = 3


class ProgressGuard:
    """Notices the same cell again and again, and turns that come to nothing."""

    def __init__(self) -> None:
        self._cells: Counter[tuple[str, str]] = Counter()
        self._fruitless = 0
        self._warned_of: set[str] = set()
        self.is_stuck = False

    def saw_cell(self, code: str, shown: str, is_ok: bool) -> str:
        """A cell was run and has shown this; what to tell the model, empty when all is well.

        Shape:   the same code is the same cell only while it shows the same.
        """
        key = re.sub(r"\s+", " ", code).strip(), shown
        self._cells[key] += 1
        self._fruitless = 0 if is_ok and self._cells[key] == 1 else self._fruitless + 1
        if self._cells[key] > _SAME_CELL_NAMED:
            self.is_stuck = True
            return ""
        if self._cells[key] == _SAME_CELL_NAMED:
            return (
                f"You have run this same cell {_SAME_CELL_NAMED} times. Once more and the run is stopped: do "
                "something else, or give the answer that you have."
            )
        return self._fruitless_note()

    def saw_nothing_to_run(self) -> str:
        """A reply had no code; what to tell the model beside its correction."""
        self._fruitless += 1
        return self._fruitless_note()

    def _fruitless_note(self) -> str:
        if self._fruitless >= _FRUITLESS_STOPPED:
            self.is_stuck = True
        if self._fruitless == _FRUITLESS_NAMED:
            return (
                f"The last {_FRUITLESS_NAMED} turns came to nothing. After {_FRUITLESS_STOPPED} the run is "
                "stopped: take a smaller step, or give the answer that you have."
            )
        return ""


class ReadyGuard:
    """Decides whether an answer that is called ready is accepted.

    What can be mended is refused first, at most three times in all; then wrong quotations are accepted
    with a warning to the reader, while an answer without a look or without content never is.
    """

    def __init__(self) -> None:
        self._refusals = 0

    def objection(self, content: str, fault: str, coverage: Coverage, cited: CitedAnswer) -> str:
        """Why the answer is not accepted, to be told to the model; empty when it is.

        Shape:   fault is why the value does not satisfy the schema, empty without one.
        """
        hard = self._hard(content, fault, coverage)
        if hard:
            return hard
        if self._refusals >= _REFUSALS:
            return ""
        soft = _quote_faults(cited)
        if soft:
            self._refusals += 1
        return soft

    @staticmethod
    def _hard(content: str, fault: str, coverage: Coverage) -> str:
        if not content.strip():
            return 'Not accepted: answer["content"] is empty.'
        if coverage.documents and not coverage.searched_by_code and not coverage.read_by_model:
            return "Not accepted: nothing of the corpus has been read yet. Look at it first, then answer."
        return f'Not accepted: answer["content"] does not satisfy the schema: {fault}' if fault else ""


def _quote_faults(cited: CitedAnswer) -> str:
    lines = [f'- "{quote[:200]}"' for quote in cited.unfound_quotes[:5]]
    if lines:
        more = len(cited.unfound_quotes) - len(lines)
        tail = [f"- and {more} more"] if more > 0 else []
        return "\n".join(
            [
                "Not accepted: these quotations are in no document word for word. Quote exactly, "
                "without ellipses, put a mark from cite() behind it, or say it without quotation marks:",
                *lines,
                *tail,
            ]
        )
    if cited.unknown_marks:
        return f"Not accepted: no citation has the marks {', '.join(cited.unknown_marks[:5])}; use cite()."
    return ""
