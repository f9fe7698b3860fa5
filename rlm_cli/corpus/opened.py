"""A corpus as the engine and the command line have it: opened, its facts known, its quotations checked.

`open_corpus` is the way in. It blocks while files are read; callers run it in a thread.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any

from msgspec import UNSET, UnsetType

from rlm_cli.base.errors import CorpusError
from rlm_cli.base.ids import content_hash
from rlm_cli.base.text import counted
from rlm_cli.corpus.citing import QuoteChecker
from rlm_cli.corpus.ingest import Ingest, ReadingStopped, survey
from rlm_cli.corpus.inputs import Source, sources_of
from rlm_cli.corpus.layout import Record
from rlm_cli.corpus.made import publish_texts
from rlm_cli.corpus.mapped import Texts
from rlm_cli.corpus.options import ReadOptions
from rlm_cli.corpus.overview import tree_lines
from rlm_cli.corpus.progress import Progress, Report
from rlm_cli.corpus.recognising import is_installed
from rlm_cli.corpus.store import Snapshot, Store, cannot_write, evict
from rlm_cli.events.bodies import CorpusLoaded
from rlm_cli.events.values import Citation, Input, Skipped
from rlm_cli.ports import Mount

STORE_FORMAT = 1
_SKIPS_NAMED = 3
_MANIFEST_DOCUMENTS = 20_000


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


NO_SOURCE = (
    "it is of a text that a cell has made, and that is no source: quote it between double quotes without a "
    "mark, and the run that has the documents looks it up"
)


class HostCorpus:
    """The `Corpus` port over a store. While it lives, its snapshot stays on the disk.

    Shape:   is_made says that a cell has made the texts: nothing in them can be cited.
    """

    def __init__(
        self,
        texts: Texts,
        store: Store,
        cache_dir: Path,
        visible: list[int] | None = None,
        extracted: int = 0,
    ) -> None:
        self._texts = texts
        self._store = store
        self._cache_dir = cache_dir
        self._visible = visible
        self._extracted = extracted
        self._checker = QuoteChecker(texts)
        self._paths: dict[str, int] | None = None
        self._loaded: CorpusLoaded | None = None
        self.is_made = False
        self.seconds = 0.0
        self.reading: dict[str, Any] | UnsetType = UNSET

    @property
    def loaded(self) -> CorpusLoaded:
        """The facts as the event that tells them."""
        if self._loaded is None:
            facts = self._facts()
            self._loaded = CorpusLoaded(
                documents=facts["documents"],
                characters=facts["characters"],
                bytes=facts["bytes"],
                tokens=facts["tokens"],
                fingerprint=facts["fingerprint"],
                kinds=facts["kinds_count"],
                inputs=[Input(**source) for source in facts["sources"]],
                skipped=[Skipped(path, why) for path, why in facts["skipped"]],
                skipped_count=facts["skipped_count"],
                extracted=self._extracted,
                seconds=round(self.seconds, 4),
                manifest=self._manifest(),
                reading=self.reading,
                partly=[Skipped(path, what) for path, what in facts.get("partly", [])] or UNSET,
            )
        return self._loaded

    @property
    def mount(self) -> Mount:
        """What a kernel needs to map it."""
        return Mount(
            store=str(self._store.folder),
            generation=self._texts.snapshot.name,
            documents=self._visible,
            variables=self._variables(),
        )

    @property
    def folder(self) -> Path:
        """The store's folder."""
        return self._store.folder

    @property
    def text_bytes(self) -> int:
        """Bytes of all stored texts."""
        return sum(self._texts.generation.facts["segments"].values())

    def __len__(self) -> int:
        return len(self._indices())

    def tree(self, limit_lines: int) -> str:
        """Folders and documents with their characters, at most so many lines, the rest counted."""
        documents = ((self._path(record), record.characters) for _, record in self._records())
        return "\n".join(tree_lines(documents, limit_lines))

    def preview(self, limit_documents: int, limit_characters: int) -> str:
        """The first characters of some documents, one of each kind first, then the largest."""
        largest = sorted(self._records(), key=lambda item: -item[1].characters)[: max(200, limit_documents)]
        first_of_kind: dict[int, int] = {}
        for index, record in largest:
            first_of_kind.setdefault(record.kind, index)
        order = [*first_of_kind.values(), *(i for i, _ in largest if i not in first_of_kind.values())]
        blocks = []
        for index in order[:limit_documents]:
            record = self._texts.generation.record(index)
            head = self._texts.slice(record, 0, limit_characters).strip("\n")
            more = record.characters - len(head)
            size = f"{self._texts.generation.kinds[record.kind]}, {counted(record.characters, 'character')}"
            tail = (
                f"\n[… {more:,} more characters]" if more > 0 and record.characters > limit_characters else ""
            )
            blocks.append(f"--- {self._path(record)} ({size})\n{head}{tail}")
        return "\n\n".join(blocks)

    def texts(self) -> list[tuple[str, str]]:
        """Every document's path and whole text: for small corpora only."""
        return [(self._path(record), self._texts.whole(record)) for _, record in self._records()]

    def skipped(self) -> Iterator[Skipped]:
        """Every entry that is not in the corpus, and why; problems and choices in the order of the walk."""
        skips = self._texts.generation.skips()
        return (Skipped(skip.path, skip.why) for skip in skips if not skip.is_opened)

    def cite(self, quote: str, document: int | str | None = None, start: int | None = None) -> Citation:
        """Where a quotation stands, word for word; see the port. `why` tells why `checked` is False."""
        if self.is_made:
            return Citation(id=0, path="", quote=quote, why=NO_SOURCE)
        if document is None:
            return self._checker.check(quote, self._indices(), start, [])
        try:
            index = self._index_of(document)
        except CorpusError as error:
            return Citation(id=0, path=str(document), quote=quote, why=str(error))
        path = self._path(self._texts.generation.record(index))
        return self._checker.check(quote, [index], start, [path], self._indices())

    def document(self, path: str) -> tuple[Texts, Record]:
        """The record of a document, and the texts in which it is.

        Errors:  CorpusError when there is none at this path; or why it was left out.
        """
        try:
            index = self._index_of(path)
        except CorpusError:
            for skip in self.skipped():
                if skip.path == path:
                    raise CorpusError(f"{path} cannot be read", skip.why, "") from None
            inside = [each for each in self._paths or () if each.startswith(path + "!/")]
            if inside:
                named = ", ".join(inside[:5]) + (" …" if len(inside) > 5 else "")
                raise CorpusError(
                    f"{path} has no text itself", f"inside are {named}", "Name one of them"
                ) from None
            raise
        return self._texts, self._texts.generation.record(index)

    def subset(self, documents: Sequence[int]) -> HostCorpus:
        """The same store with fewer documents to be seen; those that this corpus does not see are left out.

        Errors:  CorpusError when none is left.
        """
        allowed = self._indices() if self._visible is None else set(self._visible)
        visible = sorted({index for index in documents if index in allowed})
        if not visible:
            raise CorpusError("no such documents", f"none of {len(documents)} indices is in the corpus", "")
        corpus = HostCorpus(self._texts, self._store, self._cache_dir, visible)
        corpus.is_made = self.is_made
        return corpus

    def of_texts(self, texts: Mapping[str, str]) -> HostCorpus:
        """A corpus of texts that a cell has made, for a child run.

        Errors:  CorpusError when there is no text, or when the cache cannot be written.
        """
        if not any(texts.values()):
            raise CorpusError("no text was given", "a child run needs documents or texts", "")
        try:
            store, snapshot = publish_texts(self._cache_dir, texts)
        except OSError as error:
            raise cannot_write(error, self._cache_dir) from error
        corpus = HostCorpus(Texts(store, snapshot), store, self._cache_dir)
        corpus.is_made = True
        return corpus

    def _indices(self) -> Sequence[int]:
        return range(self._texts.generation.count) if self._visible is None else self._visible

    def _records(self) -> Iterator[tuple[int, Record]]:
        if self._visible is None:
            return enumerate(self._texts.generation.records())
        return ((index, self._texts.generation.record(index)) for index in self._visible)

    def _path(self, record: Record) -> str:
        return self._texts.generation.path_of(record)

    def _index_of(self, document: int | str) -> int:
        if isinstance(document, int):
            known = self._indices() if self._visible is None else set(self._visible)
            if document not in known:
                raise CorpusError(f"there is no document {document}", f"there are {len(self)}", "")
            return document
        if self._paths is None:
            self._paths = {self._path(record): index for index, record in self._records()}
        exact = self._paths.get(document)
        if exact is not None:
            return exact
        tail = "/" + document.lstrip("./")
        ends = [index for path, index in self._paths.items() if ("/" + path).endswith(tail)]
        if len(ends) != 1:
            why = "no document has this path" if not ends else f"{len(ends)} paths end so"
            raise CorpusError(f"which document is {document}?", why, "")
        return ends[0]

    def _manifest(self) -> str | UnsetType:
        """Which documents there are, by content; not for a part of a corpus, nor for a very long list."""
        if self._visible is not None or len(self) > _MANIFEST_DOCUMENTS:
            return UNSET
        return "".join(f"{record.digest.hex()}  {self._path(record)}\n" for _, record in self._records())

    def _variables(self) -> dict[str, list[int] | None]:
        sources = self._texts.generation.facts["sources"]
        if len(sources) == 1:
            return {sources[0]["variable"]: self._visible}
        found: dict[str, list[int] | None] = {source["variable"]: [] for source in sources}
        for index, record in self._records():
            below = found[sources[record.source]["variable"]]
            if below is not None:
                below.append(index)
        for outer, inner, prefix in _nested(sources):
            found[inner] = sorted(
                {*(found[inner] or []), *(i for i in found[outer] or [] if self._is_below(i, prefix))}
            )
        return found

    def _is_below(self, index: int, prefix: str) -> bool:
        path = self._path(self._texts.generation.record(index))
        return path == prefix or path.startswith(prefix + "/")

    def _facts(self) -> dict[str, Any]:
        facts = self._texts.generation.facts
        if self._visible is None:
            return facts
        kinds: Counter[str] = Counter()
        per_source: Counter[int] = Counter()
        characters, disk_bytes, tokens = 0, 0, 0
        for _, record in self._records():
            kinds[self._texts.generation.kinds[record.kind]] += 1
            per_source[record.source] += 1
            characters += record.characters
            disk_bytes += record.disk_bytes
            tokens += (record.length + 3) // 4
        return {
            "documents": len(self._visible),
            "characters": characters,
            "bytes": disk_bytes,
            "tokens": tokens,
            "fingerprint": content_hash(repr((facts["fingerprint"], self._visible)))[:32],
            "kinds_count": dict(kinds.most_common()),
            "sources": [{**s, "documents": per_source[n]} for n, s in enumerate(facts["sources"])],
            "skipped": [],
            "skipped_count": 0,
        }


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
    if chosen.is_ocr and not is_installed():
        remedy = "Run: pip install 'rlm-terminal[ocr]'"
        raise CorpusError("cannot read images of pages", "OCR is not installed", remedy)
    sources = sources_of(inputs, stdin)

    def check() -> None:
        if is_cancelled is not None and is_cancelled():
            raise ReadingStopped(
                "reading the corpus was stopped", "", "What was read is kept for the next run"
            )

    key = content_hash(repr((STORE_FORMAT, [str(s.path) for s in sources], chosen.identity())))[:32]
    store = Store(cache_dir, key)
    try:
        snapshot, extracted = _current(store, sources, chosen, progress or _silent, check)
    except OSError as error:
        raise cannot_write(error, cache_dir) from error
    corpus = HostCorpus(Texts(store, snapshot), store, cache_dir, extracted=extracted)
    corpus.seconds = time.monotonic() - began
    corpus.reading = chosen.recorded()
    return corpus


def _current(
    store: Store, sources: list[Source], options: ReadOptions, report: Report, check: Callable[[], None]
) -> tuple[Snapshot, int]:
    """The snapshot of the inputs as they are, and how many documents had to be read for it."""
    walked = survey(sources, options)
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


def _nested(sources: list[dict[str, Any]]) -> list[tuple[str, str, str]]:
    """(outer variable, inner variable, path prefix) for every input that lies below another."""
    pairs = []
    for outer in sources:
        for inner in sources:
            below = Path(inner["path"])
            if outer is not inner and Path(outer["path"]) in below.parents:
                relative = below.relative_to(outer["path"]).as_posix()
                pairs.append((outer["variable"], inner["variable"], f"{outer['variable']}/{relative}"))
    return pairs


def _silent(progress: Progress) -> None:
    """No one watches."""
