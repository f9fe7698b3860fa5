"""What a run is about, and the events that say how it begins and how its cells end. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from msgspec.structs import replace

from rlm_cli.engine import prompts
from rlm_cli.engine.rerunning import result_of
from rlm_cli.engine.tree import Tree
from rlm_cli.events.bodies import CellFinished, CorpusChanged, RunStarted
from rlm_cli.events.values import Json
from rlm_cli.ports import CellResult, Corpus


@dataclass(frozen=True)
class Asked:
    """What a run is about: the question, and where in the tree of runs it is asked."""

    question: str
    span: str = "root"
    depth: int = 0
    title: str = ""
    models_why: str = ""
    settings: Mapping[str, Json] = field(default_factory=dict)
    origin: str = ""
    changed: CorpusChanged | None = None


def started(tree: Tree, corpus: Corpus, asked: Asked) -> RunStarted:
    """The event with which a run begins."""
    return RunStarted(
        question=asked.question,
        root_model=tree.models.root.facts.name,
        sub_model=tree.models.sub.facts.name,
        mode=tree.settings.mode,
        limits=tree.settings.limits,
        prompt_hash=prompts.prompt_hash(),
        system_prompt=prompts.load("root") if asked.depth == 0 else "",
        inputs=[each.given for each in corpus.loaded.inputs],
        endpoints=sorted({tree.models.root.facts.endpoint, tree.models.sub.facts.endpoint} - {""}),
        title=asked.title,
        models_why=asked.models_why,
        settings=dict(asked.settings),
        origin=asked.origin,
    )


def told_as_recorded(again: CellResult | None, then: CellFinished) -> CellResult:
    """How a cell that was run again has left the kernel, with what the model was shown when it ran first."""
    if again is None:
        return result_of(then)
    return replace(again, **{name: getattr(then, name) for name in ("status", "shown", "omitted", "seconds")})


def finished_as(number: int, result: CellResult) -> CellFinished:
    """The event that tells how a cell has ended."""
    return CellFinished(
        cell=number,
        status=result.status,
        seconds=result.seconds,
        waited_seconds=result.waited_seconds,
        shown=result.shown,
        omitted=result.omitted,
        problem=result.problem,
        variables=result.variables,
        coverage=result.coverage,
    )
