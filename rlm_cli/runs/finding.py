"""Searches without a question: the corpus of a plan is opened, and looked through as a cell would."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from rlm_cli.runs.from_settings import read_options
from rlm_cli.runs.plan import AskPlan

if TYPE_CHECKING:
    from rlm_cli.corpus.finding import Outcome
    from rlm_cli.corpus.opened import HostCorpus
    from rlm_cli.corpus.progress import Progress


def found_in(
    plan: AskPlan,
    operation: str,
    words: str,
    options: Mapping[str, Any],
    on_progress: Callable[[Progress], None],
) -> Outcome:
    """What a search (`grep`, `count` or `search`) finds in the inputs of a plan.

    Errors:  CorpusError when nothing can be read; UsageError for a pattern that is none.
    """
    from rlm_cli.corpus.finding import find

    return find(opened_of(plan, on_progress).mount, operation, words, options)


def opened_of(plan: AskPlan, on_progress: Callable[[Progress], None]) -> HostCorpus:
    """The inputs of a plan, opened as they are.

    Errors:  CorpusError when nothing can be read.
    """
    from rlm_cli.corpus.opened import open_corpus

    return open_corpus(
        plan.inputs,
        read_options(plan.settings.corpus),
        cache_dir=plan.directories.cache,
        stdin=plan.stdin,
        progress=on_progress,
    )
