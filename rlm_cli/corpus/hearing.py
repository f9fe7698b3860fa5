"""Whether the system can tell of changes in some folders, and why not: its limit of watches, remote folders.

Reads the mount table and the limits of inotify; watches nothing itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

_REMOTE = frozenset(
    ("nfs", "nfs4", "cifs", "smb3", "smbfs", "ncpfs", "afs", "9p", "ceph", "lustre", "beegfs", "glusterfs")
)
_REMOTE_BEHIND = ("fuse.", "vboxsf", "prl_fs", "drvfs", "virtiofs")
"""File systems whose changes may come from elsewhere, where this system hears nothing of them."""
_SHARE = 0.8
"""How much of the limit one program may take: others need watches as well."""
_MOUNTS = Path("/proc/self/mountinfo")
_LIMITS = (Path("/proc/sys/fs/inotify/max_user_watches"), Path("/proc/sys/user/max_inotify_watches"))
"""Of the user everywhere, and in this user namespace: a container may have its own."""


@dataclass(frozen=True, slots=True)
class Hearing:
    """What the system says of itself.

    Shape:   max_watches None where there is no such limit (or no Linux); mounts are (folder, type) pairs.
    """

    max_watches: int | None = None
    mounts: Sequence[tuple[str, str]] = field(default=())

    def why_deaf(self, folders: Iterable[Path], count_folders: int) -> str:
        """Why changes below the folders have to be looked for, and what to do; empty when they are heard of.

        Shape:   count_folders is how many folders there are in all, each of which needs a watch.
        """
        for folder in folders:
            kind = self._kind_of(str(folder))
            if kind in _REMOTE or kind.startswith(_REMOTE_BEHIND):
                return (
                    f"{folder} is on a remote file system ({kind}), which tells nothing of changes elsewhere"
                )
        if self.max_watches is not None and count_folders > self.max_watches * _SHARE:
            return (
                f"there are {count_folders:,} folders, and the system watches {self.max_watches:,}. To hear "
                f"of changes at once: {remedy(count_folders)}"
            )
        return ""

    def _kind_of(self, folder: str) -> str:
        """The type of the file system on which a folder is, empty when it is unknown."""
        best, kind = "", ""
        for mounted, type_name in self.mounts:
            is_above = folder == mounted or folder.startswith(mounted.rstrip("/") + "/")
            if is_above and len(mounted) >= len(best):
                best, kind = mounted, type_name
        return kind


def remedy(count_folders: int, is_of_instances: bool = False) -> str:
    """The command that lifts the limit far enough: of watches, or of programs that watch."""
    if is_of_instances:
        return "sudo sysctl fs.inotify.max_user_instances=1024, or a higher ulimit -n"
    wanted = 1 << max(16, (2 * count_folders).bit_length())
    return f"sudo sysctl fs.inotify.max_user_watches={wanted}"


def hearing() -> Hearing:
    """What this system says of itself now."""
    limits = [limit for path in _LIMITS if (limit := _number(path)) is not None]
    try:
        lines = _MOUNTS.read_text("utf-8", "surrogateescape").splitlines()
    except OSError:
        lines = []
    return Hearing(min(limits, default=None), [mount for line in lines if (mount := _mount(line))])


def _number(path: Path) -> int | None:
    try:
        return int(path.read_text())
    except (OSError, ValueError):
        return None


def _mount(line: str) -> tuple[str, str] | None:
    """The folder and the type of a line of the mount table (proc(5)); spaces in it are written `\\040`."""
    before, _, after = line.partition(" - ")
    words, kinds = before.split(" "), after.split(" ")
    if len(words) < 5 or not kinds[0]:
        return None
    folder = words[4]
    for escaped, plain in (("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\")):
        folder = folder.replace(escaped, plain)
    return folder, kinds[0]
