"""What holds for every test, wherever the suite is started from; and a user of the whole program."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from tests.journeys.program import Program

# A shell that starts the suite in the background has SIGINT ignored, and every program started from there
# would inherit that: Ctrl-C is what several tests are about.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture
def program(tmp_path: Path) -> Program:
    """A user with an empty home."""
    home = tmp_path / "home"
    home.mkdir()
    return Program(home)
