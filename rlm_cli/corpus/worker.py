"""The process that parses foreign formats: no names, no secrets, little memory; it may die at any time.

It gets two descriptors a document, the file and an empty spool to write text into, and answers with the
parts. The parent (pool.py) trusts nothing of it but that: texts are validated again as they are stored.
"""

from __future__ import annotations

import io
import os
import resource
import signal
import socket
import struct
import sys

import msgspec

from rlm_cli.corpus.extract import STREAMED, Allowance, Extracted, TextOut, extract
from rlm_cli.corpus.opening import Window, WindowFile

SIZE = struct.Struct("<I")


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """One document to parse: by which reader, a hint for it, where its bytes are in the file.

    Shape:   allowance bounds what may come out of a file that has members.
    """

    reader: str
    size_bytes: int
    hint: str = ""
    start_byte: int = 0
    allowance: Allowance = Allowance()


def main(channel: int, memory_bytes: int, text_bytes: int) -> None:
    """Serve documents until the parent closes the channel."""
    _confine(memory_bytes, text_bytes)
    connection = socket.socket(fileno=channel)
    while True:
        raw, handles, _, _ = socket.recv_fds(connection, 1 << 16, 2)
        if not raw:
            return
        source, spool = handles
        try:
            answer = _serve(msgspec.json.decode(raw[SIZE.size :], type=Job), source, spool)
        finally:
            os.close(source)
            os.close(spool)
        reply = msgspec.json.encode(answer)
        connection.sendall(SIZE.pack(len(reply)) + reply)


def _serve(job: Job, source: int, spool: int) -> Extracted:
    try:
        out = TextOut(spool, job.allowance)
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


def _confine(memory_bytes: int, text_bytes: int) -> None:
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


def _die_with_parent() -> None:
    if not sys.platform.startswith("linux"):
        return
    import ctypes

    parent_death_signal = 1
    ctypes.CDLL(None).prctl(parent_death_signal, signal.SIGKILL, 0, 0, 0)
