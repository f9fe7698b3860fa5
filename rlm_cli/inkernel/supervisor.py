"""The process above the kernel: it passes signals on, keeps watch over limits, and leaves nothing behind.

It is never confined, and out of reach of cells that are. It is the kernel's parent, so that no number of
another process is ever hit; it adopts what cells leave behind, and when the program that started it is
gone, or the kernel has ended, it ends everything below it. It knows nothing of cells, calls or documents.

The leash is a pipe: each byte is an order (`I` interrupt, `T` write a traceback, `K` end), its end of
file means that the program is gone.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import sys
import time
from typing import Any

from rlm_cli.inkernel.exits import ALONE
from rlm_cli.inkernel.watchdog import Watchdog, children, descendants

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
_GRACE_SECONDS = 2.0
_MANY = 16


def supervise(kernel: int, leash: int, boot: dict[str, Any], directory: str) -> int:
    """Stay with a kernel that was started until it has ended; returns or re-raises how it ended."""
    _no_core_files()
    _prctl(_PR_SET_CHILD_SUBREAPER, 1)
    _prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    is_wrapped = bool(boot["sandbox"]["wrap"])
    watchdog = Watchdog(os.getpid(), boot["sandbox"]["limits"], boot["scratch"])
    ended, is_orphan = _Watch(kernel, leash, is_wrapped).until_the_end(watchdog)
    _end_all_below(kernel)
    if is_orphan:
        _remove(directory)
    if watchdog.verdict:
        return watchdog.verdict
    return _end_like(ended, is_wrapped)


class _Watch:
    """Waits for orders, for the end, and for the watchdog."""

    def __init__(self, kernel: int, leash: int, is_wrapped: bool) -> None:
        self._kernel = kernel
        self._leash = leash
        self._target = 0 if is_wrapped else kernel

    def until_the_end(self, watchdog: Watchdog) -> tuple[int, bool]:
        """The wait status of the kernel, and whether the program is gone."""
        wake, bell = os.pipe()
        for end in (wake, bell):
            os.set_blocking(end, False)
        signal.set_wakeup_fd(bell, warn_on_full_buffer=False)
        for number in (signal.SIGCHLD, signal.SIGTERM):
            signal.signal(number, lambda *_: None)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        while True:
            ended = _reap(self._kernel)
            if ended is not None:
                return ended, self._is_program_gone(ended)
            ready, _, _ = select.select([wake, self._leash], [], [], watchdog.seconds)
            if wake in ready and signal.SIGTERM in os.read(wake, 512):
                return signal.SIGTERM, True
            if self._leash in ready:
                orders = os.read(self._leash, 64)
                if not orders or b"K" in orders:
                    return signal.SIGKILL, not orders
                self._carry_out(orders)
            if watchdog.is_exceeded():
                return signal.SIGKILL, False

    def _carry_out(self, orders: bytes) -> None:
        target = self._target = self._target or _below_bubblewrap(self._kernel)
        for order, number in ((b"I", signal.SIGINT), (b"T", signal.SIGUSR1)):
            if order in orders and target:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(target, number)

    def _is_program_gone(self, ended: int) -> bool:
        """Whether the kernel has ended because its socketpair did: then our own end of file is on its way."""
        if not os.WIFEXITED(ended) or os.WEXITSTATUS(ended) != ALONE:
            return False
        ready, _, _ = select.select([self._leash], [], [], 1.0)
        return bool(ready) and not os.read(self._leash, 64)


def _below_bubblewrap(wrapper: int) -> int:
    """The kernel: the oldest child of the first process of bubblewrap's namespace. 0 when there is none."""
    for first in children(wrapper):
        for kernel in children(first):
            return kernel
    return 0


def _reap(kernel: int) -> int | None:
    """Collect ended children; the wait status of the kernel when it is among them."""
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return 0
        if pid == kernel:
            return status
        if pid == 0:
            return None


def _end_all_below(kernel: int) -> None:
    """Kill every descendant, adopted daemons included, until none is left.

    Many are stopped first: what is stopped starts no others.
    """
    if not os.access("/proc/self/stat", os.R_OK):
        with contextlib.suppress(OSError):
            os.killpg(kernel, signal.SIGKILL)
    deadline = time.monotonic() + _GRACE_SECONDS
    while time.monotonic() < deadline:
        found = descendants(os.getpid())
        for number in (signal.SIGSTOP, signal.SIGKILL) if len(found) > _MANY else (signal.SIGKILL,):
            for pid in found:
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.kill(pid, number)
        try:
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        except ChildProcessError:
            return
        time.sleep(0.002)


def _end_like(status: int, is_wrapped: bool) -> int:
    """End as the kernel ended, so that the program can tell the signal from the outside."""
    if os.WIFEXITED(status):
        code = os.WEXITSTATUS(status)
        if not is_wrapped or code <= 128:
            return code
        number = code - 128  # bubblewrap says it as a shell does
    else:
        number = os.WTERMSIG(status)
    with contextlib.suppress(OSError, ValueError):
        signal.signal(number, signal.SIG_DFL)  # which SIGKILL does not take
    with contextlib.suppress(OSError):
        os.kill(os.getpid(), number)
    return 128 + number


def _remove(directory: str) -> None:
    """The run directory of a program that was killed: it holds sockets, a key and scratch files."""
    import shutil

    shutil.rmtree(directory, ignore_errors=True)


def _no_core_files() -> None:
    import resource

    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _prctl(option: int, value: int) -> None:
    """Ask the Linux kernel; elsewhere the leash alone has to do."""
    if sys.platform == "linux":
        from rlm_cli.inkernel.confining.system import prctl

        with contextlib.suppress(OSError):
            prctl(option, value)
