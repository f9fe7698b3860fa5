"""The policy of one kernel as plain data: what the boot file tells the process that is to be confined.

`Sandbox` is what a run demands; `policy` turns it into paths, rule names and numbers for one tier.
"""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from rlm_cli.kernel.sandbox import bubblewrap, seatbelt, visible
from rlm_cli.kernel.sandbox.abilities import Abilities
from rlm_cli.kernel.sandbox.tiers import Tier

MEMORY_BYTES = 4 * 10**9
SMALLEST_MEMORY_BYTES = 256 * 10**6
DISK_BYTES = 2 * 10**9
SMALLEST_DISK_BYTES = 32 * 10**6
_PROCESSES = 512
_OPEN_FILES = 4096
_FILTER = (
    *("sockets", "memory", "queues", "io_uring", "keys", "tracing", "namespaces", "mounts", "system"),
    *("terminals", "later"),
)
_FILTER_WITHOUT_NAMESPACES = ("connections", "modes", "attributes", "watches", "others")
_DEVICES = ("/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom")
_FACTS = (
    *("/proc/cpuinfo", "/proc/meminfo", "/proc/stat", "/proc/loadavg", "/proc/filesystems", "/proc/version"),
    *("/proc/sys/vm/overcommit_memory", "/proc/sys/kernel/osrelease", "/sys/devices/system/cpu"),
)


@dataclass(frozen=True)
class Paths:
    """The paths of one kernel.

    Shape:   store is the mapped corpus, empty without one; read are single files beside it; write is where
             cells may write, sockets where ipykernel makes its own; run holds all but the store.
    """

    run: str
    write: str
    sockets: str
    read: tuple[str, ...]
    store: str = ""


@dataclass(frozen=True)
class Policy:
    """What is done to the process; every field goes into the boot file as it is.

    Shape:   wrap is a command that the kernel is started through, empty for none; seccomp holds names of
             rules; checks maps a check to what it tries.
    """

    tier: str
    limits: dict[str, int]
    wrap: list[str] = field(default_factory=list)
    landlock: dict[str, Any] = field(default_factory=dict)
    seccomp: list[str] = field(default_factory=list)
    is_unprivileged: bool = True
    checks: dict[str, Any] = field(default_factory=dict)

    def as_boot(self) -> dict[str, Any]:
        """As the boot file holds it."""
        return asdict(self)


@dataclass(frozen=True)
class Sandbox:
    """What a run demands of its kernels.

    Units:   memory_bytes bounds all processes of a kernel together, disk_bytes all that they leave on disk.
    Shape:   tiers that may be used, best first; hidden are folders of which a kernel must see nothing:
             sessions, configuration. The home directory is always among them.
    """

    tiers: tuple[Tier, ...]
    memory_bytes: int = MEMORY_BYTES
    disk_bytes: int = DISK_BYTES
    hidden: tuple[str, ...] = ()

    def policy(self, tier: Tier, paths: Paths, names: Sequence[str], has: Abilities) -> Policy:
        """The policy of a tier; names are the variables of the kernel's environment."""
        limits = self._limits(tier, paths)
        readable = [*visible.readable(), *paths.read, *([paths.store] if paths.store else [])]
        match tier:
            case Tier.A:
                return Policy(
                    tier=tier,
                    limits=limits,
                    wrap=[has.bubblewrap, *bubblewrap.flat(self.bubblewrap_rules(readable, paths, has))],
                    landlock=self._landlock(tier, readable, paths, has) if has.landlock_abi else {},
                    seccomp=list(_FILTER),
                    checks=self._checks(tier, readable, paths, names, has),
                )
            case Tier.B:
                rules = [*_FILTER, *_FILTER_WITHOUT_NAMESPACES]
                return Policy(
                    tier=tier,
                    limits=limits,
                    landlock=self._landlock(tier, readable, paths, has),
                    seccomp=rules if has.landlock_abi >= 3 else [*rules, "truncation"],
                    checks=self._checks(tier, readable, paths, names, has),
                )
            case Tier.C:
                return Policy(
                    tier=tier,
                    limits=limits,
                    wrap=seatbelt.command(readable, [paths.write, paths.sockets]),
                    checks=self._checks(tier, readable, paths, names, has),
                )
            case Tier.D:
                checks = {"network": True}
                return Policy(tier=tier, limits=limits, seccomp=[*_FILTER, "connections"], checks=checks)
            case Tier.E | Tier.OFF:
                return Policy(tier=tier, limits=limits, is_unprivileged=False)

    def bubblewrap_rules(
        self, readable: Sequence[str], paths: Paths, has: Abilities
    ) -> list[bubblewrap.Rule]:
        """What bubblewrap is told."""
        places = bubblewrap.Places(
            read_only=tuple(readable),
            writable=(paths.write, paths.sockets),
            folder=paths.write,
            shared_bytes=self.memory() // 4 if has.is_sized else 0,
        )
        return bubblewrap.rules(places)

    def memory(self) -> int:
        """The limit that is in force: never more than three quarters of what the machine has."""
        try:
            physical = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
        except (ValueError, OSError):
            return self.memory_bytes
        return max(SMALLEST_MEMORY_BYTES, min(self.memory_bytes, physical * 3 // 4))

    def _limits(self, tier: Tier, paths: Paths) -> dict[str, int]:
        free = shutil.disk_usage(paths.write).free
        disk = max(SMALLEST_DISK_BYTES, min(self.disk_bytes, free // 2))
        return {
            "memory_bytes": self.memory(),
            "processes": _PROCESSES,
            "counts_all": int(tier is not Tier.A),
            "file_bytes": disk,
            "disk_bytes": disk,
            "open_files": _OPEN_FILES,
        }

    def _landlock(self, tier: Tier, readable: list[str], paths: Paths, has: Abilities) -> dict[str, Any]:
        in_namespaces = tier is Tier.A
        return {
            "abi": has.landlock_abi,
            "scopes_signals": True,
            "read": [*readable, *(("/proc", "/dev") if in_namespaces else _FACTS)],
            "write": [paths.write, *(["/dev/shm"] if in_namespaces else [])],
            "sockets": [paths.sockets],
            "devices": [*_DEVICES],
        }

    def _checks(
        self, tier: Tier, readable: list[str], paths: Paths, names: Sequence[str], has: Abilities
    ) -> dict[str, Any]:
        shown = [*readable, paths.write, paths.sockets]
        checks: dict[str, Any] = {
            "network": True,
            "files": {"folders": self._hidden(), "readable": shown},
            "corpus": {"folders": _closed(tier, paths), "files": list(paths.read)},
            "keys": {"names": [*names, "PWD", "LC_CTYPE"], "program": os.getpid()},
        }
        if tier is Tier.A or (tier is Tier.B and has.landlock_abi >= 6):
            checks["processes"] = {"program": os.getpid(), "has_namespace": tier is Tier.A}
        return checks

    def _hidden(self) -> list[str]:
        """Folders that exist and must not be seen."""
        homes = [os.environ.get("HOME", "")]
        with contextlib.suppress(KeyError):
            homes.append(pwd.getpwuid(os.getuid()).pw_dir)
        return [
            each
            for each in dict.fromkeys([*homes, *self.hidden])
            if each not in ("", "/") and Path(each).is_dir()
        ]


def _closed(tier: Tier, paths: Paths) -> list[str]:
    """Folders in which nothing may be made. In namespaces the run directory is another one, in memory."""
    return [*([paths.store] if paths.store else []), *([] if tier is Tier.A else [paths.run])]


UNCONFINED = Sandbox(tiers=(Tier.OFF,))
"""No protection but the limits: what `--sandbox off` asks for."""
