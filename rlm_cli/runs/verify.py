"""`replay --verify`: the recorded cells run again in a fresh kernel over today's documents, and compared.

No model is opened: what a cell asks is answered from the record by its content, or not at all.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from rlm_cli.base.errors import CorpusError, SessionError
from rlm_cli.corpus.opened import HostCorpus, open_corpus
from rlm_cli.corpus.options import options_from
from rlm_cli.engine.citations import rechecked
from rlm_cli.engine.past_reading import past_of
from rlm_cli.events import Event
from rlm_cli.events.bodies import CorpusLoaded
from rlm_cli.ports import KernelFactory
from rlm_cli.runs.comparing import Comparison, Report
from rlm_cli.runs.differences import Difference, documents_changed


@dataclass(frozen=True)
class Means:
    """What a verification works with.

    Units:   cell_seconds bounds the computing of each cell; None takes the bound of the record.
    Shape:   aliases are the names of models that cells may use, as the settings know them; inputs are read in
             place of those of the record, None for those.
    """

    kernels: KernelFactory
    cache_dir: Path
    aliases: Mapping[str, str]
    cell_seconds: float | None = None
    inputs: Sequence[str] | None = None


async def verify(events: list[Event], means: Means) -> Report:
    """Run a session again, every question of it, and compare.

    Errors:  CorpusError when today's documents cannot be read; KernelError; SessionError when the record
             has nothing that could be run again.
    """
    past = past_of(events)
    loaded = next((e.body for e in reversed(events) if _is_loaded(e)), None)
    if not past.questions or not isinstance(loaded, CorpusLoaded):
        raise SessionError("there is nothing to verify", "the record ends before the documents were read")
    corpus = todays_corpus(loaded, means.cache_dir, means.inputs)
    report = Report()
    _compare_documents(report, loaded, corpus.loaded)
    comparison = Comparison(past, means.kernels, means.aliases, rechecked(past.marks, corpus), report)
    comparison.is_corpus_same = loaded.fingerprint == corpus.loaded.fingerprint
    await comparison.run(corpus, means.cell_seconds)
    return report


def todays_corpus(loaded: CorpusLoaded, cache_dir: Path, inputs: Sequence[str] | None = None) -> HostCorpus:
    """The documents of a record as they are today, or others in their place, chosen as they were.

    Errors:  CorpusError when there are none any more, or the corpus was a document on stdin.
    """
    paths = [each.path for each in loaded.inputs] if inputs is None else list(inputs)
    if inputs is None and any(each.given == "-" for each in loaded.inputs):
        raise CorpusError("the corpus was a document on stdin", "it is not kept", "")
    return open_corpus(paths, options_from(loaded.reading or {}), cache_dir=cache_dir)


def _compare_documents(report: Report, before: CorpusLoaded, after: CorpusLoaded) -> None:
    if isinstance(before.manifest, str) and isinstance(after.manifest, str):
        report.differences += documents_changed(before.manifest, after.manifest)
    elif before.fingerprint != after.fingerprint:
        report.differences.append(
            Difference(
                kind="document",
                where="corpus",
                what="changed",
                before=before.fingerprint,
                after=after.fingerprint,
            )
        )
        report.remarks.append("the record does not list the documents: which ones changed is not known")


def _is_loaded(event: Event) -> bool:
    return isinstance(event.body, CorpusLoaded) and event.span == "root"
