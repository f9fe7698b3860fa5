"""Opens the parts of a run side by side: the corpus in one thread, models and libraries in another."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from rlm_cli.base.errors import SettingsError
from rlm_cli.base.text import money
from rlm_cli.corpus.host_corpus import HostCorpus
from rlm_cli.corpus.opened import kept_corpus, open_corpus
from rlm_cli.corpus.progress import Progress
from rlm_cli.engine.tree import Models
from rlm_cli.models.choose import Chosen
from rlm_cli.models.opening import ModelOptions, open_model, warm_up
from rlm_cli.models.prices import PriceTable
from rlm_cli.ports import Model
from rlm_cli.runs.from_settings import chosen_models, model_options, price_table, read_options
from rlm_cli.runs.plan import AskPlan


@dataclass(frozen=True)
class Opened:
    """What a run needs of the world.

    Shape:   why is why these models were taken. check opens the corpus as it is on the disk where `corpus`
             is what was read last, None where that is one and the same; `stopped` stops it, and `differs` is
             set as soon as it has found that something has changed, and reads it.
    """

    corpus: HostCorpus
    models: Models
    why: str
    check: asyncio.Task[HostCorpus] | None = None
    stopped: threading.Event = field(default_factory=threading.Event)
    differs: threading.Event = field(default_factory=threading.Event)


async def opened(
    plan: AskPlan, on_progress: Callable[[Progress], None], is_cancelled: Callable[[], bool]
) -> Opened:
    """The corpus and the models of a plan. What was read before serves at once, and is checked meanwhile.

    Errors:  CorpusError, SettingsError; the first that happens, once the other part has stopped as well.
    """
    stopped, differs = threading.Event(), threading.Event()

    def reading(progress: Progress) -> None:
        differs.set()
        on_progress(progress)

    kept = await asyncio.to_thread(_kept, plan)
    corpus = asyncio.create_task(
        asyncio.to_thread(_corpus, plan, reading, lambda: stopped.is_set() or is_cancelled())
    )
    models = asyncio.create_task(asyncio.to_thread(_models, plan))
    needed: list[asyncio.Task[Any]] = [models] if kept is not None else [models, corpus]
    await asyncio.wait(needed, return_when=asyncio.FIRST_EXCEPTION)
    if kept is not None and models.exception() is None:
        return Opened(kept, *models.result(), check=corpus, stopped=stopped, differs=differs)
    stopped.set()
    results = await asyncio.gather(models, corpus, return_exceptions=True)
    for result in results:
        if isinstance(result, BaseException):
            raise result
    return Opened(corpus.result(), *models.result())


def _kept(plan: AskPlan) -> HostCorpus | None:
    inputs = [_from(plan, each) for each in plan.inputs]
    return kept_corpus(inputs, read_options(plan.settings.corpus), cache_dir=plan.directories.cache)


def _corpus(
    plan: AskPlan, on_progress: Callable[[Progress], None], is_cancelled: Callable[[], bool]
) -> HostCorpus:
    return open_corpus(
        [_from(plan, each) for each in plan.inputs],
        read_options(plan.settings.corpus),
        cache_dir=plan.directories.cache,
        stdin=plan.stdin,
        progress=on_progress,
        is_cancelled=is_cancelled,
    )


def _from(plan: AskPlan, given: str) -> str:
    return given if given == "-" else str(plan.cwd / given)


def _models(plan: AskPlan) -> tuple[Models, str]:
    table = price_table(plan.settings)
    chosen = chosen_models(plan.settings, plan.environ, table)
    options = model_options(plan.settings, plan.environ)
    warm_up([chosen.root, chosen.sub], options)
    models = Models(
        root=open_model(chosen.root, options, "root", table),
        sub=open_model(chosen.sub, options, "sub", table),
        aliases=_aliases(plan, chosen, options, table),
    )
    _require_prices(plan, models)
    return models, chosen.why


def opened_model(plan: AskPlan, name: str, purpose: str) -> Model:
    """One model by its name or alias; purpose is `root` or `sub`.

    Errors:  SettingsError when it is not known, or its key is missing.
    """
    full = plan.settings.models.full_name(name)
    return open_model(full, model_options(plan.settings, plan.environ), purpose, price_table(plan.settings))


def _aliases(plan: AskPlan, chosen: Chosen, options: ModelOptions, table: PriceTable) -> dict[str, Model]:
    """The models that cells may name: those of the user's aliases that can be opened now.

    One without a price is not offered under a ceiling of dollars that the user has set.
    """
    found: dict[str, Model] = {}
    needs_price = plan.settings.limits.usd is not None and plan.settings.origin("limits.usd") != "default"
    for alias, name in plan.settings.models.aliases.items():
        try:
            model = open_model(name, options, "sub", table)
        except SettingsError:
            continue  # an alias without its key is not offered to cells; naming it as --model says why
        if model.facts.usd_per_token_in is not None or not needs_price:
            found[alias] = model
    return found


def _require_prices(plan: AskPlan, models: Models) -> None:
    """A ceiling that the user has set must be kept: without a price it cannot be."""
    limit, origin = plan.settings.limits.usd, plan.settings.origin("limits.usd")
    if limit is None or origin == "default":
        return
    for model in (models.root, models.sub):
        if model.facts.usd_per_token_in is None:
            raise SettingsError(
                f"the limit of {money(limit)} ({origin}) cannot be kept",
                f"the price of {model.facts.name} is not known",
                f"Name it: rlm config set models.prices.{model.facts.name} "
                "'{ in = 1.0, out = 3.0 }', or use --max-calls and --max-tokens",
            )
