"""What a question would read and cost, found out without a model: the corpus is read, nothing is sent."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rlm_cli.base.errors import SettingsError
from rlm_cli.ports import ModelFacts
from rlm_cli.runs.from_settings import chosen_models, model_options, price_table, read_options, run_settings
from rlm_cli.runs.plan import AskPlan

if TYPE_CHECKING:
    from rlm_cli.corpus.opened import Scan
    from rlm_cli.corpus.progress import Report


@dataclass(frozen=True, kw_only=True)
class ModelsFound:
    """The pair of models of a run, what is known of them, and why they were chosen."""

    root: ModelFacts
    sub: ModelFacts
    why: str


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """What is known before anything is spent.

    Units:   usd is for reading every token of the corpus once: by the root model when it goes to it whole,
             by the sub-model otherwise; replies are not in it. None: the price is not known.
    """

    scan: Scan
    models: ModelsFound
    is_direct: bool
    usd: float | None


def estimate(plan: AskPlan, report: Report) -> Estimate:
    """Read the corpus of a plan, and work out what its question would take.

    Errors:  CorpusError, SettingsError: those that the question itself would end with.
    """
    from rlm_cli.corpus.opened import nothing_read
    from rlm_cli.engine.direct import is_direct

    models = models_found(plan)
    scan = scanned(plan, report)
    if not scan.loaded.documents:
        raise nothing_read(scan.loaded)
    goes_whole = is_direct(run_settings(plan.settings), models.root, scan.loaded.tokens)
    reader = models.root if goes_whole else models.sub
    return Estimate(
        scan=scan, models=models, is_direct=goes_whole, usd=usd_of_pass(reader, scan.loaded.tokens)
    )


def scanned(plan: AskPlan, report: Report) -> Scan:
    """What the corpus of a plan holds, exactly.

    Errors:  CorpusError.
    """
    from rlm_cli.corpus.opened import scan

    return scan(
        plan.inputs,
        read_options(plan.settings.corpus),
        cache_dir=plan.directories.cache,
        stdin=plan.stdin,
        progress=report,
    )


def models_found(plan: AskPlan) -> ModelsFound:
    """The models that a plan would use; opens none, but may ask servers of this machine for their list.

    Errors:  SettingsError for an unknown model, or one without a key.
    """
    from rlm_cli.models.opening import open_model

    table = price_table(plan.settings)
    options = model_options(plan.settings, plan.environ)
    chosen = chosen_models(plan.settings, plan.environ, table)
    return ModelsFound(
        root=open_model(chosen.root, options, "root", table).facts,
        sub=open_model(chosen.sub, options, "sub", table).facts,
        why=chosen.why,
    )


def usd_of_pass(facts: ModelFacts, tokens: int) -> float | None:
    """What it costs at most to put so many tokens to a model once, in requests of ordinary size."""
    return None if facts.usd_per_token_in is None else tokens * facts.usd_per_token_in


def or_problem(find: Callable[[], ModelsFound]) -> tuple[ModelsFound | None, str]:
    """The models, or why there are none: for commands that can do without."""
    try:
        return find(), ""
    except SettingsError as problem:
        return None, str(problem)
