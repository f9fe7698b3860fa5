"""The command line of bubblewrap: namespaces, a minimal read-only root, and the few places to write to.

Each rule stands alone, as a tuple of arguments, so that a test can leave one out. Read-only binds do not
stop `connect()` to a socket that lies in them: the root is built from what is named, never `/` itself.
The environment is given to bubblewrap itself: `--clearenv` would leave it to be read in /proc/1/environ.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rlm_cli.kernel.sandbox.visible import SYSTEM

Rule = tuple[str, ...]
TRIAL_BYTES = 1024 * 1024


@dataclass(frozen=True)
class Places:
    """What of the file system is there.

    Units:   shared_bytes bounds /dev/shm; 0: bubblewrap is too old to bound it, and there is none.
    Shape:   read_only and writable are paths that keep their names inside; folder is the working directory.
    """

    read_only: tuple[str, ...]
    writable: tuple[str, ...]
    folder: str
    shared_bytes: int


def rules(places: Places) -> list[Rule]:
    """The rules, in the order in which bubblewrap carries them out.

    A user namespace is made by bubblewrap itself where it needs one: for every user but root.
    """
    return [
        ("--unshare-net",),
        ("--unshare-pid",),
        ("--unshare-ipc",),
        ("--die-with-parent",),
        ("--cap-drop", "ALL"),
        *(_of_system(path) for path in SYSTEM if os.path.lexists(path)),
        ("--proc", "/proc"),
        ("--dev", "/dev"),
        *_shared_memory(places.shared_bytes),
        ("--remount-ro", "/dev"),
        *(("--ro-bind", path, path) for path in places.read_only if path not in SYSTEM),
        *(("--bind", path, path) for path in places.writable),
        ("--dir", "/tmp"),
        ("--remount-ro", "/"),
        ("--chdir", places.folder),
    ]


def trial(is_sized: bool) -> list[str]:
    """The arguments that show whether bubblewrap works here, with a program that does nothing."""
    nothing = [shutil.which("true", path="/usr/bin:/bin") or sys.executable]
    places = Places(read_only=(), writable=(), folder="/", shared_bytes=TRIAL_BYTES if is_sized else 0)
    return [*flat(rules(places)), "--", *nothing]


def flat(rules: Sequence[Rule]) -> list[str]:
    """Rules as one list of arguments."""
    return [word for rule in rules for word in rule]


def _of_system(path: str) -> Rule:
    if Path(path).is_symlink():
        return ("--symlink", str(Path(path).readlink()), path)
    return ("--ro-bind", path, path)


def _shared_memory(shared_bytes: int) -> list[Rule]:
    """The folder of shared memory, of a bounded size; none where bubblewrap cannot bound it."""
    return [("--size", str(shared_bytes), "--tmpfs", "/dev/shm")] if shared_bytes else []
