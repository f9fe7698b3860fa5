"""Terminals for tests, closed when they are over."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tests.terminal.emulator import Tty


@pytest.fixture
def make_tty() -> Iterator[Callable[..., Tty]]:
    """Makes terminals of any size."""
    made: list[Tty] = []

    def make(columns: int = 80, rows: int = 24) -> Tty:
        made.append(Tty(columns, rows))
        return made[-1]

    yield make
    for tty in made:
        tty.close()


@pytest.fixture
def tty(make_tty: Callable[..., Tty]) -> Tty:
    """A terminal of 80 by 24."""
    return make_tty()
