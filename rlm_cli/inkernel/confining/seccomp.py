"""The system call filter: a list of refusals by name (see `rules`), as a program for Linux's seccomp.

`socket()` is answered EOPNOTSUPP: libzmq aborts the process at EPERM and EAFNOSUPPORT. Calls of another
machine's convention end the process, for their numbers mean other things.

Source:  Documentation/userspace-api/seccomp_filter.rst of Linux; linux/filter.h for the opcodes.
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import socket
import struct
import termios
from collections.abc import Iterable, Sequence

from rlm_cli.inkernel.confining.rules import OTHERS, REFUSED
from rlm_cli.inkernel.confining.syscalls import LAST, number
from rlm_cli.inkernel.confining.system import prctl

_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, _PR_SET_NO_NEW_PRIVS = 22, 2, 38
_LOAD, _AND, _RETURN = 0x20, 0x54, 0x06
_EQUAL, _AT_LEAST, _ANY_BIT = 0x15, 0x35, 0x45
_ALLOW, _KILL_PROCESS, _ERRNO = 0x7FFF0000, 0x80000000, 0x00050000
_NUMBER, _MACHINE, _ARGUMENTS = 0, 4, 16
_AUDIT_MACHINES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
_X32 = 0x40000000
_CLONE_NAMESPACES = 0x7E020000
_TYPE_MASK = 0xF
_TIOCLINUX, _FS_IOC_SETFLAGS, _FS_IOC_FSSETXATTR = 0x541C, 0x40086602, 0x401C5820
_IOCTLS = (termios.TIOCSTI, _TIOCLINUX, _FS_IOC_SETFLAGS, _FS_IOC_FSSETXATTR)

Step = tuple[int, int, int, int]
"""One instruction: code, steps to skip when true, when false, operand."""


def restrict(rules: Sequence[str]) -> None:
    """Put the filter on this process and all of its children, for good.

    Errors:  OSError where seccomp is missing; ValueError for a machine without a table.
    """
    steps = program(rules, platform.machine())
    packed = ctypes.create_string_buffer(b"".join(struct.pack("=HBBI", *each) for each in steps))
    description = ctypes.create_string_buffer(struct.pack("@HP", len(steps), ctypes.addressof(packed)))
    prctl(_PR_SET_NO_NEW_PRIVS, 1)
    prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, ctypes.addressof(description))


def program(rules: Iterable[str], machine: str) -> list[Step]:
    """The filter as instructions.

    Errors:  ValueError for a machine without a table.
    """
    if machine not in _AUDIT_MACHINES:
        raise ValueError(f"no table of system calls for {machine}")
    steps = [(_LOAD, 0, 0, _MACHINE), (_EQUAL, 1, 0, _AUDIT_MACHINES[machine]), _answer(_KILL_PROCESS)]
    steps += [(_LOAD, 0, 0, _NUMBER)]
    if machine == "x86_64":
        steps += [(_AT_LEAST, 0, 1, _X32), _answer(_KILL_PROCESS)]
    chosen = set(rules)
    if "later" in chosen:
        steps += [(_AT_LEAST, 0, 1, LAST), _refusal(errno.ENOSYS)]
    for name, (error, calls) in REFUSED.items():
        if name in chosen:
            for call in calls:
                steps += _when(call, machine, [_refusal(error)])
    for name, blocks in SPECIAL.items():
        if name in chosen:
            for call, block in blocks:
                steps += _when(call, machine, block)
    return [*steps, _answer(_ALLOW)]


def _when(call: str, machine: str, block: list[Step]) -> list[Step]:
    """Steps that are gone through for one call, and end with an answer; none where it does not exist."""
    own = number(call, machine)
    return [] if own is None else [(_EQUAL, 0, len(block), own), *block]


def _answer(value: int) -> Step:
    return (_RETURN, 0, 0, value)


def _refusal(error: int) -> Step:
    return _answer(_ERRNO | error)


def _argument(place: int) -> Step:
    """Load the lower half of an argument; both machines keep it first."""
    return (_LOAD, 0, 0, _ARGUMENTS + 8 * place)


_UNIX_STREAMS_ONLY: list[Step] = [
    _argument(0),
    (_EQUAL, 0, 4, int(socket.AF_UNIX)),
    _argument(1),
    (_AND, 0, 0, _TYPE_MASK),
    (_EQUAL, 0, 1, int(socket.SOCK_STREAM)),
    _answer(_ALLOW),
    _refusal(errno.EOPNOTSUPP),
]
_NO_NEW_NAMESPACE: list[Step] = [
    _argument(0),
    (_ANY_BIT, 0, 1, _CLONE_NAMESPACES),
    _refusal(errno.EPERM),
    _answer(_ALLOW),
]
_NO_TERMINAL: list[Step] = [
    _argument(1),
    *(step for code in _IOCTLS for step in ((_EQUAL, 0, 1, code), _refusal(errno.EPERM))),
    _answer(_ALLOW),
]


def _no_truncation(flags: int) -> list[Step]:
    """Opening to truncate without opening to write, which Landlock did not see before ABI 3."""
    return [
        _argument(flags),
        (_ANY_BIT, 0, 3, os.O_TRUNC),
        (_ANY_BIT, 1, 0, os.O_WRONLY | os.O_RDWR),
        _refusal(errno.EACCES),
        _answer(_ALLOW),
        _answer(_ALLOW),
    ]


def _only_itself(place: int, error: int) -> list[Step]:
    return [_argument(place), (_EQUAL, 0, 1, 0), _answer(_ALLOW), _refusal(error)]


SPECIAL: dict[str, list[tuple[str, list[Step]]]] = {
    "sockets": [("socket", _UNIX_STREAMS_ONLY), ("socketpair", _UNIX_STREAMS_ONLY)],
    "namespaces": [("clone", _NO_NEW_NAMESPACE), ("clone3", [_refusal(errno.ENOSYS)])],
    "terminals": [("ioctl", _NO_TERMINAL)],
    "truncation": [
        ("open", _no_truncation(1)),
        ("openat", _no_truncation(2)),
        ("openat2", [_refusal(errno.ENOSYS)]),
    ],
    "others": [(call, _only_itself(*how)) for call, how in OTHERS.items()],
}
