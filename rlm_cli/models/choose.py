"""Decides which models a run uses, and can say why: named, by key, by a local server, or none at all.

Owns the order of precedence and the pairs of root and sub-model. Opens no model, spends nothing, imports
no provider library, and asks the network only through the probe that it is given.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from rlm_cli.models.endpoints import ENDPOINTS, Address, address_of, endpoint_of
from rlm_cli.models.naming import KEY_VARIABLES, OFFLINE, canonical, is_own, require_keys
from rlm_cli.models.prices import PriceTable
from rlm_cli.models.probing import Probe, probe

PAIRS: dict[str, tuple[tuple[str, str], ...]] = {
    "openai": (("gpt-6.1-sol", "gpt-6-luna"), ("gpt-5.1", "gpt-5-mini"), ("gpt-4.1", "gpt-4.1-mini")),
    "anthropic": (("claude-sonnet-5-5", "claude-haiku-5-5"), ("claude-sonnet-4-6", "claude-haiku-4-5")),
    "gemini": (
        ("gemini-pro-latest", "gemini-flash-lite-latest"),
        ("gemini-2.5-pro", "gemini-2.5-flash"),
    ),
    "openrouter": (("openai/gpt-5.1", "openai/gpt-5-mini"),),
    "groq": (("openai/gpt-oss-120b", "openai/gpt-oss-20b"),),
    "deepseek": (("deepseek-v4-pro", "deepseek-v4-flash"), ("deepseek-chat", "deepseek-chat")),
    "mistral": (("mistral-medium-latest", "mistral-small-latest"),),
    "xai": (("grok-4.7", "grok-4.20-non-reasoning"), ("grok-4.3", "grok-4.3")),
    "together_ai": (("zai-org/GLM-5.1", "openai/gpt-oss-20b"),),
    "fireworks_ai": (
        ("accounts/fireworks/models/glm-5p3", "accounts/fireworks/models/glm-5p3-flash"),
        ("accounts/fireworks/models/deepseek-v4-pro", "accounts/fireworks/models/deepseek-v4-pro"),
    ),
}
"""Root and sub-model of each provider, in order of precedence; of several the first that is in the table."""

_LOCAL = ("ollama", "lm_studio", "hosted_vllm", "llamafile")


@dataclass(frozen=True)
class Candidate:
    """A pair that could be used, and what speaks for it."""

    root: str
    sub: str
    why: str


@dataclass(frozen=True)
class Chosen:
    """The pair of a run.

    Shape:   why is a clause for people (`OPENAI_API_KEY is set`); candidates are all pairs that were
             found on the way, the chosen one first; empty when both models were named.
    """

    root: str
    sub: str
    why: str
    candidates: tuple[Candidate, ...] = ()


def choose(
    root: str | None,
    sub: str | None,
    environ: Mapping[str, str],
    ask: Probe = probe,
    table: PriceTable | None = None,
) -> Chosen:
    """The models of a run: named > by key > a local server > offline.

    Shape:   a root model that is named alone gets the sub-model of its provider, or itself.
    Errors:  SettingsError for an unknown provider, or for a named model whose key is missing.
    """
    table = table or PriceTable()
    named_root = canonical(root, table) if root else None
    named_sub = canonical(sub, table) if sub else None
    require_keys([name for name in (named_root, named_sub) if name], environ)
    if named_root is not None:
        return Chosen(named_root, named_sub or _sub_for(named_root, environ, table), "named")
    found = _by_key(environ, ask, table) or _by_server(environ, ask)
    nothing = Candidate(OFFLINE, OFFLINE, "no key is set, and no local model server answers")
    candidates = (*found, nothing)
    best = candidates[0]
    return Chosen(best.root, named_sub or best.sub, best.why, candidates)


def pair_of(provider: str, table: PriceTable) -> tuple[str, str] | None:
    """The sensible root and sub-model of a provider; None when we know of none."""
    pairs = [(f"{provider}/{root}", f"{provider}/{sub}") for root, sub in PAIRS.get(provider, ())]
    known = [pair for pair in pairs if all(table.find(name).rates is not None for name in pair)]
    return next(iter(known or pairs), None)


def _sub_for(root: str, environ: Mapping[str, str], table: PriceTable) -> str:
    endpoint = endpoint_of(root)
    if is_own(root) or (endpoint is not None and address_of(endpoint, environ).origin):
        return root
    pair = pair_of(root.partition("/")[0], table)
    return pair[1] if pair else root


def _by_key(environ: Mapping[str, str], ask: Probe, table: PriceTable) -> list[Candidate]:
    found: list[Candidate] = []
    for provider in PAIRS:
        variable = next((each for each in KEY_VARIABLES[provider] if environ.get(each)), None)
        pair = pair_of(provider, table)
        endpoint = ENDPOINTS.get(provider)
        address = address_of(endpoint, environ) if endpoint else None
        if address is not None and address.origin and provider == "openai":
            # Somebody else's server under OpenAI's name: only it knows which models it has.
            found += _at(address, ask, pair if variable else None)
        elif variable is not None and pair is not None:
            found.append(Candidate(*pair, f"{variable} is set"))
    return found


def _at(address: Address, ask: Probe, otherwise: tuple[str, str] | None) -> list[Candidate]:
    names = [f"{address.endpoint.provider}/{model}" for model in ask([address])[0]]
    why = f"{address.origin} is set"
    if otherwise is not None and (not names or set(otherwise) <= set(names)):
        return [Candidate(*otherwise, why)]
    return [Candidate(names[0], names[0], why)] if names else []


def _by_server(environ: Mapping[str, str], ask: Probe) -> list[Candidate]:
    addresses = [address_of(ENDPOINTS[provider], environ) for provider in _LOCAL]
    found: list[Candidate] = []
    for address, models in zip(addresses, ask(addresses), strict=True):
        if models:
            name = f"{address.endpoint.provider}/{models[0]}"
            found.append(Candidate(name, name, f"a model server answers at {address.netloc}"))
    return found
