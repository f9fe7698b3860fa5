"""What is left of a kernel when the process above it is killed from outside."""

from __future__ import annotations

import os

import psutil

from rlm_cli.kernel.adapter import IpyKernel
from rlm_cli.kernel.sandbox.policy import Sandbox

_GONE_SECONDS = 2.0


async def left_by_a_killed_supervisor(sandbox: Sandbox) -> list[str]:
    """The processes that outlive their supervisor; they are ended."""
    before = set(psutil.Process().children(recursive=True))
    kernel = IpyKernel(None, sandbox=sandbox)
    try:
        await kernel.start()
        started = [each for each in psutil.Process().children(recursive=True) if each not in before]
        top = [each for each in started if each.ppid() == os.getpid()]
        for process in top:
            process.kill()
        _, alive = psutil.wait_procs([each for each in started if each not in top], _GONE_SECONDS)
        alive = [each for each in alive if _runs(each)]
        for process in alive:
            process.kill()
        return [process.name() for process in alive]
    finally:
        await kernel.close()


def _runs(process: psutil.Process) -> bool:
    """Whether it is more than an entry that nobody has collected."""
    try:
        return process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
