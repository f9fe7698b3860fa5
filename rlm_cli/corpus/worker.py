"""The process that parses foreign formats: no names, no network, little memory; it may die at any time.

It gets some documents at once: their descriptors, and an empty spool to write the texts into, one behind the
other. It answers with the parts of all. The parent (pool.py) trusts nothing of it but that: texts are
validated again as they are stored.
"""

from __future__ import annotations

import importlib
import io
import os
import resource
import signal
import socket
import struct
import sys
from collections.abc import Sequence

import msgspec

from rlm_cli.corpus.extract import STREAMED, Allowance, Extracted, TextOut, extract
from rlm_cli.corpus.opening import Window, WindowFile

SIZE = struct.Struct("<I")
MOST_AT_ONCE = 16
"""So many documents at most are parsed for one message: what a small page costs is mostly the way to it."""
_CONFINING = "rlm_cli.inkernel.confining"
"""What confines a kernel confines this process too; it is named, because nothing may import it."""
_LANDLOCK_CREATE_RULESET, _LANDLOCK_VERSION = 444, 1
_SYSTEM = ("/usr", "/lib", "/lib64", "/etc/ld.so.cache", "/etc/localtime")
_DEVICES = ("/dev/null", "/dev/zero", "/dev/urandom")


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """One document to parse: by which reader, a hint for it, where its bytes are in the file.

    Shape:   allowance bounds what may come out of a file that has members.
    """

    reader: str
    size_bytes: int
    hint: str = ""
    start_byte: int = 0
    allowance: Allowance = Allowance()


def main(channel: int, memory_bytes: int, text_bytes: int, readable: Sequence[str]) -> None:
    """Serve documents until the parent closes the channel.

    Shape:   readable are the folders in which Python and its packages are.
    """
    _limit(memory_bytes, text_bytes)
    confine(readable)
    connection = socket.socket(fileno=channel)
    while True:
        raw, handles, _, _ = socket.recv_fds(connection, 1 << 16, MOST_AT_ONCE + 1)
        if not raw:
            return
        spool, *sources = handles
        jobs = msgspec.json.decode(raw[SIZE.size :], type=list[Job])
        try:
            answers = [_serve(job, source, spool) for job, source in zip(jobs, sources, strict=True)]
        finally:
            for handle in handles:
                os.close(handle)
        reply = msgspec.json.encode(answers)
        connection.sendall(SIZE.pack(len(reply)) + reply)


def _serve(job: Job, source: int, spool: int) -> Extracted:
    try:
        start = os.lseek(spool, 0, os.SEEK_END)
        out = TextOut(spool, job.allowance, start)
        window = WindowFile(source, job.start_byte, job.size_bytes)
        if job.reader in STREAMED:
            return extract(job.reader, io.BufferedReader(window, 1 << 18), out, job.hint)
        return extract(job.reader, _whole(source, job), out, job.hint)
    except MemoryError:
        return Extracted(why="needs more memory than a document may use")
    except RecursionError:
        return Extracted(why="nested too deeply")
    except OSError as error:
        return Extracted(why=f"its text cannot be written: {error.strerror}")
    except Exception as error:  # noqa: BLE001 - a parser's own fault on a hostile file costs that file alone
        return Extracted(why=f"the parser failed: {type(error).__name__}: {str(error)[:160]}")


def _whole(source: int, job: Job) -> bytes:
    window = Window(source, job.start_byte, job.size_bytes)
    pieces, at = [], 0
    while piece := window.read(1 << 24, at):
        pieces.append(piece)
        at += len(piece)
    return b"".join(pieces)


def _limit(memory_bytes: int, text_bytes: int) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # A spool that grows past its limit is an error to report, not a signal to die of.
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    _die_with_parent()
    for name, limit in (
        ("RLIMIT_DATA", memory_bytes),
        ("RLIMIT_AS", memory_bytes * 2),
        ("RLIMIT_FSIZE", text_bytes),
        ("RLIMIT_CORE", 0),
        ("RLIMIT_NOFILE", 64),
    ):
        _, hard = resource.getrlimit(getattr(resource, name))
        allowed = limit if hard == resource.RLIM_INFINITY else min(limit, hard)
        try:
            resource.setrlimit(getattr(resource, name), (allowed, allowed))
        except (OSError, ValueError):
            continue


def confine(readable: Sequence[str]) -> list[str]:
    """Leave this process no network and no files but Python's own, read-only; what could be put on.

    What it works on are open descriptors, which need no right. Where the system has neither Landlock nor
    seccomp (not Linux, or an old one) the limits of memory, time and file size remain.
    """
    if not sys.platform.startswith("linux"):
        return []
    rules = importlib.import_module(f"{_CONFINING}.rules")
    seccomp, landlock, system = (
        importlib.import_module(f"{_CONFINING}.{name}") for name in ("seccomp", "landlock", "system")
    )
    put_on = []
    try:
        abi = system.syscall(_LANDLOCK_CREATE_RULESET, 0, 0, _LANDLOCK_VERSION)
        rights = {"read": [*readable, *_SYSTEM], "write": [], "sockets": [], "devices": list(_DEVICES)}
        landlock.restrict({"abi": abi, "scopes_signals": True, **rights})
        put_on.append("landlock")
    except OSError:
        pass
    try:
        seccomp.restrict([*rules.REFUSED, *seccomp.SPECIAL])
        put_on.append("seccomp")
    except (OSError, ValueError):
        pass
    return put_on


def _die_with_parent() -> None:
    if not sys.platform.startswith("linux"):
        return
    import ctypes

    parent_death_signal = 1
    ctypes.CDLL(None).prctl(parent_death_signal, signal.SIGKILL, 0, 0, 0)
