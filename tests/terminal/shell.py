"""A shell that is running, and the terminal on which it does."""

from __future__ import annotations

import fcntl
import subprocess
import termios
from pathlib import Path

from tests.journeys.program import Program
from tests.terminal.emulator import Tty


class Shell:
    """A shell that is running, and the terminal on which it does."""

    def __init__(self, program: Program, tty: Tty, *arguments: str | Path) -> None:
        program.environ |= {"TERM": "xterm-256color", "PROMPT_TOOLKIT_NO_CPR": "1", "PAGER": "cat"}
        self.tty = tty
        look = () if "--ui" in arguments else ("--ui", "plain")
        ends = {"stdin": tty.slave, "stdout": tty.slave, "stderr": tty.slave}
        self.process: subprocess.Popen[str] = program.start(
            "shell", *arguments, *look, start_new_session=True, preexec_fn=own_terminal, **ends
        )
        self.prompts = 0
        self.ready()

    def ready(self) -> None:
        """Wait for the next prompt, at which nothing is typed yet."""
        self.prompts += 1
        self.tty.wait_until(lambda tty: prompts_of(tty) >= self.prompts and tty.lines()[-1].strip() == "rlm>")

    def do(self, typed: str) -> str:
        """Type a line; what came of it, once the prompt is there again."""
        before = len(self.tty.lines())
        self.tty.type(typed + "\r")
        self.ready()
        return "\n".join(self.tty.lines()[before:])

    def leave(self) -> int:
        """Ctrl-D at the empty prompt; the exit code."""
        self.tty.type("\x04")
        return self.process.wait(timeout=30)


def own_terminal() -> None:
    """Make stdin the controlling terminal, so that Ctrl-C typed there is a signal."""
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


def prompts_of(tty: Tty) -> int:
    return sum(line.startswith("rlm>") for line in tty.lines())
