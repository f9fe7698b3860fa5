"""What a kernel may read: a minimal system, its own Python, this package; never a home or the whole disk."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from pathlib import Path

SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib64", "/lib32", "/libx32")
SETTINGS_OF_SYSTEM = (
    *("/etc/ld.so.cache", "/etc/ld.so.conf", "/etc/ld.so.conf.d", "/etc/localtime", "/etc/timezone"),
    *("/etc/alternatives", "/etc/mime.types", "/etc/nsswitch.conf", "/etc/fonts"),
)
_STORES = ("/nix/store", "/gnu/store", "/home/linuxbrew/.linuxbrew", "/opt/homebrew", "/snap")
_OF_PYTHON = ("bin", "lib", "lib64", "lib32", "share/zoneinfo", "pyvenv.cfg", "Frameworks", "Python")
_LINKS = 40
_PACKAGES = ("site-packages", "dist-packages")


def package() -> Path:
    """The folder of this package."""
    return Path(__file__).resolve().parent.parent.parent


def sys_path() -> list[str]:
    """Where a kernel finds modules: the packages that this program sees, and this package. Not the folder
    that it was started in, and nothing that an environment variable has added."""
    found = [entry for entry in sys.path if Path(entry).is_absolute() and _is_of_python(entry)]
    return [*found, str(package().parent)]


def readable() -> list[str]:
    """Every path beside the corpus that a kernel may read, folders with all that is in them; those that
    exist, symbolic links as they are."""
    parts = [*SYSTEM, *SETTINGS_OF_SYSTEM]
    for prefix in _prefixes():
        parts += [str(prefix / part) for part in _OF_PYTHON]
    parts += [each for each in sys_path()[:-1] if not _is_below(each, parts)]
    parts += [store for store in _STORES if _is_below(os.path.realpath(sys.executable), [store])]
    found: list[str] = []
    for path in sorted(dict.fromkeys([*parts, str(package())]), key=len):
        if Path(path).exists() and not _is_below(path, found):
            found.append(path)
    return found


def _prefixes() -> list[Path]:
    """Where this Python lives, under the names by which it is reached, links on the way included."""
    found = [Path(each) for each in (sys.prefix, sys.exec_prefix, sys.base_prefix, sys.base_exec_prefix)]
    program = Path(sys.executable)
    for _ in range(_LINKS):
        found.append(program.parent.parent)
        if not program.is_symlink():
            break
        program = program.parent / program.readlink()
    found += [each.resolve() for each in found]
    return [each for each in dict.fromkeys(found) if each != Path("/")]


def _is_of_python(entry: str) -> bool:
    roots = [str(prefix / part) for prefix in _prefixes() for part in ("lib", "lib64", "Frameworks")]
    return Path(entry).name in _PACKAGES or _is_below(entry, [*roots, *SYSTEM, *_STORES])


def _is_below(path: str, folders: Iterable[str]) -> bool:
    return any(path == folder or path.startswith(folder.rstrip("/") + "/") for folder in folders)
