"""The kernel's process from outside: started, held on its leash, noticed when it ends.

The thread that starts it also waits for it, and so lives as long as it does: a process that asks to die
with its parent dies with the parent's *thread*. It knows no frames and no cells.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
import threading
from pathlib import Path

from rlm_cli.kernel.launch import Launch

_END_SECONDS = 3.0
_AT_LIMITS = {
    81: "all that it had started used more memory than it may together (--memory allows more)",
    82: "it had started more processes than it may",
    83: "it had written more to disk than it may",
}
"""What the exit codes of a supervisor mean that ends a kernel at a limit (see `inkernel.exits`)."""


class KernelProcess:
    """A launched process; make it with `spawn`.

    Shape:   `ended` is done, with the return code, as soon as the process is gone.
    """

    def __init__(self, leash: int, ended: asyncio.Future[int]) -> None:
        self.ended = ended
        self._leash: int | None = leash
        self._process: subprocess.Popen[bytes] | None = None

    @classmethod
    async def spawn(cls, launch: Launch, log: Path, leash: int) -> KernelProcess:
        """Start it; `leash` is our end of the pipe that carries orders.

        Errors:  OSError when it cannot be started.
        """
        loop = asyncio.get_running_loop()
        started: asyncio.Future[None] = loop.create_future()
        made = cls(leash, loop.create_future())

        def live() -> None:
            try:
                process = _popen(launch, log)
            except (OSError, ValueError) as error:
                _tell(loop, started.set_exception, OSError(str(error)))
                return
            made._process = process
            _tell(loop, started.set_result, None)
            _tell(loop, made._gone, process.wait())

        threading.Thread(target=live, name="kernel-process", daemon=True).start()
        await started
        return made

    @property
    def is_alive(self) -> bool:
        """Whether it has not been seen to end."""
        return not self.ended.done()

    def interrupt(self) -> None:
        """SIGINT for the real kernel."""
        self._order(b"I")

    def trace(self) -> None:
        """Have the kernel write where it is to its log."""
        self._order(b"T")

    def kill(self) -> None:
        """End the kernel and everything below it."""
        self._order(b"K")

    async def end(self) -> None:
        """End everything, and wait until it is gone."""
        self.kill()
        done, _ = await asyncio.wait({self.ended}, timeout=_END_SECONDS)
        if not done:
            self._kill_tree()
            await asyncio.wait({self.ended}, timeout=_END_SECONDS)
        self._let_go()

    def why(self) -> str:
        """How it ended, in words."""
        if not self.ended.done():
            return "it is running"
        code = self.ended.result()
        if code in _AT_LIMITS:
            return _AT_LIMITS[code]
        if code >= 0:
            return f"its process exited with code {code}"
        with contextlib.suppress(ValueError):
            return f"its process was ended by {signal.Signals(-code).name}"
        return f"its process was ended by signal {-code}"

    def _gone(self, code: int) -> None:
        self._let_go()
        if not self.ended.done():
            self.ended.set_result(code)

    def _order(self, order: bytes) -> None:
        if self._leash is not None:
            with contextlib.suppress(OSError):
                os.write(self._leash, order)

    def _let_go(self) -> None:
        if self._leash is not None:
            os.close(self._leash)
            self._leash = None

    def _kill_tree(self) -> None:
        """For a first process that takes no orders: a cell can stop it."""
        import psutil

        if self._process is None or self._process.poll() is not None:
            return
        with contextlib.suppress(psutil.Error):
            top = psutil.Process(self._process.pid)
            for process in [*top.children(recursive=True), top]:
                with contextlib.suppress(psutil.Error):
                    process.kill()


def _popen(launch: Launch, log: Path) -> subprocess.Popen[bytes]:
    with log.open("ab") as output:
        return subprocess.Popen(
            launch.argv,
            env=launch.env,
            cwd=launch.cwd,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            close_fds=True,
            pass_fds=launch.pass_fds,
            start_new_session=True,
        )


def _tell(loop: asyncio.AbstractEventLoop, function: object, value: object) -> None:
    """Call in the loop's thread; a loop that is closed has nobody left to tell."""
    with contextlib.suppress(RuntimeError):
        loop.call_soon_threadsafe(function, value)  # type: ignore[arg-type]
