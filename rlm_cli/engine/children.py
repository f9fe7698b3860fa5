"""Child runs: a question that a cell asks of a run of its own, over documents or texts of its choice.

A child inherits what is left of the budget, the record, the citations and the concurrency. How deep runs
may go is decided here, on the host, where no cell can reach it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import msgspec

from rlm_cli.base.errors import CorpusError
from rlm_cli.base.ids import content_hash
from rlm_cli.engine.tree import Tree
from rlm_cli.events.bodies import RunFinished
from rlm_cli.events.values import Problem
from rlm_cli.ports import CallReply, Corpus, RlmCall


class _Runnable(Protocol):
    async def go(self) -> RunFinished: ...


async def run_child(
    tree: Tree, corpus: Corpus, depth: int, call: RlmCall, make: Callable[[Corpus], _Runnable]
) -> CallReply:
    """The reply of a child run, which is its answer with its citation marks."""
    if depth + 1 >= tree.settings.limits.depth:
        limit = tree.settings.limits.depth
        why = f"child runs are off at depth {depth + 1} (--max-depth {limit}); use llm_query"
        return CallReply(problem=Problem(kind="max_depth", message=why))
    try:
        documents = chosen(corpus, call)
    except (CorpusError, IndexError) as error:
        return CallReply(problem=Problem(kind="corpus", message=str(error)))
    async with tree.child_kernels(depth + 1):
        finished = await make(documents).go()
    if finished.status == "complete":
        return CallReply(text=finished.answer)
    why = finished.problem.message if finished.problem else f"the child run was stopped: {finished.stop}"
    return CallReply(text=finished.answer, problem=Problem(kind=finished.stop, message=why))


def child_key(tree: Tree, corpus: Corpus, call: RlmCall) -> str:
    """The content address of a child run: its question, its documents, its models; empty when it has none."""
    try:
        fingerprint = chosen(corpus, call).loaded.fingerprint
    except (CorpusError, IndexError):
        return ""
    models = (tree.models.root.facts.name, tree.models.sub.facts.name)
    parts = ["rlm", call.question, fingerprint, *models, tree.settings.limits.depth]
    return content_hash(msgspec.json.encode(parts))[:32]


def chosen(corpus: Corpus, call: RlmCall) -> Corpus:
    """The documents or texts that a call is about.

    Errors:  CorpusError, IndexError when there are none such.
    """
    if call.texts is not None:
        return corpus.of_texts(call.texts)
    return corpus if call.documents is None else corpus.subset(call.documents)
