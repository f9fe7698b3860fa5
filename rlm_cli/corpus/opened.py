"""The ways in to a corpus: opened as it is on the disk, scanned, or at once as it was read last.

`open_corpus` and `scan` block while files are looked at and read; callers run them in a thread.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from os import PathLike
from pathlib import Path

from rlm_cli.base.errors import CorpusError
from rlm_cli.base.ids import content_hash
from rlm_cli.corpus.host_corpus import HostCorpus
from rlm_cli.corpus.ingest import Ingest, ReadingStopped, survey
from rlm_cli.corpus.inputs import Source, sources_of
from rlm_cli.corpus.kinds import reader_versions
from rlm_cli.corpus.mapped import Texts
from rlm_cli.corpus.options import ReadOptions
from rlm_cli.corpus.progress import Progress, Report
from rlm_cli.corpus.recognising import is_installed
from rlm_cli.corpus.store import Snapshot, Store, cannot_write, evict
from rlm_cli.events.bodies import CorpusLoaded
from rlm_cli.events.values import Skipped

__all__ = ["HostCorpus", "Scan", "kept_corpus", "nothing_read", "open_corpus", "scan"]

STORE_FORMAT = 1
_SKIPS_NAMED = 3


@dataclass(frozen=True, slots=True)
class Scan:
    """What a folder holds, exactly: what is read, what not and why.

    Shape:   reasons counts the skipped entries by reason; an entry that ends in `/` is a whole folder.
    """

    loaded: CorpusLoaded
    skipped: list[Skipped]
    reasons: dict[str, int]


def open_corpus(
    inputs: Sequence[str | PathLike[str]],
    options: ReadOptions | None = None,
    *,
    cache_dir: Path,
    stdin: bytes | None = None,
    progress: Report | None = None,
    is_cancelled: Callable[[], bool] | None = None,
) -> HostCorpus:
    """Open the documents below some paths; only files that have changed since the last time are read.

    Units:   cache_dir is the program's own folder below the XDG cache directory.
    Shape:   `-` among the inputs stands for the bytes of `stdin`. is_cancelled is asked between files.
    Errors:  CorpusError for a path that is missing or unreadable, when nothing at all can be read, or when
             the cache cannot be written; ReadingStopped when cancelled.
    """
    corpus = _opened(inputs, options, cache_dir, stdin, progress, is_cancelled)
    if not len(corpus):
        raise nothing_read(corpus.loaded)
    return corpus


def kept_corpus(
    inputs: Sequence[str | PathLike[str]], options: ReadOptions | None = None, *, cache_dir: Path
) -> HostCorpus | None:
    """The documents as they were read last, at once: no file is looked at. Whoever uses it checks it.

    Shape:   None when they were not read yet, or not by these readers, or when there are none.
    Errors:  CorpusError for a path that is missing or unreadable, or when the cache cannot be written.
    """
    began = time.monotonic()
    chosen = options or ReadOptions()
    _require_ocr(chosen)
    if any(str(each) == "-" for each in inputs):
        return None
    sources = sources_of(inputs)
    store = Store(cache_dir, _key(sources, chosen))
    snapshot = store.latest()
    if snapshot is None or not _is_as_now(snapshot, sources):
        return None
    corpus = HostCorpus(Texts(store, snapshot), store, cache_dir)
    corpus.seconds = time.monotonic() - began
    corpus.reading = chosen.recorded()
    return corpus


def _is_as_now(snapshot: Snapshot, sources: Sequence[Source]) -> bool:
    """Whether a snapshot was made by the readers of today, of inputs that were named as these are."""
    facts = snapshot.generation.facts
    named = [(source["given"], source["variable"]) for source in facts["sources"]]
    is_read = bool(facts["documents"]) and facts.get("readers") == list(reader_versions())
    return is_read and named == [(source.given, source.variable) for source in sources]


def scan(
    inputs: Sequence[str | PathLike[str]],
    options: ReadOptions | None = None,
    *,
    cache_dir: Path,
    stdin: bytes | None = None,
    progress: Report | None = None,
    is_cancelled: Callable[[], bool] | None = None,
) -> Scan:
    """What would be read and what not, exactly: the corpus is opened, and every skipped entry is listed.

    Errors:  those of `open_corpus`; but where everything is skipped, the scan says just that.
    """
    corpus = _opened(inputs, options, cache_dir, stdin, progress, is_cancelled)
    if not corpus.loaded.documents and not corpus.loaded.skipped_count:
        raise nothing_read(corpus.loaded)
    skipped = list(corpus.skipped())
    return Scan(corpus.loaded, skipped, dict(Counter(item.why for item in skipped).most_common()))


def nothing_read(loaded: CorpusLoaded) -> CorpusError:
    """The error of inputs of which no document could be read: says why of each of the first few."""
    named = ", ".join(each.given for each in loaded.inputs)
    if not loaded.skipped_count:
        why = "the folder is empty" if len(loaded.inputs) == 1 else "the folders are empty"
        return CorpusError(f"nothing to read in {named}", why, "Name a folder with documents")
    told = "; ".join(f"{skip.path}: {skip.why}" for skip in loaded.skipped[:_SKIPS_NAMED])
    rest = loaded.skipped_count - _SKIPS_NAMED
    why = told if rest <= 0 else f"{told}; and {rest:,} more"
    return CorpusError(f"nothing to read in {named}", why, f"See: rlm corpus scan {named}")


def _opened(
    inputs: Sequence[str | PathLike[str]],
    options: ReadOptions | None,
    cache_dir: Path,
    stdin: bytes | None,
    progress: Report | None,
    is_cancelled: Callable[[], bool] | None,
) -> HostCorpus:
    began = time.monotonic()
    chosen = options or ReadOptions()
    _require_ocr(chosen)
    sources = sources_of(inputs, stdin)

    def check() -> None:
        if is_cancelled is not None and is_cancelled():
            raise ReadingStopped(
                "reading the corpus was stopped", "", "What was read is kept for the next run"
            )

    store = Store(cache_dir, _key(sources, chosen))
    try:
        snapshot, extracted = _current(store, sources, chosen, progress or _silent, check)
    except OSError as error:
        raise cannot_write(error, cache_dir) from error
    corpus = HostCorpus(Texts(store, snapshot), store, cache_dir, extracted=extracted)
    corpus.seconds = time.monotonic() - began
    corpus.reading = chosen.recorded()
    return corpus


def _key(sources: Sequence[Source], options: ReadOptions) -> str:
    """The name of the store of some inputs that are read in some way."""
    return content_hash(repr((STORE_FORMAT, [s.name for s in sources], options.identity())))[:32]


def _require_ocr(options: ReadOptions) -> None:
    if options.is_ocr and not is_installed():
        remedy = "Run: pip install 'rlm-terminal[ocr]'"
        raise CorpusError("cannot read images of pages", "OCR is not installed", remedy)


def _current(
    store: Store, sources: list[Source], options: ReadOptions, report: Report, check: Callable[[], None]
) -> tuple[Snapshot, int]:
    """The snapshot of the inputs as they are, and how many documents had to be read for it."""
    walked = survey(sources, options, check)
    snapshot = store.latest()
    if snapshot is not None and snapshot.generation.facts["walk"] == walked.digest:
        return snapshot, 0

    def waiting() -> None:
        check()
        report(Progress(0, walked.files, 0, walked.size_bytes, "", is_waiting=True))

    with store.writing(waiting):
        snapshot = store.latest()
        if snapshot is not None and snapshot.generation.facts["walk"] == walked.digest:
            return snapshot, 0
        ingest = Ingest(store, sources, options, report, check)
        ingest.run(walked, [s for s in (store.partial(), snapshot) if s is not None])
        del snapshot
        store.collect()
        published = store.latest()
    if published is None:
        raise CorpusError(
            "the corpus store is damaged", f"{store.folder} cannot be read back", "Remove that folder"
        )
    evict(store.folder.parent.parent, options.cache_bytes, store.folder)
    return published, ingest.extracted


def _silent(progress: Progress) -> None:
    """No one watches."""
