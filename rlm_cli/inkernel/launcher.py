"""The kernel's first process: it starts the real kernel as its child and holds it on a leash.

It is run by path, before anything of ours or of IPython is imported. It passes signals on to the kernel
(whose parent it is, so that no number of another process is ever hit), adopts what cells leave behind,
and when the program that started it is gone, or the kernel has ended, it ends everything below it.
It knows nothing of cells, calls or documents.

The leash is a pipe: each byte is an order (`I` interrupt, `T` write a traceback, `K` end), its end of
file means that the program is gone.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import sys
import time
from pathlib import Path

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
_GRACE_SECONDS = 2.0
ALONE = 86
"""The exit code of a kernel whose socketpair has come to its end (see `wire`)."""


def main(argv: list[str]) -> int:
    """Start the kernel that the boot file describes and stay with it; returns or re-raises how it ended.

    Shape:   argv holds the path of the boot file and the number of the leash's descriptor.
    """
    boot_file, leash = Path(argv[1]), int(argv[2])
    os.set_inheritable(leash, False)
    _no_core_files()
    _prctl(_PR_SET_CHILD_SUBREAPER, 1)
    _prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    supervisor = os.getpid()
    kernel = os.fork()
    if kernel == 0:
        os.close(leash)
        _run_kernel(boot_file, supervisor)
        os._exit(0)
    ended, is_orphan = _watch(kernel, leash)
    _end_all_below(kernel)
    if is_orphan:
        _remove(boot_file.parent)
    return _end_like(ended)


def _run_kernel(boot_file: Path, supervisor: int) -> None:
    """Become the kernel: its own session, gone when the supervisor is gone."""
    os.setsid()
    _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != supervisor:
        os._exit(1)
    boot = json.loads(boot_file.read_bytes())
    sys.path.extend(entry for entry in boot["sys_path"] if entry not in sys.path)
    from rlm_cli.inkernel.boot import run

    run(boot)


def _watch(kernel: int, leash: int) -> tuple[int, bool]:
    """Carry out orders until the kernel has ended; returns its wait status and whether we are orphans."""
    wake, bell = os.pipe()
    for end in (wake, bell):
        os.set_blocking(end, False)
    signal.set_wakeup_fd(bell, warn_on_full_buffer=False)
    for number in (signal.SIGCHLD, signal.SIGTERM):
        signal.signal(number, lambda *_: None)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    while True:
        ended = _reap(kernel)
        if ended is not None:
            return ended, _is_program_gone(ended, leash)
        ready, _, _ = select.select([wake, leash], [], [])
        if wake in ready and signal.SIGTERM in os.read(wake, 512):
            return signal.SIGTERM, True
        if leash in ready:
            orders = os.read(leash, 64)
            if not orders or b"K" in orders:
                return signal.SIGKILL, not orders
            _carry_out(orders, kernel)


def _is_program_gone(ended: int, leash: int) -> bool:
    """Whether the kernel has ended because its socketpair did: then our own end of file is on its way."""
    if not os.WIFEXITED(ended) or os.WEXITSTATUS(ended) != ALONE:
        return False
    ready, _, _ = select.select([leash], [], [], 1.0)
    return bool(ready) and not os.read(leash, 64)


def _carry_out(orders: bytes, kernel: int) -> None:
    for order, number in ((b"I", signal.SIGINT), (b"T", signal.SIGUSR1)):
        if order in orders:
            with contextlib.suppress(ProcessLookupError):
                os.kill(kernel, number)


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
    """Kill every descendant, adopted daemons included, until none is left."""
    if not Path("/proc/self/stat").exists():
        with contextlib.suppress(OSError):
            os.killpg(kernel, signal.SIGKILL)
    deadline = time.monotonic() + _GRACE_SECONDS
    while time.monotonic() < deadline:
        for pid in _descendants(os.getpid()):
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        try:
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        except ChildProcessError:
            return
        time.sleep(0.002)


def _descendants(root: int) -> list[int]:
    """All processes below one, from /proc; none where there is no /proc."""
    parents: dict[int, list[int]] = {}
    with contextlib.suppress(OSError):
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit():
                with contextlib.suppress(OSError, ValueError, IndexError):
                    text = (entry / "stat").read_text("utf-8", "replace")
                    parents.setdefault(int(text.rpartition(")")[2].split()[1]), []).append(int(entry.name))
    found, waiting = [], [root]
    while waiting:
        children = parents.get(waiting.pop(), [])
        found.extend(children)
        waiting.extend(children)
    return found


def _end_like(status: int) -> int:
    """End as the kernel ended, so that the program can tell the signal from the outside."""
    if os.WIFEXITED(status):
        return os.WEXITSTATUS(status)
    number = os.WTERMSIG(status)
    with contextlib.suppress(OSError, ValueError):
        signal.signal(number, signal.SIG_DFL)
    os.kill(os.getpid(), number)
    return 128 + number


def _remove(directory: Path) -> None:
    """The run directory of a program that was killed: it holds sockets, a key and scratch files."""
    import shutil

    shutil.rmtree(directory, ignore_errors=True)


def _no_core_files() -> None:
    import resource

    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _prctl(option: int, value: int) -> None:
    """Ask the Linux kernel; elsewhere the leash alone has to do."""
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(option, value, 0, 0, 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv))
