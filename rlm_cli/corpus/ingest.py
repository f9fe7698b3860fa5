"""From a walk to a generation: unchanged files are taken over, changed ones read, each content once.

The one place that joins walk, readers, workers and segments. What is served afterwards is not known here.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from xxhash import xxh3_128

from rlm_cli.base.errors import ExitCode, RlmError
from rlm_cli.corpus.builder import Builder
from rlm_cli.corpus.facts import facts_of
from rlm_cli.corpus.inputs import Source
from rlm_cli.corpus.kinds import reader_versions
from rlm_cli.corpus.layout import Record, Skip, Text
from rlm_cli.corpus.memory import Memory, Recalled, content_key
from rlm_cli.corpus.options import ReadOptions
from rlm_cli.corpus.progress import Progress, Report
from rlm_cli.corpus.reading import FileReader, Outcome
from rlm_cli.corpus.segments import SegmentWriter
from rlm_cli.corpus.store import PARTIAL, Snapshot, Store
from rlm_cli.corpus.walk import Found, LeftOut, walk

_CHECKPOINT_SECONDS = 2.0
_PULSE_BYTES = 1 << 25
_SETTLED_A_PAUSE = 256


class ReadingStopped(RlmError):
    """The user stopped the reading of the corpus; what was read is kept for the next run."""

    exit_code = ExitCode.INTERRUPTED


@dataclass(frozen=True, slots=True)
class Walked:
    """A walk in a few bytes: how much there is, and a digest of every name and stat."""

    files: int
    size_bytes: int
    digest: str


def survey(
    sources: Sequence[Source], options: ReadOptions, check: Callable[[], None] = lambda: None
) -> Walked:
    """Walk the inputs without reading a file; `check` may stop it."""
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
            check()
            digest.update("\n".join(lines).encode("utf-8", "surrogatepass"))
            lines = [""]
    for source in sources:
        if source.data is not None:
            lines.append(xxh3_128(source.data).hexdigest())
    digest.update("\n".join(lines).encode("utf-8", "surrogatepass"))
    return Walked(files, size_bytes, digest.hexdigest())


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
        self._bytes_known = 0
        self._pulsed_at = 0
        self._settled = 0
        self._memory = Memory([])
        self._reader: FileReader | None = None
        self.extracted = 0

    def run(self, walked: Walked, earlier: list[Snapshot]) -> None:
        """Read what has changed, and publish a generation.

        Errors:  ReadingStopped, OSError of the store; what was read until then is kept.
        """
        self._walked = walked
        self._memory = Memory([snapshot.generation for snapshot in earlier])
        is_finished = False
        try:
            with FileReader(
                self._store.folder, self._sources, self._options, self._segments, self
            ) as self._reader:
                reader = self._reader
                for entry in walk(self._sources, self._options):
                    self._take(entry, reader)
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
            # A generation's map keeps its lock, by which nobody may remove it.
            self._memory, self._reader = Memory([]), None

    def known(self, key: bytes) -> Text | None:
        """The stored text of a content that was read before."""
        slot = self._by_content.get(key)
        return self._builder.text(slot) if slot is not None else self._memory.of_content(key)

    def reserve_member(self, outer: int, found: Found) -> int:
        """A slot for a document inside of the file in slot `outer`."""
        return self._builder.reserve(found, outer)

    def pulse(self, bytes_read: int) -> None:
        """Inside of a long document: tell, stop when asked to."""
        if bytes_read - self._pulsed_at >= _PULSE_BYTES:
            self._pulsed_at = bytes_read
            self._check()
            self._tell("", bytes_read)

    def _take(self, entry: Found | LeftOut, reader: FileReader) -> None:
        if isinstance(entry, LeftOut):
            slot = self._builder.reserve(Found(entry.path, None, 0, 0, 0, 0))
            self._builder.skip(slot, entry.why, entry.is_rule)
            return
        slot = self._builder.reserve(entry)
        known = self._memory.unchanged(entry)
        if known is not None:
            self._take_over(slot, entry, known)
            self._bytes_known += entry.size_bytes
        else:
            while reader.is_full:
                self._settle(reader.pump(0.1))
                self._pause("")
            self._pulsed_at = 0
            self._settle(reader.read(slot, entry))
        self._bytes_done += entry.size_bytes
        self._files_done += 1

    def _take_over(self, slot: int, found: Found, known: Recalled) -> None:
        """An unchanged file, and what lies inside of it, as the run before left them."""
        self._put(slot, known.value)
        for member in known.members:
            identity = (found.source, member.size_bytes, found.mtime_ns, found.inode)
            self._put(self._builder.reserve(Found(member.path, None, *identity), slot), member.value)

    def _put(self, slot: int, value: Text | Skip | None) -> None:
        if isinstance(value, Text):
            self._builder.fill(slot, value)
            self._by_content.setdefault(content_key(value.digest, value.reader), slot)
        elif isinstance(value, Skip) and value.is_opened:
            self._builder.opened(slot)
        elif isinstance(value, Skip):
            self._builder.skip(slot, value.why, value.is_rule)

    def _settle(self, outcomes: Iterator[Outcome]) -> None:
        for outcome in outcomes:
            if outcome.text is not None:
                self._builder.fill(outcome.slot, outcome.text)
                key = content_key(outcome.text.digest, outcome.text.reader)
                self._by_content.setdefault(key, outcome.slot)
            elif outcome.is_opened:
                self._builder.opened(outcome.slot)
            else:
                self._builder.skip(outcome.slot, outcome.why, outcome.is_rule)
            if not outcome.is_settled:
                self._builder.distrust(outcome.slot)
            self._is_settled &= outcome.is_settled
            self.extracted += outcome.is_fresh
            self._settled += 1
            if self._settled % _SETTLED_A_PAUSE == 0:
                self._pause("")
            # Last: what a reader has handed over once is never handed over again.
            self._check()

    def _pause(self, path: str) -> None:
        """Between two files: tell, save, stop when asked to."""
        self._check()
        self._tell(path, 0)
        if time.monotonic() - self._saved_at > _CHECKPOINT_SECONDS:
            began = time.monotonic()
            self._save_partial()
            self._saved_at = time.monotonic() + 20 * (time.monotonic() - began)

    def _tell(self, path: str, bytes_more: int) -> None:
        self._report(
            Progress(
                self._files_done,
                self._walked.files,
                self._bytes_done + bytes_more,
                self._walked.size_bytes,
                path,
                bytes_known=self._bytes_known,
            )
        )

    def _save_partial(self) -> None:
        if self.extracted:
            facts = {"segments": self._segments.sync(), "readers": reader_versions()}
            untrusted = self._reader.open_roots if self._reader else ()
            self._builder.write(self._store.folder / PARTIAL, facts, untrusted)

    def _publish(self) -> None:
        self._compact()
        is_same = self._files_done == self._walked.files  # else a folder could not be listed meanwhile
        whole = facts_of(self._builder, self._sources, self._segments.sync())
        facts = {
            **whole,
            "readers": reader_versions(),
            "walk": self._walked.digest if self._is_settled and is_same else "",
        }
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
