"""The clock of a cell: computing time stands still while a call is waited for."""

from __future__ import annotations

import time


class CellClock:
    """Measures one cell.

    Units:   seconds; `computed` leaves out every moment in which at least one call was open, which
             `waited` counts.
    """

    def __init__(self) -> None:
        self._since = time.monotonic()
        self._is_waiting = False
        self._computed = 0.0
        self._waited = 0.0

    @property
    def is_waiting(self) -> bool:
        """Whether a call is open."""
        return self._is_waiting

    @property
    def computed(self) -> float:
        """Seconds of computing until now."""
        return self._computed + (0.0 if self._is_waiting else time.monotonic() - self._since)

    @property
    def waited(self) -> float:
        """Seconds of waiting for calls until now."""
        return self._waited + (time.monotonic() - self._since if self._is_waiting else 0.0)

    def switch(self, is_waiting: bool) -> None:
        """A first call was opened, or the last one has settled."""
        if is_waiting != self._is_waiting:
            now = time.monotonic()
            if self._is_waiting:
                self._waited += now - self._since
            else:
                self._computed += now - self._since
            self._since, self._is_waiting = now, is_waiting
