"""Opens a model by its name: the one place that knows which adapter serves which name.

Owns the choice of adapter. Opening is cheap: nothing is imported, and no connection is made, before the
first request.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from rlm_cli.base.errors import SettingsError
from rlm_cli.models import litellm_loading, openai_adapter
from rlm_cli.models.endpoints import address_of, endpoint_of
from rlm_cli.models.failures import Place
from rlm_cli.models.litellm_adapter import LitellmModel
from rlm_cli.models.naming import KEY_VARIABLES, OFFLINE, SCRIPTED, canonical, is_own, key_in, require_keys
from rlm_cli.models.offline import OfflineModel
from rlm_cli.models.openai_adapter import OpenAIModel
from rlm_cli.models.patience import Patience
from rlm_cli.models.prices import PriceTable
from rlm_cli.models.scripted import read_script, scripted
from rlm_cli.ports import Model

TRANSPORTS = ("auto", "litellm", "slim")


@dataclass(frozen=True)
class ModelOptions:
    """How models are reached.

    Shape:   transport `auto` takes the slim adapter where the provider speaks OpenAI's protocol, and
             litellm for all others. environ holds keys and addresses (the process's own, with stored
             keys above it). prices are the settings' own, in dollars a million tokens.
    """

    environ: Mapping[str, str] = field(default_factory=dict, repr=False)
    transport: str = "auto"
    patience: Patience = field(default_factory=Patience)
    prices: Mapping[str, Mapping[str, float]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.transport not in TRANSPORTS:
            raise SettingsError(
                f"there is no transport {self.transport!r}", "", f"Use one of: {', '.join(TRANSPORTS)}"
            )


def open_model(
    name: str, options: ModelOptions, purpose: str = "root", table: PriceTable | None = None
) -> Model:
    """The model of a name.

    Shape:   purpose is `root` or `sub`: which part of a script is played.
    Errors:  SettingsError when the name, its key or its script cannot be used.
    """
    if name == OFFLINE:
        return OfflineModel()
    if name.startswith(SCRIPTED):
        return scripted(name, read_script(Path(name.removeprefix(SCRIPTED)).expanduser()), purpose)
    table = table or PriceTable(options.prices)
    name = canonical(name, table)
    require_keys([name], options.environ)
    card = table.find(name)
    endpoint = endpoint_of(name)
    if endpoint is not None and options.transport != "litellm":
        return OpenAIModel(name, address_of(endpoint, options.environ), card, options.patience)
    if options.transport == "slim":
        why = "its provider does not speak OpenAI's protocol, or not at an address that is known"
        raise SettingsError(f"{name} cannot be reached by the slim transport", why, "Use transport = auto")
    return _through_litellm(name, options, table)


def warm_up(names: list[str], options: ModelOptions) -> threading.Thread | None:
    """Import in the background what these models will need; None when there is nothing to wait for."""
    real = [name for name in names if not is_own(name)]
    if any(not _is_slim(name, options) for name in real):
        return litellm_loading.warm_up()
    return _in_background(openai_adapter.warm_up) if real else None


def _is_slim(name: str, options: ModelOptions) -> bool:
    return options.transport != "litellm" and endpoint_of(name) is not None


def _through_litellm(name: str, options: ModelOptions, table: PriceTable) -> LitellmModel:
    provider = name.partition("/")[0]
    key = key_in(name, options.environ)
    address: dict[str, str] = {"api_key": key} if key else {}
    endpoint = endpoint_of(name)
    where, is_local, url, origin = provider, False, "", ""
    if endpoint is not None:
        found = address_of(endpoint, options.environ)
        where, is_local = found.netloc, found.is_loopback
        url, origin = f"{found.base_url}/chat/completions", found.origin
        if found.origin or endpoint.is_local:
            address["api_base"] = found.base_url
            if provider in ("ollama", "ollama_chat"):  # litellm speaks Ollama's own protocol
                url = address["api_base"] = found.base_url.removesuffix("/v1")
            address.setdefault("api_key", "none")
    variables = KEY_VARIABLES.get(provider, ())
    place = Place(
        model=name,
        endpoint=where,
        key_variable=variables[0] if variables else "",
        is_local=is_local,
        secrets=(key,) if key else (),
        url=url,
        origin=origin,
    )
    return LitellmModel(name, table.find(name), place, address=address, patience=options.patience)


def _in_background(work: Callable[[], None]) -> threading.Thread:
    thread = threading.Thread(target=work, name="models-warm-up", daemon=True)
    thread.start()
    return thread
