"""Making the index of a store, as a program of its own: what the segments have more than it is added.

It is run by path, beside a run and at a low priority; it ends when its standard input does, and what it has
committed until then stays. One process at a time makes the index of a store; another one leaves at once.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import sys
import threading
from collections.abc import Callable, Iterator
from mmap import mmap
from pathlib import Path
from typing import Any

_COMMIT_BYTES = 1 << 28
_HEAP_BYTES = 1 << 27
_WORD_BYTES = 64
_OVERLAP_BYTES = 8
_NICE = 10
_SPACES = (b" ", b"\n")
_STALE = 0.5


def main() -> int:
    """Answer the request on the first line of standard input: `sys_path`, `store`, `generation`.

    Shape:   lines `{"done": bytes, "of": bytes}` tell how far it is. Exit code 3: it cannot be made here.
    """
    request = json.loads(sys.stdin.readline())
    sys.path.extend(entry for entry in request["sys_path"] if entry not in sys.path)
    threading.Thread(target=_end_with_input, daemon=True).start()
    os.nice(_NICE)
    try:
        import tantivy
    except ImportError:
        return 3

    def tell(done: int, of: int) -> None:
        sys.stdout.write(json.dumps({"done": done, "of": of}) + "\n")
        sys.stdout.flush()

    make_index(tantivy, Path(request["store"]), request["generation"], tell)
    return 0


def make_index(
    tantivy: Any, folder: Path, generation: str, tell: Callable[[int, int], None], commit_bytes: int = 0
) -> bool:
    """Bring the index of a store up to what a generation names; False when another process is at it.

    Errors:  OSError when the disk is full; what was committed stays.
    """
    from rlm_cli.inkernel.index_layout import LOCK

    handle = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    held = os.open(folder / generation, os.O_RDONLY | os.O_CLOEXEC)
    try:
        # While a generation is held, what it names is not removed.
        fcntl.flock(held, fcntl.LOCK_SH)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        _Making(tantivy, folder, generation, commit_bytes or _COMMIT_BYTES).run(tell)
        return True
    finally:
        os.close(held)
        os.close(handle)


class _Making:
    """One making of an index, under its lock."""

    def __init__(self, tantivy: Any, folder: Path, generation: str, commit_bytes: int) -> None:
        from rlm_cli.inkernel.index_layout import FOLDER, Covered, read_covered
        from rlm_cli.inkernel.store import Store

        self._tantivy = tantivy
        self._commit_bytes = commit_bytes
        self._index_folder = folder / FOLDER
        store = Store(str(folder), generation)
        self._sizes = {int(n): size for n, size in store.facts["segments"].items() if size}
        self._segments = {number: store.segment_numbered(number) for number in self._sizes}
        known = read_covered(str(self._index_folder))
        is_known = known is not None and known.is_of(self._segments) and not self._is_stale(known)
        self._known = known if is_known and known is not None else Covered({}, {}, 0)
        self._is_fresh = not is_known

    def run(self, tell: Callable[[int, int], None]) -> None:
        """Add what is missing."""
        missing = {n: (self._known.bytes_of.get(n, 0), size) for n, size in self._sizes.items()}
        of = sum(max(0, size - start) for start, size in missing.values())
        if not of:
            return
        if self._is_fresh:
            _remove(self._index_folder)
        writer = self._writer()
        covered, done, waiting = dict(self._known.bytes_of), 0, 0
        for number, (start, size) in sorted(missing.items()):
            while start < size:
                end = min(size, start + self._commit_bytes - waiting)
                self._add(writer, number, start, end)
                covered[number] = end
                done, waiting, start = done + end - start, waiting + end - start, end
                if waiting >= self._commit_bytes and done < of:
                    self._commit(writer, covered)
                    waiting = 0
                tell(done, of)
        self._commit(writer, covered)
        writer.wait_merging_threads()

    def _is_stale(self, known: Any) -> bool:
        """Whether much of an index is about segments that are gone."""
        gone = sum(size for number, size in known.bytes_of.items() if number not in self._segments)
        return bool(gone > _STALE * sum(self._sizes.values()))

    def _writer(self) -> Any:
        from rlm_cli.inkernel.index_layout import register, schema
        from rlm_cli.inkernel.scanning import cores

        self._index_folder.mkdir(mode=0o700, exist_ok=True)
        index = self._tantivy.Index(schema(self._tantivy), path=str(self._index_folder))
        register(self._tantivy, index)
        return index.writer(_HEAP_BYTES, min(4, cores()))

    def _add(self, writer: Any, number: int, start: int, end: int) -> None:
        """Add the blocks of some bytes of a segment."""
        from rlm_cli.inkernel.blocks import SEGMENT_SHIFT
        from rlm_cli.inkernel.index_layout import BLOCK, BLOCK_BYTES, PAIRS, WORDS
        from rlm_cli.inkernel.terms import RUN

        document, base = self._tantivy.Document, (number << SEGMENT_SHIFT) // BLOCK_BYTES
        for at, raw in _blocks(self._segments[number], start, end, BLOCK_BYTES):
            text = raw.decode("utf-8", "ignore").lower()
            added = document()
            if not text.isascii() and RUN.search(text):
                added.add_text(PAIRS, "\n".join(RUN.findall(text)) + "\n")
                text = RUN.sub(" ", text)
            added.add_text(WORDS, text)
            added.add_unsigned(BLOCK, base + at // BLOCK_BYTES)
            writer.add_document(added)

    def _commit(self, writer: Any, covered: dict[int, int]) -> None:
        from rlm_cli.inkernel.index_layout import Covered, tail_of, write_covered

        opstamp = writer.commit()
        present = {number: size for number, size in covered.items() if number in self._segments}
        tails = {number: tail_of(self._segments[number], size) for number, size in present.items()}
        write_covered(str(self._index_folder), Covered(present, tails, opstamp))


def _blocks(segment: mmap, start: int, end: int, size: int) -> Iterator[tuple[int, bytes]]:
    """The blocks of some bytes, each with its first byte; words at their borders stay whole."""
    at = start
    while at < end:
        border = min(end, at - at % size + size)
        low = _word_border(segment, at, at) if at > start else at
        high = _word_border(segment, border, border + _OVERLAP_BYTES) if border < end else end
        yield at, segment[low : min(high, end)]
        at = border


def _word_border(segment: mmap, at: int, otherwise: int) -> int:
    """The first byte of a word at or soon behind a byte."""
    if segment[at - 1 : at] in _SPACES:
        return at
    found = [place for space in _SPACES if (place := segment.find(space, at, at + _WORD_BYTES)) >= 0]
    return min(found) + 1 if found else otherwise


def _remove(folder: Path) -> None:
    """Remove an index at once, whoever reads it has it mapped."""
    gone = folder.with_name(f".{folder.name}.{os.getpid()}")
    try:
        folder.rename(gone)
    except FileNotFoundError:
        return
    shutil.rmtree(gone, ignore_errors=True)


def _end_with_input() -> None:
    while os.read(0, 1 << 12):
        pass
    os._exit(0)


if __name__ == "__main__":
    sys.exit(main())
