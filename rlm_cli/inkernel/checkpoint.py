"""The checkpoint: what cells have made, kept in a file after each cell, for the kernel that may follow.

Written and read inside the kernel alone: a pickle is code, and the program outside never loads one. Each
value stands for itself, within bounds of bytes and seconds; what cannot be kept is left out by name.

    <scratch>/checkpoint   a pickle for each value, one after the other, then the index as JSON, then the
                           length of the index in 8 bytes; it replaces the one before when it is whole
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import pickle
import re
import signal
import struct
import threading
import types
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from rlm_cli.inkernel.definitions import Definition, Definitions

BYTES = 128 * 1024 * 1024
VALUE_BYTES = 64 * 1024 * 1024
SECONDS = 1.0
RESTORE_SECONDS = 8.0
_LENGTH = struct.Struct(">Q")
_OF_THE_SHELL = re.compile(r"_+|_i+|_i?\d+|_exit_code")
_KEPT_OUTSIDE = frozenset({"answer", "memory", "history"})


class _OutOfBounds(BaseException):
    """The bound of bytes or of seconds was reached; no code of a value may catch it by accident."""


class Checkpoint:
    """The checkpoint of one kernel.

    Shape:   `namespace` holds the names of cells and `built_in` those of them that are ours; `library` is
             what all documents hang on, None without a corpus.
    """

    def __init__(self, folder: Path, definitions: Definitions) -> None:
        self.namespace: dict[str, Any] = {}
        self.built_in: dict[str, Any] = {}
        self.library: Any = None
        self._path = folder / "checkpoint"
        self._definitions = definitions
        self._last_bytes: dict[str, int] = {}

    def write(self, cell: int) -> None:
        """Keep everything as it is after a cell; without room for it the older checkpoint stays."""
        fresh = self._path.with_suffix(".new")
        try:
            with fresh.open("wb") as file, _Clock(SECONDS) as clock:
                index = self._written(file, clock)
                raw = json.dumps({"cell": cell, **index}).encode("utf-8", "replace")
                file.write(raw + _LENGTH.pack(len(raw)))
            fresh.replace(self._path)
        except OSError:
            with contextlib.suppress(OSError):
                fresh.unlink(missing_ok=True)

    def restore(self) -> tuple[int, list[str]]:
        """Bring back what is kept; after which cell it was so, and the names; 0 when nothing is kept."""
        names: list[str] = []
        try:
            with self._path.open("rb") as file:
                index = _index(file)
                with _Clock(RESTORE_SECONDS) as clock:
                    self._bring_back(file, index, names, clock)
                return int(index["cell"]), names
        except (OSError, ValueError, KeyError, TypeError):
            return 0, []

    def _written(self, file: IO[bytes], clock: _Clock) -> dict[str, Any]:
        saved, defined = self._definitions.live(self.namespace)
        entries: list[tuple[str, int, int]] = []
        same: dict[int, str] = {}
        aliases: dict[str, str] = {}
        if self.library is not None:
            self._add(file, entries, clock, "", self.library.ledger.state())
        for name, value in self._ordered(defined):
            if id(value) in same and not isinstance(value, (int, float, str, bytes, type(None))):
                aliases[name] = same[id(value)]
            elif clock.is_up:
                break
            elif self._add(file, entries, clock, name, value):
                same[id(value)] = name
        return {"definitions": saved, "entries": entries, "aliases": aliases}

    def _ordered(self, defined: set[str]) -> Iterator[tuple[str, Any]]:
        """What is to be kept, the small first, so that one that is too large costs no other its place."""
        rows = [
            (name, value)
            for name, value in list(self.namespace.items())
            if not (name in self.built_in and self.built_in[name] is value)
            and not (name in defined and isinstance(value, (types.FunctionType, type, types.ModuleType)))
            and not (isinstance(value, types.ModuleType) or _OF_THE_SHELL.fullmatch(name))
            and name not in _KEPT_OUTSIDE
        ]
        return iter(sorted(rows, key=lambda row: self._last_bytes.get(row[0], 0)))

    def _add(
        self, file: IO[bytes], entries: list[tuple[str, int, int]], clock: _Clock, name: str, value: Any
    ) -> bool:
        start = file.tell()
        bounded = _Bounded(file, min(VALUE_BYTES, BYTES - start))
        try:
            with clock.running():
                _Pickler(bounded, self.library).dump(value)
        except BaseException:  # noqa: BLE001 - the code of the value is the cell's own; it is left out
            self._last_bytes[name] = VALUE_BYTES
            file.seek(start)
            file.truncate()
            return False
        entries.append((name, start, bounded.written))
        self._last_bytes[name] = bounded.written
        return True

    def _bring_back(self, file: IO[bytes], index: Any, names: list[str], clock: _Clock) -> None:
        """Definitions and values in turn, as long as one makes another possible."""
        definitions = self._definitions.again([(c, code, list(at)) for c, code, at in index["definitions"]])
        entries = [(str(name), int(start), int(length)) for name, start, length in index["entries"]]
        before = -1
        while len(definitions) + len(entries) != before and not clock.is_up:
            before = len(definitions) + len(entries)
            definitions = [each for each in definitions if not self._defined(each, names, clock)]
            entries = [each for each in entries if not self._loaded(file, each, names, clock)]
        for name, first in index["aliases"].items():
            if first in names:
                self.namespace[name] = self.namespace[first]
                names.append(name)

    def _defined(self, definition: Definition, names: list[str], clock: _Clock) -> bool:
        try:
            with clock.running():
                definition.run(self.namespace)
        except BaseException:  # noqa: BLE001 - it may need a value that comes later; else it is lost
            return False
        names.extend(name for name in definition.names if not name.startswith("*"))
        return True

    def _loaded(self, file: IO[bytes], entry: tuple[str, int, int], names: list[str], clock: _Clock) -> bool:
        name, start, length = entry
        file.seek(start)
        try:
            with clock.running():
                value = _Unpickler(io.BytesIO(file.read(length)), self.library).load()
            if name:
                self.namespace[name] = value
            else:
                self.library.ledger.take_up(value)
        except BaseException:  # noqa: BLE001 - it may need a definition that comes later; else it is lost
            return False
        names.extend([name] if name else [])
        return True


class _Bounded:
    """A file that takes so many bytes; every write is a chance for the clock to interrupt the pickler."""

    def __init__(self, file: IO[bytes], room: int) -> None:
        self.written = 0
        self._file = file
        self._room = room

    def write(self, data: Any) -> int:
        size = memoryview(data).nbytes
        if self.written + size > self._room:
            raise _OutOfBounds
        self._file.write(data)
        self.written += size
        return size


class _Pickler(pickle.Pickler):
    """Documents stand for themselves by number: what they hang on is not copied."""

    def __init__(self, file: Any, library: Any) -> None:
        super().__init__(file, protocol=5)
        self._library = library

    def reducer_override(self, value: Any) -> Any:
        if value is self._library and value is not None:
            return _library_here, ()
        if type(value).__name__ == "Mark" and type(value).__module__.startswith("rlm_cli.inkernel."):
            return str, (str.__str__(value),)
        return NotImplemented


class _Unpickler(pickle.Unpickler):
    """The library of this kernel stands for the one of the kernel before."""

    def __init__(self, file: Any, library: Any) -> None:
        super().__init__(file)
        self._library = library

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) == (__name__, _library_here.__name__):
            return lambda: self._library
        return super().find_class(module, name)


def _library_here() -> Any:
    raise pickle.UnpicklingError("only a checkpoint knows the library")


def _index(file: IO[bytes]) -> Any:
    size = file.seek(-_LENGTH.size, os.SEEK_END)
    (length,) = _LENGTH.unpack(file.read(_LENGTH.size))
    if length > size:
        raise ValueError("the index is longer than the file")
    file.seek(size - length)
    return json.loads(file.read(length))


class _Clock:
    """Bounds the time of foreign code, in the main thread; elsewhere the time is not bounded.

    Shape:   `is_up` says that the time is over. While `running` an exception is raised then, and again
             until it is obeyed.
    """

    def __init__(self, seconds: float) -> None:
        self.is_up = False
        self._seconds = seconds
        self._is_armed = False
        self._is_main = threading.current_thread() is threading.main_thread()
        self._before: tuple[Any, float, float] = (None, 0.0, 0.0)

    def __enter__(self) -> _Clock:
        if self._is_main:
            handler = signal.signal(signal.SIGALRM, self._rings)
            self._before = (handler, *signal.setitimer(signal.ITIMER_REAL, self._seconds, 0.1))
        return self

    def __exit__(self, *_: object) -> None:
        if self._is_main:
            handler, left, interval = self._before
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, handler or signal.SIG_DFL)
            if left:
                signal.setitimer(signal.ITIMER_REAL, left, interval)

    @contextlib.contextmanager
    def running(self) -> Iterator[None]:
        """Foreign code runs: it is stopped when the time is up.

        Errors:  _OutOfBounds.
        """
        if self.is_up:
            raise _OutOfBounds
        self._is_armed = True
        try:
            yield
        finally:
            self._is_armed = False

    def _rings(self, _number: int, _frame: Any) -> None:
        self.is_up = True
        if self._is_armed:
            raise _OutOfBounds
