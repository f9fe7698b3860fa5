"""A user and a folder for every journey."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from tests.journeys.program import Program
from tests.servers.openai_server import Server
from tests.terminal.emulator import Tty
from tests.terminal.shell import Shell


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of contracts, some words of which the journeys look for."""
    folder = tmp_path / "contracts"
    folder.mkdir()
    for number in range(12):
        text = "".join(
            f"Section {each}. Contract {number} says nothing of note here.\n" for each in range(40)
        )
        (folder / f"contract_{number:02}.txt").write_text(text)
    (folder / "cap.md").write_text("# Cap\n\nThe Supplier's liability is capped at ten dollars a year.\n")
    (folder / "nocap.md").write_text("# No cap\n\nThe Supplier's liability is not capped at all.\n")
    return folder


@pytest.fixture
def start(program: Program, folder: Path) -> Iterator[Callable[..., Shell]]:
    """Starts shells over the folder, and ends what is left of them."""
    shells: list[Shell] = []

    def starting(server: Server, *arguments: str | Path) -> Shell:
        tty = Tty(110, 50)
        shells.append(Shell(program.at(server), tty, *(arguments or (folder, "--mode", "rlm"))))
        return shells[-1]

    yield starting
    for shell in shells:
        if shell.process.poll() is None:
            family = psutil.Process(shell.process.pid).children(recursive=True)
            shell.process.send_signal(signal.SIGTERM)
            shell.process.wait(timeout=30)
            psutil.wait_procs(family, timeout=5)
        shell.tty.close()
