"""What attackers aim at, real on this machine: a home, sessions, a corpus, listeners, another process.

`damage` tells what was done to them, as seen from outside: a cell that only claims nothing is no proof.
"""

from __future__ import annotations

import contextlib
import ctypes
import hashlib
import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from rlm_cli.corpus.opened import HostCorpus, open_corpus
from rlm_cli.corpus.options import ReadOptions
from rlm_cli.kernel.sandbox import visible
from tests.hostile.attack import PRELUDE, SUCCEEDED

_NEIGHBOUR = """
import ctypes, sys, time
kept = ctypes.create_string_buffer(b"a secret in memory")
print(ctypes.addressof(kept), flush=True)
time.sleep(10000)
"""
WORDS = "The Supplier's liability is capped."


@dataclass
class Aims:
    """Everything below one folder, and what listens. Make it with `made`."""

    folder: Path
    corpus: HostCorpus
    memory_bytes: int
    disk_bytes: int
    mark: str = field(default_factory=lambda: "rlm-" + secrets.token_hex(8))
    secret: str = field(default_factory=lambda: "sk-" + secrets.token_hex(16))

    def __post_init__(self) -> None:
        for name in ("home", "sessions/a", "config"):
            (self.folder / name).mkdir(parents=True)
        self.secret_file.write_text(f"{self.mark} {self.secret}")
        with contextlib.suppress(OSError):
            os.setxattr(self.secret_file, "user.kept", b"mark")
        (self.folder / "sessions/a/session.jsonl").write_text("{}\n")
        (self.folder / "config/config.toml").write_text("# mine\n")
        self._listen()
        self._befriend()
        self._share()
        for number, root in enumerate(self._roots()):
            shutil.copytree(root, self.folder / "kept" / str(number))
        self._before = self._state()

    @property
    def home(self) -> Path:
        """The home directory of the victim."""
        return self.folder / "home"

    @property
    def secret_file(self) -> Path:
        """A file of the home."""
        return self.home / "secret.txt"

    @property
    def hidden(self) -> tuple[str, ...]:
        """The folders of which a kernel must see nothing."""
        return tuple(str(self.folder / name) for name in ("home", "sessions", "config"))

    def prelude(self) -> str:
        """The first cell of a kernel."""
        store = Path(self.corpus.mount.store)
        aims: dict[str, Any] = {
            "mark": self.mark,
            "secret": self.secret,
            "secret_file": str(self.secret_file),
            "home": str(self.home),
            "sessions": str(self.folder / "sessions"),
            "session": str(self.folder / "sessions/a/session.jsonl"),
            "config": str(self.folder / "config"),
            "store": str(store),
            "stored": str(_largest(store)),
            "document": str(self.folder / "documents/contract.md"),
            "words": WORDS,
            "package": str(visible.package()),
            "program": os.getpid(),
            "neighbour": self.neighbour.pid,
            "argument": f"--{self.mark}",
            "address": self._address,
            "tcp": self._tcp.getsockname()[1],
            "udp": self._udp.getsockname()[1],
            "path_socket": str(self.folder / "s"),
            "datagram": str(self.folder / "d"),
            "abstract": self.mark,
            "segment": self._segment,
            "memory": self.memory_bytes,
            "disk": self.disk_bytes,
        }
        return PRELUDE.format(aims=json.dumps(aims), succeeded=SUCCEEDED)

    def damage(self) -> list[str]:
        """What has changed or arrived since the last look; what was changed is put back or forgotten."""
        found = [f"something was sent: {name}" for name, at in self._listeners() if _has_come(at)]
        if self.neighbour.poll() is not None:
            found.append("the neighbour was ended")
            self._befriend()
        after = self._state()
        names = sorted(set(after) | set(self._before))
        changed = [name for name in names if after.get(name) != self._before.get(name)]
        if changed:
            self._repair()
            self._before = self._state()
        return found + [f"changed: {name}" for name in changed]

    def daemons(self) -> list[int]:
        """Processes that carry the mark, the neighbour not counted."""
        found = []
        for process in psutil.process_iter(["cmdline"]):
            line = " ".join(process.info["cmdline"] or [])
            if self.mark in line and process.pid not in (self.neighbour.pid, os.getpid()):
                found.append(process.pid)
        return found

    def close(self) -> None:
        """End what was started."""
        self.neighbour.kill()
        self.neighbour.wait()
        if self._segment_id >= 0:
            ctypes.CDLL(None).shmctl(self._segment_id, 0, None)
        for _, listener in self._listeners():
            listener.close()

    def _listen(self) -> None:
        self._tcp = socket.create_server(("127.0.0.1", 0))
        self._udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._udp.bind(("127.0.0.1", 0))
        self._path = socket.socket(socket.AF_UNIX)
        self._path.bind(str(self.folder / "s"))
        self._abstract = socket.socket(socket.AF_UNIX)
        self._datagrams = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._datagrams.bind(str(self.folder / "d"))
        if sys.platform == "linux":
            self._abstract.bind(f"\0{self.mark}")
            self._abstract.listen()
        self._path.listen()
        for _, listener in self._listeners():
            listener.setblocking(False)

    def _share(self) -> None:
        """Shared memory of the machine, as a database has it."""
        self._segment = secrets.randbits(30)
        create = 0o1600
        self._segment_id = ctypes.CDLL(None).shmget(self._segment, ctypes.c_size_t(64), create)

    def _listeners(self) -> list[tuple[str, socket.socket]]:
        names = ("tcp", "udp", "path", "abstract", "datagrams")
        return [(name, getattr(self, f"_{name}")) for name in names]

    def _befriend(self) -> None:
        """Another process of the same user, with secrets in environment, memory and arguments."""
        self.neighbour = subprocess.Popen(
            [sys.executable, "-c", _NEIGHBOUR, f"--{self.mark}"],
            env={"OPENAI_API_KEY": self.secret},
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.neighbour.stdout is not None
        self._address = int(self.neighbour.stdout.readline())

    def _roots(self) -> list[Path]:
        names = ("home", "sessions", "config", "documents")
        return [*(self.folder / name for name in names), Path(self.corpus.mount.store)]

    def _repair(self) -> None:
        """Put everything back as it was."""
        for number, root in enumerate(self._roots()):
            shutil.rmtree(root)
            shutil.copytree(self.folder / "kept" / str(number), root)

    def _state(self) -> dict[str, object]:
        """Everything that an attack may alter."""
        state: dict[str, object] = {}
        for root in self._roots():
            state |= {str(path): _facts(path) for path in [root, *sorted(root.rglob("*"))]}
        for path in (Path("/tmp", self.mark), Path("/dev/shm", self.mark), _plants()[0], _plants()[1]):
            state[str(path)] = path.exists()
            path.unlink(missing_ok=True)
        other = psutil.Process(self.neighbour.pid)
        state["neighbour"] = (other.nice(), tuple(other.cpu_affinity()), other.rlimit(psutil.RLIMIT_CPU))
        return state


def made(folder: Path, memory_bytes: int, disk_bytes: int) -> Aims:
    """Aims below an empty folder whose path is short enough for a socket."""
    documents = folder / "documents"
    documents.mkdir()
    (documents / "contract.md").write_text(WORDS + "\n" * 2)
    for number in range(5):
        (documents / f"{number}.txt").write_text(f"Document {number}. " * 400)
    corpus = open_corpus([str(documents)], ReadOptions(), cache_dir=folder / "cache")
    return Aims(folder, corpus, memory_bytes, disk_bytes)


def _largest(store: Path) -> Path:
    return max((path for path in store.rglob("*") if path.is_file()), key=lambda path: path.stat().st_size)


def _plants() -> tuple[Path, Path]:
    return visible.package() / "base/planted.py", Path(json.__file__).parent / "planted.py"


def _facts(path: Path) -> object:
    found = path.lstat()
    if path.is_dir():
        return (found.st_mode, found.st_uid)
    content = hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""
    return (found.st_mode, found.st_uid, found.st_mtime_ns, content, tuple(os.listxattr(path)), _flags(path))


def _flags(path: Path) -> bytes:
    import fcntl

    with contextlib.suppress(OSError), path.open("rb") as file:
        return fcntl.ioctl(file, 0x80086601, bytes(8))
    return b""


def _has_come(listener: socket.socket) -> bool:
    try:
        if listener.type == socket.SOCK_DGRAM:
            return bool(listener.recvfrom(100))
        listener.accept()[0].close()
        return True
    except OSError:
        return False
