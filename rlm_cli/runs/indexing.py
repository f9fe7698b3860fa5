"""The index of a corpus, made at once: the corpus of a plan is opened, and what its index lacks is added."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rlm_cli.runs.finding import opened_of
from rlm_cli.runs.plan import AskPlan

if TYPE_CHECKING:
    from rlm_cli.corpus.indexing import Indexed
    from rlm_cli.corpus.progress import Progress


@dataclass(frozen=True)
class Made:
    """An index that is as it should be.

    Units:   bytes: of text that were added, of all text, of the index on the disk.
    """

    added_bytes: int
    text_bytes: int
    index_bytes: int


def indexed(
    plan: AskPlan, on_progress: Callable[[Progress], None], on_indexed: Callable[[Indexed], None]
) -> Made:
    """Make the index of the inputs of a plan.

    Errors:  CorpusError when nothing can be read; RlmError when no index can be made.
    """
    from rlm_cli.corpus.caches import index_bytes
    from rlm_cli.corpus.indexing import Indexed, make

    corpus = opened_of(plan, on_progress)
    last = Indexed(0, 0)

    def report(told: Indexed) -> None:
        nonlocal last
        last = told
        on_indexed(told)

    make(corpus.mount, report)
    return Made(last.done, corpus.text_bytes, index_bytes(corpus.folder))
