"""Limits that no single process can be held to: memory of all together, how many there are, room on disk.

It samples from outside of the kernel; what each process is held to by the system is `confining.limits`'.
Where there is no /proc it sees nothing, and says so by never finding anything.

Source:  0.4 ms a sample of a plain kernel; a hog that fills memory at full speed is ended some 5 % above
         the limit.
"""

from __future__ import annotations

import contextlib
import os
import time

from rlm_cli.inkernel.exits import OVER_DISK, OVER_MEMORY, OVER_PROCESSES

_SAMPLE_SECONDS = 0.2
_DISK_SECONDS = 1.0
_FORGET_SAMPLES = 25
_ENTRIES = 200_000
_MEMORY_LINES = (b"RssAnon:", b"RssShmem:", b"VmSwap:")
_EXACT_LINES = (b"Pss_Anon:", b"Pss_Shmem:", b"SwapPss:")


class Watchdog:
    """Looks after everything below a process.

    Shape:   `verdict` is an exit code once a limit was exceeded, 0 until then.
    """

    def __init__(self, root: int, limits: dict[str, int], scratch: str) -> None:
        self.seconds = _SAMPLE_SECONDS if os.access("/proc/self/status", os.R_OK) else None
        self.verdict = 0
        self._limits = limits
        self._scratch = scratch
        self._family = _Family(root)
        self._next = 0.0
        self._next_disk = 0.0

    def is_exceeded(self) -> bool:
        """Whether a limit is exceeded; looks only as often as it is worth it."""
        now = time.monotonic()
        if self.seconds is None or now < self._next:
            return False
        self._next = now + self.seconds / 2
        members = self._family.members()
        if len(members) > self._limits["processes"]:
            self.verdict = OVER_PROCESSES
        elif self._is_over_memory(members):
            self.verdict = OVER_MEMORY
        elif now >= self._next_disk and self._is_over_disk():
            self.verdict = OVER_DISK
        return bool(self.verdict)

    def _is_over_memory(self, members: set[int]) -> bool:
        limit = self._limits["memory_bytes"]
        if sum(_kilobytes(f"/proc/{pid}/status", _MEMORY_LINES) for pid in members) * 1024 <= limit:
            return False
        return sum(_exactly(pid) for pid in members) * 1024 > limit

    def _is_over_disk(self) -> bool:
        began = time.monotonic()
        used = _disk_bytes(self._scratch)
        ended = time.monotonic()
        self._next_disk = ended + max(_DISK_SECONDS, 20 * (ended - began))
        return used > self._limits["disk_bytes"]


class _Family:
    """Everything below a process, kept from sample to sample: only numbers not seen before are looked at."""

    def __init__(self, root: int) -> None:
        self._root = root
        self._inside: set[int] = set()
        self._outside: set[int] = set()
        self._samples = 0

    def members(self) -> set[int]:
        """Their process ids, at this moment."""
        self._samples += 1
        if self._samples % _FORGET_SAMPLES == 0:
            self._outside.clear()
        there = set(_numbers())
        self._inside &= there
        self._outside &= there
        fresh = {pid: _parent(pid) for pid in there - self._inside - self._outside}
        while joining := {
            pid for pid, parent in fresh.items() if parent == self._root or parent in self._inside
        }:
            self._inside |= joining
            for pid in joining:
                del fresh[pid]
        self._outside |= set(fresh)
        return self._inside


def descendants(root: int) -> list[int]:
    """All processes below one, from /proc; none where there is no /proc."""
    below = _by_parent()
    found, waiting = [], [root]
    while waiting:
        for _, pid in below.get(waiting.pop(), []):
            found.append(pid)
            waiting.append(pid)
    return found


def children(parent: int) -> list[int]:
    """The children of a process, the oldest first."""
    return [pid for _, pid in sorted(_by_parent().get(parent, []))]


def _by_parent() -> dict[int, list[tuple[int, int]]]:
    """For each parent its children, as (time of their start, process id)."""
    found: dict[int, list[tuple[int, int]]] = {}
    with contextlib.suppress(OSError):
        for pid in _numbers():
            if words := _stat(pid):
                found.setdefault(int(words[1]), []).append((int(words[19]), pid))
    return found


def _numbers() -> list[int]:
    """Every process that is there."""
    return [int(name) for name in os.listdir("/proc") if name.isdigit()]  # noqa: PTH208 - half the time


def _parent(pid: int) -> int:
    words = _stat(pid)
    return int(words[1]) if words else 0


def _stat(pid: int) -> list[bytes]:
    """The words of /proc/…/stat after the name: state, parent, …; none when the process is gone."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            return file.read().rpartition(b")")[2].split()
    except OSError:
        return []


def _exactly(pid: int) -> int:
    """Kilobytes, each shared page divided by those who share it; the rough number where that is hidden."""
    exact = _kilobytes(f"/proc/{pid}/smaps_rollup", _EXACT_LINES)
    return exact or _kilobytes(f"/proc/{pid}/status", _MEMORY_LINES)


def _kilobytes(path: str, lines: tuple[bytes, ...]) -> int:
    try:
        with open(path, "rb") as file:
            return sum(int(line.split()[1]) for line in file.read().splitlines() if line.startswith(lines))
    except (OSError, ValueError, IndexError):
        return 0


def _disk_bytes(folder: str) -> int:
    """What a folder takes on disk, links not followed; a number beyond every limit when it holds too many."""
    total, entries, waiting = 0, 0, [folder]
    while waiting:
        try:
            with os.scandir(waiting.pop()) as found:
                for entry in found:
                    entries += 1
                    if entries > _ENTRIES:
                        return 1 << 62
                    with contextlib.suppress(OSError):
                        total += entry.stat(follow_symlinks=False).st_blocks * 512
                        if entry.is_dir(follow_symlinks=False):
                            waiting.append(entry.path)
        except OSError:
            continue
    return total
