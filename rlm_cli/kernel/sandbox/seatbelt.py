"""The profile for sandbox-exec of macOS, as text. Not proven on a machine."""

from __future__ import annotations

from collections.abc import Sequence

PROGRAM = "/usr/bin/sandbox-exec"
_SYSTEM = (
    "/usr",
    "/bin",
    "/sbin",
    "/System",
    "/Library/Frameworks",
    "/private/var/db/timezone",
    "/private/etc/localtime",
)
_DEVICES = ("/dev/null", "/dev/zero", "/dev/random", "/dev/urandom")


def profile(read_only: Sequence[str], writable: Sequence[str]) -> str:
    """Everything is denied but what is named: no network, no file outside of the lists.

    Shape:   both are folders or files with all that is below them; unix sockets live in `writable`.
    """
    lines = [
        "(version 1)",
        "(deny default)",
        "(deny network*)",
        "(allow process-fork)",
        "(allow process-exec)",
        "(allow signal (target same-sandbox))",
        "(allow process-info* (target same-sandbox))",
        "(allow sysctl-read)",
        '(allow mach-lookup (global-name "com.apple.system.opendirectoryd.libinfo"))',
        "(allow file-read-metadata)",
        *(_allow("file-read*", "subpath", path) for path in (*_SYSTEM, *read_only, *writable)),
        *(_allow("file-read* file-write*", "literal", path) for path in _DEVICES),
        *(_allow("file-write*", "subpath", path) for path in writable),
        *(_allow("network-bind network-inbound", "subpath", path) for path in writable),
    ]
    return "\n".join(lines) + "\n"


def command(read_only: Sequence[str], writable: Sequence[str]) -> list[str]:
    """The words before the command that is to be confined."""
    return [PROGRAM, "-p", profile(read_only, writable)]


def _allow(what: str, how: str, path: str) -> str:
    quoted = path.replace("\\", "\\\\").replace('"', '\\"')
    return f'(allow {what} ({how} "{quoted}"))'
