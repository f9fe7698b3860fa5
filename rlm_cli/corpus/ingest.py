"""From a walk to a generation: unchanged files are taken over, changed ones read, each content once.

The one place that joins walk, readers, workers and segments. What is served afterwards is not known here.
"""

from __future__ import annotations

import hashlib
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from xxhash import xxh3_128

from rlm_cli.base.errors import ExitCode, RlmError
from rlm_cli.corpus.generation import Builder, Generation
from rlm_cli.corpus.inputs import Source
from rlm_cli.corpus.layout import Record, Skip, Text
from rlm_cli.corpus.options import ReadOptions
from rlm_cli.corpus.reading import FileReader, Outcome, content_key
from rlm_cli.corpus.segments import SegmentWriter
from rlm_cli.corpus.store import PARTIAL, Snapshot, Store
from rlm_cli.corpus.walk import Found, LeftOut, walk

_CHECKPOINT_SECONDS = 5.0
_SKIPS_TOLD = 100


class ReadingStopped(RlmError):
    """The user stopped the reading of the corpus; what was read is kept for the next run."""

    exit_code = ExitCode.INTERRUPTED


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the reading is. Units: files and bytes, done and in all; path is the file at hand."""

    files: int
    of_files: int
    bytes: int
    of_bytes: int
    path: str = ""
    is_waiting: bool = False


Report = Callable[[Progress], None]


@dataclass(frozen=True, slots=True)
class Walked:
    """A walk in a few bytes: how much there is, and a digest of every name and stat."""

    files: int
    size_bytes: int
    digest: str


def survey(sources: Sequence[Source], options: ReadOptions) -> Walked:
    """Walk the inputs without reading a file."""
    digest, files, size_bytes = xxh3_128(), 0, 0
    lines: list[str] = [repr(reader_versions()), *(source.given for source in sources)]
    for entry in walk(sources, options):
        if isinstance(entry, Found):
            files += 1
            size_bytes += entry.size_bytes
            lines.append(f"{entry.path}\0{entry.source}\0{entry.size_bytes}\0{entry.mtime_ns}\0{entry.inode}")
        else:
            lines.append(f"{entry.path}\0{entry.why}")
        if len(lines) > 1000:
            digest.update("\n".join(lines).encode("utf-8", "surrogatepass"))
            lines = [""]
    for source in sources:
        if source.data is not None:
            lines.append(xxh3_128(source.data).hexdigest())
    digest.update("\n".join(lines).encode("utf-8", "surrogatepass"))
    return Walked(files, size_bytes, digest.hexdigest())


def reader_versions() -> tuple[int, ...]:
    """The versions of all readers: another one makes its files be read again."""
    from rlm_cli.corpus import kinds

    return (kinds.PLAIN_VERSION, *(f.version for f in (kinds.PDF, kinds.DOCX, kinds.HTML, kinds.NOTEBOOK)))


class Ingest:
    """One run of reading under the writer's lock."""

    def __init__(
        self,
        store: Store,
        sources: Sequence[Source],
        options: ReadOptions,
        report: Report,
        check: Callable[[], None],
    ) -> None:
        self._store = store
        self._sources = sources
        self._options = options
        self._report = report
        self._check = check
        self._builder = Builder()
        store.forget_old()
        self._segments = SegmentWriter(store.folder, store.committed())
        self._by_content: dict[bytes, int] = {}
        self._is_settled = True
        self._saved_at = time.monotonic()
        self._walked = Walked(0, 0, "")
        self._bytes_done = 0
        self._files_done = 0
        self.extracted = 0

    def run(self, walked: Walked, earlier: list[Snapshot]) -> None:
        """Read what has changed, and publish a generation.

        Errors:  ReadingStopped, OSError of the store; what was read until then is kept.
        """
        self._walked = walked
        memory = _Memory([snapshot.generation for snapshot in earlier])
        is_finished = False
        try:
            with FileReader(self._store.folder, self._sources, self._options, self._segments) as reader:
                for entry in walk(self._sources, self._options):
                    self._take(entry, memory, reader)
                    self._pause(getattr(entry, "path", ""))
                while not reader.is_idle:
                    self._settle(reader.pump(0.1))
                    self._pause("")
            self._publish()
            is_finished = True
        finally:
            if not is_finished:
                self._save_partial()
            self._segments.close()

    def _take(self, entry: Found | LeftOut, memory: _Memory, reader: FileReader) -> None:
        if isinstance(entry, LeftOut):
            slot = self._builder.reserve(Found(entry.path, None, 0, 0, 0, 0))
            self._builder.skip(slot, entry.why, entry.is_rule)
            return
        slot = self._builder.reserve(entry)
        known = memory.unchanged(entry)
        if isinstance(known, Skip):
            self._builder.skip(slot, known.why)
        elif known is not None:
            self._builder.fill(slot, known)
            self._by_content.setdefault(content_key(known.digest, known.reader), slot)
        else:
            while reader.is_full:
                self._settle(reader.pump(0.1))
                self._check()
            self._settle(reader.read(slot, entry, lambda key: self._known(key, memory)))
        self._bytes_done += entry.size_bytes
        self._files_done += 1

    def _known(self, key: bytes, memory: _Memory) -> Text | None:
        """The stored text of a content that was read before."""
        slot = self._by_content.get(key)
        return self._builder.text(slot) if slot is not None else memory.of_content(key)

    def _settle(self, outcomes: Iterator[Outcome]) -> None:
        for outcome in outcomes:
            if outcome.text is None:
                self._builder.skip(outcome.slot, outcome.why)
            else:
                self._builder.fill(outcome.slot, outcome.text, None if outcome.is_settled else 0)
                self._by_content.setdefault(
                    content_key(outcome.text.digest, outcome.text.reader), outcome.slot
                )
            self._is_settled &= outcome.is_settled
            self.extracted += outcome.is_fresh

    def _pause(self, path: str) -> None:
        """Between two files: tell, save, stop when asked to."""
        self._check()
        self._report(
            Progress(self._files_done, self._walked.files, self._bytes_done, self._walked.size_bytes, path)
        )
        if time.monotonic() - self._saved_at > _CHECKPOINT_SECONDS:
            began = time.monotonic()
            self._save_partial()
            self._saved_at = time.monotonic() + 10 * (time.monotonic() - began)

    def _save_partial(self) -> None:
        if self.extracted:
            facts = {"segments": self._segments.sync(), "readers": reader_versions()}
            self._builder.write(self._store.folder / PARTIAL, facts)

    def _publish(self) -> None:
        self._compact()
        facts = self._facts()
        self._builder.write(self._store.folder / self._store.next_name(), facts)

    def _compact(self) -> None:
        """Move all texts to fresh segments when more than half of the old ones is of no use."""
        lengths = {(r.segment, r.start): r.length + 1 for r, _ in self._builder.records()}
        live, total = sum(lengths.values()), sum(self._segments.sync().values())
        if total - live <= max(live, 1 << 20):
            return
        self._segments.close()
        fresh = SegmentWriter(self._store.folder, {}, first=max(self._segments.sizes) + 1)
        moved: dict[tuple[int, int], tuple[int, int]] = {}

        def place(record: Record) -> tuple[int, int]:
            at = (record.segment, record.start)
            if at not in moved:
                moved[at] = fresh.copy(record.segment, record.start, record.length)
            return moved[at]

        self._builder.move(place)
        self._segments = fresh

    def _facts(self) -> dict[str, Any]:
        documents, characters, disk_bytes, tokens = 0, 0, 0, 0
        kinds: Counter[int] = Counter()
        sources: Counter[int] = Counter()
        used: set[int] = set()
        fingerprint = hashlib.sha256()
        for record, path in self._builder.records():
            documents += 1
            characters += record.characters
            disk_bytes += record.disk_bytes
            tokens += (record.length + 3) // 4
            kinds[record.kind] += 1
            sources[record.source] += 1
            used.add(record.segment)
            fingerprint.update(path.encode("utf-8", "replace") + b"\0" + record.digest)
        names = self._builder.kinds
        problems = [s for s in self._builder.skips() if not s.is_rule][:_SKIPS_TOLD]
        chosen = [s for s in self._builder.skips() if s.is_rule][: _SKIPS_TOLD - len(problems)]
        return {
            "documents": documents,
            "characters": characters,
            "bytes": disk_bytes,
            "tokens": tokens,
            "fingerprint": fingerprint.hexdigest()[:32],
            "kinds_count": {names[number]: count for number, count in kinds.most_common()},
            "sources": [
                {"given": s.given, "path": str(s.path), "variable": s.variable, "documents": sources[number]}
                for number, s in enumerate(self._sources)
            ],
            "skipped": [[skip.path, skip.why] for skip in (*problems, *chosen)],
            "skipped_count": self._builder.skipped_count,
            "segments": {n: size for n, size in self._segments.sync().items() if n in used},
            "readers": reader_versions(),
            "walk": self._walked.digest if self._is_settled else "",
        }


Key = tuple[int, list[str]]


def _key(source: int, path: str) -> Key:
    """Where a path stands in the order of the walk."""
    return source, path.split("/")


class _Memory:
    """Earlier generations, asked file by file in the order of the walk, without holding their lists."""

    def __init__(self, generations: list[Generation]) -> None:
        self._generations = generations
        self._cursors = [cursor for g in generations for cursor in (_records_cursor(g), _skips_cursor(g))]
        self._contents: dict[bytes, tuple[int, Record]] | None = None

    def unchanged(self, found: Found) -> Text | Skip | None:
        """What is known of a file whose size, time and inode are as they were."""
        key = _key(found.source, found.path)
        for cursor in self._cursors:
            known = cursor.find(key)
            if known is not None and known.is_same(found):
                return known.value()
        return None

    def of_content(self, key: bytes) -> Text | None:
        """The stored text of a content, by digest and reader."""
        if self._contents is None:
            self._contents = {
                content_key(record.digest, record.reader): (number, record)
                for number, generation in enumerate(self._generations)
                for record in generation.records()
            }
        at = self._contents.get(key)
        return self._generations[at[0]].text_of(at[1]) if at else None


@dataclass(frozen=True, slots=True)
class _Known:
    identity: tuple[int, int, int]
    value: Callable[[], Text | Skip]

    def is_same(self, found: Found) -> bool:
        size_bytes, mtime_ns, inode = self.identity
        mask = (1 << 64) - 1
        return mtime_ns != 0 and (size_bytes, mtime_ns, inode) == (
            found.size_bytes,
            found.mtime_ns & mask,
            found.inode & mask,
        )


class _Cursor:
    """Walks an ordered list once, along with a walk that is ordered in the same way."""

    def __init__(self, items: Iterator[tuple[Key, _Known]]) -> None:
        self._items = items
        self._here = next(items, None)

    def find(self, key: Key) -> _Known | None:
        while self._here is not None and self._here[0] < key:
            self._here = next(self._items, None)
        return self._here[1] if self._here is not None and self._here[0] == key else None


def _records_cursor(generation: Generation) -> _Cursor:
    versions = set(reader_versions())

    def items() -> Iterator[tuple[Key, _Known]]:
        for record in generation.records():
            if record.reader in versions:
                key = _key(record.source, generation.path_of(record))
                identity = (record.disk_bytes, record.mtime_ns, record.inode)
                yield key, _Known(identity, partial(generation.text_of, record))

    return _Cursor(items())


def _skips_cursor(generation: Generation) -> _Cursor:
    def items() -> Iterator[tuple[Key, _Known]]:
        if generation.facts.get("readers") != list(reader_versions()):
            return
        for skip in generation.skips():
            if not skip.is_rule:
                identity = (skip.disk_bytes, skip.mtime_ns, skip.inode)
                yield _key(skip.source, skip.path), _Known(identity, partial(_itself, skip))

    return _Cursor(items())


def _itself(skip: Skip) -> Skip:
    return skip
