"""A program with a terminal of its own: what is typed there reaches it as keys and as signals."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
import termios
from pathlib import Path
from typing import Any

from tests.journeys.program import Program
from tests.terminal.emulator import Tty

ROOT = Path(__file__).parents[2]


def on(tty: Tty, stdout: int | None = None) -> dict[str, Any]:
    """Options of a process whose stdin, stderr and, unless it is named, stdout is this terminal."""

    def take_terminal() -> None:
        fcntl.ioctl(tty.slave, termios.TIOCSCTTY, 0)

    return {
        "stdin": tty.slave,
        "stdout": tty.slave if stdout is None else stdout,
        "stderr": tty.slave,
        "start_new_session": True,
        "preexec_fn": take_terminal,
        "pass_fds": (tty.slave,),
    }


def ask(
    program: Program, tty: Tty, *arguments: str | Path, stdout: int | None = None
) -> subprocess.Popen[str]:
    """Start `rlm ask` on a terminal."""
    program.environ.setdefault("TERM", "xterm-256color")
    return program.start("ask", *arguments, **on(tty, stdout))


def drive(tty: Tty, what: str, stdout: int | None = None) -> subprocess.Popen[str]:
    """Start the small program of `driver` on a terminal."""
    environ = {
        "PATH": os.environ["PATH"],
        "TERM": "xterm-256color",
        "LANG": "C.UTF-8",
        "PYTHONPATH": str(ROOT),
    }
    command = [sys.executable, "-m", "tests.terminal.driver", what]
    return subprocess.Popen(command, env=environ, cwd=ROOT, text=True, **on(tty, stdout))
