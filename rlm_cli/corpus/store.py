"""The store of one corpus: a private folder of segments and generations, safe for several processes.

One writer at a time (flock on `lock`). A reader holds a shared flock on its generation; a generation that is
held, and the segments that it names, are never removed. The newest whole generation is the one to serve.

    <cache>/corpora/<key>/   lock · segment-000001.txt … · generation-00000001 … · partial
"""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from rlm_cli.base.errors import CorpusError
from rlm_cli.corpus.generation import Damaged, Generation
from rlm_cli.corpus.segments import segment_name

_GENERATION = re.compile(r"generation-(\d{8})")
PARTIAL = "partial"
"""What a run that did not finish has read so far; never served."""


@dataclass(slots=True)
class Snapshot:
    """A generation that is held open: while this object lives, its files stay."""

    generation: Generation
    name: str
    handle: int

    def __del__(self) -> None:
        os.close(self.handle)


class Store:
    """One corpus's folder in the cache."""

    def __init__(self, cache_dir: Path, key: str) -> None:
        """Make the folder, readable by the user alone.

        Errors:  CorpusError when the cache cannot be written.
        """
        self.folder = cache_dir / "corpora" / key
        try:
            cache_dir.mkdir(parents=True, exist_ok=True)
            self.folder.parent.mkdir(mode=0o700, exist_ok=True)
            self.folder.mkdir(mode=0o700, exist_ok=True)
            os.utime(self.folder)
        except OSError as error:
            raise cannot_write(error, cache_dir) from error

    @classmethod
    def existing(cls, folder: Path) -> Store:
        """The store in a folder, as it is: nothing is made, and its time of use stays."""
        store = cls.__new__(cls)
        store.folder = folder
        return store

    def latest(self) -> Snapshot | None:
        """The newest whole generation, held; None when there is none."""
        while True:
            names = self._names()
            for name in reversed(names):
                snapshot = self._hold(name)
                if snapshot is not None:
                    return snapshot
            if names == self._names():
                return None

    def partial(self) -> Snapshot | None:
        """What an interrupted run has left, held; None when there is nothing."""
        return self._hold(PARTIAL)

    def next_name(self) -> str:
        """The name of the next generation."""
        names = self._names()
        return f"generation-{int(names[-1][-8:]) + 1 if names else 1:08}"

    @contextmanager
    def writing(self, waiting: Callable[[], None]) -> Iterator[None]:
        """Be the only writer; `waiting` is called again and again while another process is it."""
        handle = os.open(self.folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            while True:
                try:
                    fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError:
                    waiting()
                    time.sleep(0.05)
            yield
        finally:
            os.close(handle)

    def committed(self) -> dict[int, int]:
        """Bytes of each segment that some generation refers to. For the writer."""
        sizes: dict[int, int] = {}
        for name in (*self._names(), PARTIAL):
            snapshot = self._hold(name)
            for number, size in snapshot.generation.facts["segments"].items() if snapshot else ():
                sizes[int(number)] = max(sizes.get(int(number), 0), size)
        return sizes

    def collect(self) -> None:
        """Remove what nobody needs any more: old generations, segments or their ends, what a death left."""
        self.forget_old()
        (self.folder / PARTIAL).unlink(missing_ok=True)
        needed = {segment_name(number): size for number, size in self.committed().items()}
        for path in self.folder.iterdir():
            if path.name in needed:
                os.truncate(path, needed[path.name])
            elif path.name.startswith((".", "segment-")):
                path.unlink(missing_ok=True)

    def forget_old(self) -> None:
        """Remove generations that nobody holds, but for the newest. For the writer."""
        for name in self._names()[:-1]:
            self._remove_unheld(self.folder / name)

    def is_intact(self, generation: Generation) -> bool:
        """Whether the segments are as long as the generation says."""
        for number, size in generation.facts["segments"].items():
            try:
                if (self.folder / segment_name(int(number))).stat().st_size < size:
                    return False
            except OSError:
                return False
        return True

    def _names(self) -> list[str]:
        return sorted(path.name for path in self.folder.iterdir() if _GENERATION.fullmatch(path.name))

    def _hold(self, name: str) -> Snapshot | None:
        try:
            handle = os.open(self.folder / name, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
        except OSError:
            return None
        try:
            fcntl.flock(handle, fcntl.LOCK_SH)
            if os.fstat(handle).st_nlink == 0:
                raise Damaged("removed meanwhile")
            generation = Generation(handle)
            if not self.is_intact(generation):
                raise Damaged("its segments are not whole")
        except (Damaged, OSError):
            os.close(handle)
            return None
        return Snapshot(generation, name, handle)

    def _remove_unheld(self, path: Path) -> None:
        try:
            handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        except OSError:
            return
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            path.unlink(missing_ok=True)
        except BlockingIOError:
            return
        finally:
            os.close(handle)


def evict(cache_dir: Path, limit_bytes: int, keep: Path) -> None:
    """Remove the stores that were used longest ago until all of them fit; one in use is left alone."""
    root = cache_dir / "corpora"
    stores = sorted(((_used(p), p) for p in root.iterdir() if p.is_dir()), reverse=True)
    total = 0
    for _, folder in stores:
        total += size_of(folder)
        if total > limit_bytes and folder != keep and not is_held(folder):
            shutil.rmtree(folder, ignore_errors=True)


def size_of(folder: Path) -> int:
    """Bytes of all files below a folder; what vanishes meanwhile has none."""
    size_bytes = 0
    for path in folder.rglob("*"):
        try:
            size_bytes += path.lstat().st_size if not path.is_dir() else 0
        except FileNotFoundError:
            continue
    return size_bytes


def _used(folder: Path) -> float:
    return folder.stat().st_mtime


def is_held(folder: Path) -> bool:
    """Whether a process reads or writes the store."""
    for path in folder.iterdir():
        if path.name == "lock" or _GENERATION.fullmatch(path.name):
            handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return True
            finally:
                os.close(handle)
    return False


def cannot_write(error: OSError, place: Path) -> CorpusError:
    """The error of a cache that cannot be written."""
    remedy = "Free some space, or point XDG_CACHE_HOME at a folder with room"
    return CorpusError(
        f"cannot write the corpus store in {place}", (error.strerror or str(error)).lower(), remedy
    )
