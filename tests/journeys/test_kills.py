"""The short form of `bench/kills.py`: fifty kills, four of them of the whole program."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.skipif(sys.platform != "linux", reason="orphans are adopted, and so counted, on Linux alone")
def test_a_program_that_is_killed_loses_nothing_acknowledged_and_leaves_no_process() -> None:
    argv = [sys.executable, "-m", "bench.kills", "--kills", "50", "--whole", "4", "--seed", "7"]
    done = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "the whole program: 4 kills" in done.stdout
    assert "the engine in one process: 46 kills" in done.stdout
