"""What a hostile cell is: code that says SUCCEEDED when it got what it wanted, and how it may end."""

from __future__ import annotations

from dataclasses import dataclass

SUCCEEDED = "SUCCEEDED"

PRELUDE = """
import contextlib, ctypes, errno, json, os, resource, signal, socket, subprocess, sys, threading, time
import platform
from pathlib import Path

T = json.loads({aims!r})
libc = ctypes.CDLL(None, use_errno=True)
COLUMN = 0 if platform.machine() == "x86_64" else 1

def won(what):
    print({succeeded!r} + ":", what, flush=True)

@contextlib.contextmanager
def refused():
    try:
        yield
    except (OSError, MemoryError, ValueError) as error:
        print("refused:", error)

def syscall(numbers, *words):
    number = numbers[COLUMN] if isinstance(numbers, tuple) else numbers
    words = [w if isinstance(w, (bytes, ctypes.Array)) or w is None else ctypes.c_long(w) for w in words]
    result = libc.syscall(ctypes.c_long(number), *words)
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return result
"""
"""The first cell of every kernel: what the aims are called, and what attacks share."""


@dataclass(frozen=True)
class Attack:
    """One hostile cell.

    Shape:   ends says that the kernel may be ended by it; is_plain that nothing of it needs a machine of
             which the numbers of system calls are known.
    Units:   seconds of computing after which it is stopped.
    """

    name: str
    code: str
    ends: bool = False
    machine: str = ""
    seconds: float = 15.0
