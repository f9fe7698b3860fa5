"""Which models would be used, whether their keys are there (never what they are), and local servers."""

from __future__ import annotations

from collections.abc import Mapping

from rlm_cli.base.errors import RlmError, SettingsError
from rlm_cli.base.text import counted
from rlm_cli.models.choose import Chosen
from rlm_cli.models.endpoints import ENDPOINTS, address_of
from rlm_cli.models.naming import OFFLINE, is_own, key_in, missing_key
from rlm_cli.models.probing import probe
from rlm_cli.runs.checks.finding import Finding, failed_with, ok, warn
from rlm_cli.runs.from_settings import chosen_models
from rlm_cli.settings.tree import Settings

_NAMED = 3


def models(settings: Settings, environ: Mapping[str, str]) -> list[Finding]:
    """The pair that a question would use, and a key for each."""
    try:
        chosen = chosen_models(settings, environ)
    except RlmError as error:
        return [failed_with("models", error)]
    if chosen.root == OFFLINE and settings.models.root is None:
        found = warn(
            "models",
            f"{OFFLINE}, which is no language model: {chosen.why}",
            "Set a provider's key, such as OPENAI_API_KEY, or run: rlm config keys set PROVIDER",
        )
        return [found, *_aliases(settings, environ)]
    pair = chosen.root if chosen.root == chosen.sub else f"{chosen.root} (root), {chosen.sub} (sub-calls)"
    return [
        ok("models", f"{pair}: {chosen.why}", is_required=True),
        *_keys(chosen, environ),
        *_aliases(settings, environ),
    ]


def servers(environ: Mapping[str, str]) -> list[Finding]:
    """Model servers on this machine, asked for their list."""
    addresses = [address_of(each, environ) for each in ENDPOINTS.values() if each.is_local]
    answering = [
        f"{address.endpoint.provider} with {counted(len(names), 'model')} ({', '.join(names[:_NAMED])})"
        for address, names in zip(addresses, probe(addresses), strict=True)
        if names
    ]
    return [ok("local servers", "; ".join(answering) or "none answers")]


def _keys(chosen: Chosen, environ: Mapping[str, str]) -> list[Finding]:
    found = []
    for name in dict.fromkeys((chosen.root, chosen.sub)):
        if not is_own(name):
            text = "is there" if key_in(name, environ) else "is not needed, or is not a single variable"
            found.append(ok(f"key of {name}", text))
    return found


def _aliases(settings: Settings, environ: Mapping[str, str]) -> list[Finding]:
    found = []
    for alias, name in settings.models.aliases.items():
        try:
            variable = missing_key(name, environ)
        except SettingsError as error:
            found.append(warn(f"alias {alias}", str(error)))
            continue
        if variable:
            found.append(warn(f"alias {alias}", f"{name} has no key: {variable} is not set"))
    return found
