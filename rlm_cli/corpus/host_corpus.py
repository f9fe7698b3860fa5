"""A corpus as the engine and the command line have it: its facts, its texts, its quotations checked.

How a corpus is opened and brought up to date is not known here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from msgspec import UNSET, UnsetType

from rlm_cli.base.errors import CorpusError
from rlm_cli.base.text import counted
from rlm_cli.corpus.citing import QuoteChecker
from rlm_cli.corpus.differences import Differences, differences
from rlm_cli.corpus.layout import Record
from rlm_cli.corpus.made import publish_texts
from rlm_cli.corpus.mapped import Texts
from rlm_cli.corpus.overview import tree_lines
from rlm_cli.corpus.selection import facts_of_documents, variables_of
from rlm_cli.corpus.store import Store, cannot_write
from rlm_cli.events.bodies import CorpusLoaded
from rlm_cli.events.values import Citation, Input, Skipped
from rlm_cli.ports import Mount

_MANIFEST_DOCUMENTS = 20_000
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
            facts = facts_of_documents(self._texts.generation, self._visible)
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
            variables=variables_of(self._texts.generation, self._visible),
        )

    @property
    def generation(self) -> str:
        """The name of the snapshot that is served."""
        return self._texts.snapshot.name

    @property
    def folder(self) -> Path:
        """The store's folder."""
        return self._store.folder

    @property
    def text_bytes(self) -> int:
        """Bytes of all stored texts."""
        return sum(self._texts.generation.facts["segments"].values())

    def changes_since(self, before: HostCorpus) -> Differences:
        """Which documents are not as they were in an earlier snapshot."""
        return differences(before._texts.generation, self._texts.generation)

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
