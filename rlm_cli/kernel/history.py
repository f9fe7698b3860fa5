"""The entries of `history`, kept where they outlive a kernel; one that names a cell waits for its end."""

from __future__ import annotations

from rlm_cli.events.values import Json
from rlm_cli.ports import Cell, CellResult


class Turns:
    """Every entry that the kernel has been, or is to be, told of."""

    def __init__(self) -> None:
        self._done: list[dict[str, Json]] = []
        self._waiting: dict[int, dict[str, Json]] = {}
        self._ran: set[int] = set()

    def all(self) -> list[dict[str, Json]]:
        """The entries that are complete, in their order."""
        return list(self._done)

    def add(self, entry: dict[str, Json]) -> list[dict[str, Json]]:
        """Take an entry; returns those that are complete by it."""
        number = entry.get("cell")
        if isinstance(number, int) and number not in self._ran:
            self._waiting[number] = entry
            return []
        complete = {**entry, "cells": [number]} if isinstance(number, int) else dict(entry)
        self._done.append(complete)
        return [complete]

    def ran(self, cell: Cell, result: CellResult) -> list[dict[str, Json]]:
        """A cell has ended; returns the entry that is complete by it."""
        self._ran.add(cell.number)
        entry = self._waiting.pop(cell.number, None)
        if entry is None:
            return []
        known: dict[str, Json] = {"code": cell.code, "status": result.status, "output": result.shown}
        complete = {**known, **entry, "cells": [cell.number]}
        self._done.append(complete)
        return [complete]
