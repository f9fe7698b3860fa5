"""Documents without a question: one of them as it is read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rlm_cli.runs.from_settings import read_options
from rlm_cli.runs.plan import AskPlan

if TYPE_CHECKING:
    from rlm_cli.corpus.showing import Shown


def shown_document(plan: AskPlan, given: str) -> Shown:
    """The text of a document that a user has named as `FILE`, `FILE:PAGE` or `FILE!/INSIDE:PAGE`.

    Errors:  CorpusError when there is no such file, document or page.
    """
    from rlm_cli.corpus.opened import open_corpus
    from rlm_cli.corpus.showing import show, target_of

    target = target_of(given, plan.cwd)
    corpus = open_corpus([target.file], read_options(plan.settings.corpus), cache_dir=plan.directories.cache)
    return show(corpus, target)
