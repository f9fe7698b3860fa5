"""Landlock: which files this process and all of its children can reach, and whom they can signal.

Source:  Documentation/userspace-api/landlock.rst of Linux; ABI 1 (5.13) to 6 (6.12) is used as far as the
         running system has it. What Landlock leaves open (modes, times, owners, extended attributes,
         sockets with a path, listings by inotify) is closed by `seccomp`.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import stat
import struct
from typing import Any

from rlm_cli.inkernel.confining.system import prctl, syscall

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_RULE_PATH_BENEATH = 1
_PR_SET_NO_NEW_PRIVS = 38

EXECUTE, WRITE_FILE, READ_FILE, READ_DIR = (1 << bit for bit in range(4))
REMOVE_DIR, REMOVE_FILE, MAKE_CHAR, MAKE_DIR = (1 << bit for bit in range(4, 8))
MAKE_REG, MAKE_SOCK, MAKE_FIFO, MAKE_BLOCK = (1 << bit for bit in range(8, 12))
MAKE_SYM, REFER, TRUNCATE, IOCTL_DEV = (1 << bit for bit in range(12, 16))
_RIGHTS_OF_ABI = {1: 13, 2: 14, 3: 15, 4: 15, 5: 16}
_OF_FILES = EXECUTE | WRITE_FILE | READ_FILE | TRUNCATE | IOCTL_DEV
_SCOPE_SIGNALS = 1 << 1

RIGHTS = {
    "read": EXECUTE | READ_FILE | READ_DIR,
    "write": ((1 << 16) - 1) & ~(MAKE_CHAR | MAKE_BLOCK | IOCTL_DEV),
    "sockets": MAKE_SOCK | REMOVE_FILE,
    "devices": READ_FILE | WRITE_FILE,
}
"""What each list of paths in the policy grants."""


def restrict(policy: dict[str, Any]) -> None:
    """Leave this process the paths of the policy, and nothing else of the file system.

    Shape:   policy holds `abi`, `scopes_signals` and a list of paths for each name of `RIGHTS`; a path
             that is not there is left out.
    Errors:  OSError when Landlock is not there.
    """
    abi = int(policy["abi"])
    handled = (1 << _RIGHTS_OF_ABI.get(min(abi, 5), 13)) - 1
    scope = _SCOPE_SIGNALS if abi >= 6 and policy["scopes_signals"] else 0
    attributes = struct.pack("=QQQ", handled, 0, scope)[: 8 if abi < 4 else 16 if abi < 6 else 24]
    ruleset = syscall(
        _CREATE_RULESET, ctypes.create_string_buffer(attributes, len(attributes)), len(attributes), 0
    )
    try:
        for name, rights in RIGHTS.items():
            for path in policy[name]:
                with contextlib.suppress(FileNotFoundError):
                    _allow(ruleset, path, rights & handled)
        prctl(_PR_SET_NO_NEW_PRIVS, 1)
        syscall(_RESTRICT_SELF, ruleset, 0)
    finally:
        os.close(ruleset)


def _allow(ruleset: int, path: str, rights: int) -> None:
    place = os.open(path, os.O_PATH | os.O_CLOEXEC)
    try:
        if not stat.S_ISDIR(os.fstat(place).st_mode):
            rights &= _OF_FILES
        rule = struct.pack("=Qi", rights, place)
        syscall(_ADD_RULE, ruleset, _RULE_PATH_BENEATH, ctypes.create_string_buffer(rule, len(rule)), 0)
    finally:
        os.close(place)
