"""System calls by number, and prctl, through the C library. Linux only; knows no policy."""

from __future__ import annotations

import ctypes
import functools
import os
from typing import Any


@functools.cache
def _library() -> Any:
    return ctypes.CDLL(None, use_errno=True)


def syscall(number: int, *arguments: Any) -> int:
    """The result of a system call.

    Errors:  OSError with its errno.
    """
    words = [each if isinstance(each, (bytes, ctypes.Array)) else ctypes.c_long(each) for each in arguments]
    return _result(_library().syscall(ctypes.c_long(number), *words))


def prctl(option: int, *arguments: int) -> int:
    """The result of prctl; what is not given is 0.

    Errors:  OSError with its errno.
    """
    words = [ctypes.c_ulong(each) for each in (*arguments, 0, 0, 0, 0)[:4]]
    return _result(_library().prctl(ctypes.c_int(option), *words))


def _result(value: int) -> int:
    if value < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return value
