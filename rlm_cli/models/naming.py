"""What a model may be called, which provider a name belongs to, and which key that provider wants.

Owns `provider/model`, the few names of our own, and the sentence that a wrong name is answered with.
Never imports litellm: its providers are read from the data files in its folder.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping

import msgspec

from rlm_cli.base.errors import SettingsError
from rlm_cli.models.endpoints import ENDPOINTS, address_of, endpoint_of
from rlm_cli.models.prices import PriceTable, table_path

OFFLINE = "offline"
SCRIPTED = "scripted:"
_SUPPORT = "provider_endpoints_support_backup.json"

KEY_VARIABLES: dict[str, tuple[str, ...]] = {
    **{provider: endpoint.key_variables for provider, endpoint in ENDPOINTS.items() if not endpoint.is_local},
    "anthropic": ("ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN"),
    "gemini": ("GEMINI_API_KEY", "GOOGLE_API_KEY"),
    "cerebras": ("CEREBRAS_API_KEY",),
    "cohere": ("COHERE_API_KEY", "CO_API_KEY"),
    "cohere_chat": ("COHERE_API_KEY", "CO_API_KEY"),
    "deepinfra": ("DEEPINFRA_API_KEY",),
    "dashscope": ("DASHSCOPE_API_KEY",),
    "huggingface": ("HF_TOKEN", "HUGGINGFACE_API_KEY"),
    "moonshot": ("MOONSHOT_API_KEY",),
    "nebius": ("NEBIUS_API_KEY",),
    "novita": ("NOVITA_API_KEY",),
    "nvidia_nim": ("NVIDIA_NIM_API_KEY",),
    "perplexity": ("PERPLEXITYAI_API_KEY", "PERPLEXITY_API_KEY"),
    "replicate": ("REPLICATE_API_KEY",),
    "sambanova": ("SAMBANOVA_API_KEY",),
    "zai": ("ZAI_API_KEY",),
}
"""Providers that want one key. Others (azure, bedrock, vertex_ai …) have ways of their own to sign in."""


def is_own(name: str) -> bool:
    """Whether a name is one of ours and no provider's."""
    return name == OFFLINE or name.startswith(SCRIPTED)


def canonical(name: str, table: PriceTable) -> str:
    """The name as `provider/model`: a bare name that the table knows gets its provider.

    Errors:  SettingsError for a provider that does not exist, or a name that could mean anything.
    """
    if is_own(name):
        return name
    provider, slash, model = name.partition("/")
    known = providers(table)
    if slash and model and provider in known:
        return name
    if not slash:
        owners = [each for each in ("openai", "anthropic", "deepseek") if table.find(f"{each}/{name}").mode]
        if owners:
            return f"{owners[0]}/{name}"
    near = difflib.get_close_matches(provider, sorted(known | {OFFLINE}), 1, 0.6)
    if slash:
        what, why = f"there is no provider {provider!r}", f"in the model name {name!r}"
    else:
        what, why = f"the model name {name!r} has no provider", "names are written provider/model"
    remedy = f"Did you mean {near[0]}{slash}{model}? " if near else ""
    raise SettingsError(what, why, f"{remedy}See: rlm models list")


def providers(table: PriceTable) -> set[str]:
    """Every provider that can be named."""
    found = set(ENDPOINTS) | set(KEY_VARIABLES) | _supported()
    return found if found > set(ENDPOINTS) | set(KEY_VARIABLES) else found | table.providers()


def key_in(name: str, environ: Mapping[str, str]) -> str | None:
    """The key for a model in this environment; None when there is none, or when none is known of."""
    variables = KEY_VARIABLES.get(name.partition("/")[0], ())
    endpoint = endpoint_of(name)
    if endpoint is not None:
        variables = endpoint.key_variables
    return next((environ[variable] for variable in variables if environ.get(variable)), None)


def missing_key(name: str, environ: Mapping[str, str]) -> str | None:
    """The variable that must be set before a model can be called; None when none is known of."""
    if is_own(name) or key_in(name, environ):
        return None
    endpoint = endpoint_of(name)
    if endpoint is not None and not address_of(endpoint, environ).needs_key:
        return None
    variables = KEY_VARIABLES.get(name.partition("/")[0], ())
    return variables[0] if variables else None


def require_keys(names: Iterable[str], environ: Mapping[str, str]) -> None:
    """Make sure that every named model can be signed in to, before anything is spent.

    Errors:  SettingsError that names the variable.
    """
    for name in names:
        variable = missing_key(name, environ)
        if variable is not None:
            raise SettingsError(
                f"there is no key for {name}",
                f"{variable} is not set",
                f"Run: export {variable}=…  or: rlm config keys set {name.partition('/')[0]}",
            )


def _supported() -> set[str]:
    path = table_path()
    path = path.with_name(_SUPPORT) if path is not None else None
    if path is None or not path.is_file():
        return set()
    data = msgspec.json.decode(path.read_bytes(), type=dict[str, msgspec.Raw])
    listed = msgspec.json.decode(data.get("providers", msgspec.Raw(b"{}")), type=dict[str, msgspec.Raw])
    return {name.partition("/")[0] for name in listed}
