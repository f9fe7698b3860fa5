"""Capabilities are given up, and cannot come back: what makes a root user's kernel an ordinary one."""

from __future__ import annotations

import ctypes
import platform
import struct

from rlm_cli.inkernel.confining.system import prctl, syscall

_PR_CAPBSET_DROP = 24
_PR_SET_NO_NEW_PRIVS = 38
_PR_CAP_AMBIENT = 47
_PR_CAP_AMBIENT_CLEAR_ALL = 4
_CAPABILITIES = 64
_CAPABILITY_VERSION = 0x20080522
_CAPSET = {"x86_64": 126, "aarch64": 91}


def drop() -> None:
    """Give up every capability, and all that programs with a set-user-id bit would bring.

    Errors:  OSError on a system that does not know no_new_privs.
    """
    prctl(_PR_SET_NO_NEW_PRIVS, 1)
    for capability in range(_CAPABILITIES):
        try:
            prctl(_PR_CAPBSET_DROP, capability)
        except OSError:
            break  # the last capability that this system knows was the one before, or there is none to drop
    prctl(_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_CLEAR_ALL)
    number = _CAPSET.get(platform.machine())
    if number is not None:
        header = ctypes.create_string_buffer(struct.pack("=Ii", _CAPABILITY_VERSION, 0))
        syscall(number, header, ctypes.create_string_buffer(24))
