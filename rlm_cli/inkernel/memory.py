"""`memory`, notes that outlive turns and kernels, and `history`, every earlier turn in full.

The program outside keeps both; this module says what of `memory` can be kept and how a turn is read. It
knows nothing of conversations or of what the model is shown.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, overload

from rlm_cli.inkernel.plain import TooLarge, plain

MEMORY_CHARACTERS = 256 * 1024


def kept(memory: Any) -> tuple[dict[str, Any], list[str]]:
    """What of `memory` can be kept outside the kernel, and the names that cannot.

    Units:   256 Ki characters in all; what does not fit is left out name by name.
    """
    values: dict[str, Any] = {}
    left_out: list[str] = []
    budget = MEMORY_CHARACTERS
    for key, value in list(dict.items(memory)) if isinstance(memory, dict) else []:
        name = key if isinstance(key, str) else repr(key)
        try:
            values[name] = plain(value, budget)
        except TooLarge:
            left_out.append(name)
            continue
        budget -= len(repr(values[name])) + len(name)
    return values, left_out


class Turn(dict[str, Any]):
    """One earlier turn: `.turn`, `.reply`, `.code`, `.output` (whole, also where you saw it cut), `.status`.

    >>> print(history[-1].output[:2000])
    """

    def __init__(self, entry: dict[str, Any], outputs: Path) -> None:
        super().__init__(entry)
        self._outputs = outputs

    def __getattr__(self, name: str) -> Any:
        if name in self:
            return self[name]
        raise AttributeError(f"a turn of history has no {name!r}; it has {', '.join(map(str, self))}")

    @property
    def output(self) -> str:
        """The whole output of the turn's cells."""
        texts = [_whole(self._outputs, number) for number in self.get("cells", [])]
        found = [text for text in texts if text is not None]
        return "".join(found) if found else str(self.get("output", ""))

    def __repr__(self) -> str:
        code = str(self.get("code", "")).strip().split("\n", 1)[0]
        return f"<turn {self.get('turn', '?')}: {self.get('status', '')} {code[:60]!r}>"


class History(Sequence[Turn]):
    """Every earlier turn in full: `history[-1].output`, `.code`, `.reply`. Nothing is ever cut here.

    >>> [turn.turn for turn in history if "indemn" in turn.output]
    """

    def __init__(self, outputs: Path) -> None:
        self._turns: list[Turn] = []
        self._outputs = outputs

    def add(self, entry: dict[str, Any]) -> None:
        """Append a turn."""
        self._turns.append(Turn(entry, self._outputs))

    @overload
    def __getitem__(self, index: int) -> Turn: ...
    @overload
    def __getitem__(self, index: slice) -> list[Turn]: ...
    def __getitem__(self, index: int | slice) -> Turn | list[Turn]:
        return self._turns[index]

    def __len__(self) -> int:
        return len(self._turns)

    def __iter__(self) -> Iterator[Turn]:
        return iter(list(self._turns))

    def __repr__(self) -> str:
        return f"<history of {len(self._turns)} turns: history[-1].code, .output, .reply>"


def output_file(outputs: Path, number: int) -> Path:
    """Where the whole output of a cell is kept."""
    return outputs / f"cell-{number:05}.txt"


def _whole(outputs: Path, number: int) -> str | None:
    try:
        return output_file(outputs, number).read_text("utf-8", "replace")
    except OSError:
        return None
