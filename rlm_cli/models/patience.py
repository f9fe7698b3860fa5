"""How long adapters wait, for the first words and between two pieces. Knows no clock and no connection."""

from __future__ import annotations

from dataclasses import dataclass

_SLOW_START_SECONDS = 300.0


@dataclass(frozen=True)
class Patience:
    """How long an adapter waits.

    Units:   seconds of wall-clock: first until there is text, idle for the silence after that. None is
             the same as idle, but 300 for a model that thinks, or that a local server may have to load.
             whole is for a reply that comes in one piece.
    """

    first_seconds: float | None = None
    idle_seconds: float = 60.0
    whole_seconds: float = 600.0

    def first(self, is_slow_to_start: bool) -> float:
        """How long to wait for the first text.

        Units:   seconds of wall-clock.
        """
        if self.first_seconds is not None:
            return self.first_seconds
        return max(self.idle_seconds, _SLOW_START_SECONDS) if is_slow_to_start else self.idle_seconds
