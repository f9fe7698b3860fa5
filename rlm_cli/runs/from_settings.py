"""Settings as the parts of the program want them: the only place that translates one into the other.

Reads nothing but what it is given. Imports no provider library.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from rlm_cli.corpus.options import ReadOptions
from rlm_cli.models.endpoints import ENDPOINTS
from rlm_cli.models.naming import KEY_VARIABLES
from rlm_cli.settings.tree import CorpusSettings, Settings

if TYPE_CHECKING:
    from rlm_cli.engine.tree import RunSettings
    from rlm_cli.events.values import Json
    from rlm_cli.models.choose import Chosen
    from rlm_cli.models.opening import ModelOptions
    from rlm_cli.models.prices import PriceTable


def key_names() -> dict[str, tuple[str, ...]]:
    """The variables in which each provider's key is looked for, servers of the user's own included."""
    local = {name: each.key_variables for name, each in ENDPOINTS.items() if each.key_variables}
    return {**local, **KEY_VARIABLES}


def providers_wanted(settings: Settings) -> frozenset[str] | None:
    """The providers whose models a run may call, as the settings name them; None when it may be any."""
    models = settings.models
    if not models.root:
        return None
    names = {models.full_name(name) for name in (models.root, models.sub or models.root, *models.aliases)}
    if any("/" not in name and name != "offline" for name in names):
        return None
    return frozenset(name.partition("/")[0] for name in names)


def read_options(corpus: CorpusSettings) -> ReadOptions:
    """Which files are read."""
    return ReadOptions(
        include=corpus.include,
        exclude=corpus.exclude,
        is_hidden_read=corpus.hidden,
        is_ignore_respected=corpus.ignore_files,
        is_symlink_followed=corpus.follow_symlinks,
        is_ocr=corpus.ocr,
        max_file_bytes=corpus.max_file_bytes,
    )


def price_table(settings: Settings) -> PriceTable:
    """What models cost, the settings' own prices first."""
    from rlm_cli.models.prices import PriceTable

    return PriceTable(settings.models.prices)


def model_options(settings: Settings, environ: Mapping[str, str]) -> ModelOptions:
    """How models are reached; environ holds the credentials."""
    from rlm_cli.models.openai_adapter import Patience
    from rlm_cli.models.opening import ModelOptions

    return ModelOptions(
        environ=environ,
        transport=settings.models.transport,
        patience=Patience(idle_seconds=settings.models.idle_seconds),
        prices=settings.models.prices,
    )


def chosen_models(settings: Settings, environ: Mapping[str, str], table: PriceTable | None = None) -> Chosen:
    """The pair of models of a run, aliases looked up; may ask servers on this machine whether they are there.

    Errors:  SettingsError for an unknown provider, or for a named model whose key is missing.
    """
    from rlm_cli.models.choose import choose

    models = settings.models
    root = models.full_name(models.root) if models.root else None
    sub = models.full_name(models.sub) if models.sub else None
    return choose(root, sub, environ, table=table or price_table(settings))


def run_settings(settings: Settings, schema: Json = None) -> RunSettings:
    """How a run is to be done; models.max_tokens_out bounds the replies of both models."""
    from rlm_cli.engine.tree import RunSettings

    usual = RunSettings(limits=settings.limits)
    bound = settings.models.max_tokens_out
    return RunSettings(
        limits=settings.limits,
        mode=settings.answer.mode,
        schema=schema,
        temperature=settings.models.temperature,
        seed=settings.models.seed,
        options=settings.models.options,
        root_tokens_out=bound or usual.root_tokens_out,
        sub_tokens_out=bound or usual.sub_tokens_out,
    )
