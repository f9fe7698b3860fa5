"""Credentials: from the providers' own environment variables, then from a file that only its owner can read.

Owns the file, in which a key stands itself, or the command that gives it (`key_commands`). Values leave this
module only inside the environment that is given to the models; no function here returns one for showing.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from rlm_cli.base.errors import SettingsError
from rlm_cli.settings.files import parsed
from rlm_cli.settings.key_commands import KeyCommand, as_entry, key_command_of
from rlm_cli.settings.locations import Directories, shown
from rlm_cli.settings.writing import replace_file

KeyNames = Mapping[str, tuple[str, ...]]
"""The variables in which each provider's own tools look for its key, the usual one first.

Which they are is known to the models; it is given to every function here that needs it.
"""

_WITHOUT_KEY = frozenset({"offline", "scripted", "recorded"})
_OWN_CREDENTIALS = frozenset({"bedrock", "sagemaker", "vertex_ai"})


@dataclass(frozen=True, kw_only=True)
class KeyFound:
    """That there is a key, and where; never the key."""

    provider: str
    variable: str
    origin: str


def needs_key(provider: str) -> bool:
    """Whether a provider could take a key of its own: clouds with their own logins do not."""
    return provider not in _WITHOUT_KEY and provider not in _OWN_CREDENTIALS


def variables_of(provider: str, names: KeyNames) -> tuple[str, ...]:
    """The variables in which a provider's key is looked for; `<PROVIDER>_API_KEY` for those not named."""
    return names.get(provider) or (provider.upper().replace("-", "_") + "_API_KEY",)


def credentials(
    environ: Mapping[str, str],
    places: Directories,
    names: KeyNames,
    providers: Collection[str] | None = None,
) -> dict[str, str]:
    """The environment with which models are called: a stored key stands in its provider's usual variable.

    A provider that has any of its variables in the environment keeps exactly what is there.

    Shape:   the key commands of these providers are run, None: of all that the file names.
    Errors:  SettingsError when the file of keys can be read by others, or is wrong, or when a key command
             gives no key.
    """
    full = dict(environ)
    for provider, kept in stored_keys(places.keys_file, shown(places.keys_file, environ)).items():
        variables = variables_of(provider, names)
        if any(environ.get(name) for name in variables):
            continue
        if isinstance(kept, str):
            full[variables[0]] = kept
        elif providers is None or provider in providers:
            full[variables[0]] = kept.key(provider, environ)
    return full


def keys_found(environ: Mapping[str, str], places: Directories, names: KeyNames) -> list[KeyFound]:
    """Every key that would be used, provider by provider, without its value."""
    label = shown(places.keys_file, environ)
    stored = stored_keys(places.keys_file, label)
    found = []
    for provider in sorted({*names, *stored}):
        variables = variables_of(provider, names)
        present = next((name for name in variables if environ.get(name)), "")
        if present:
            found.append(KeyFound(provider=provider, variable=present, origin="environment"))
        elif provider in stored:
            kept = stored[provider]
            origin = label if isinstance(kept, str) else f"{kept.origin}, {label}"
            found.append(KeyFound(provider=provider, variable=variables[0], origin=origin))
    return found


def stored_keys(path: Path, label: str) -> dict[str, str | KeyCommand]:
    """The keys of the file, or the commands that give them, by provider; none when there is no file.

    Errors:  SettingsError when others can read it, when it belongs to another user, or when it is wrong.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        return {}
    except OSError as problem:
        raise SettingsError(f"cannot read {label}", problem.strerror or str(problem)) from problem
    with os.fdopen(descriptor, "rb") as file:
        _require_private(os.fstat(file.fileno()), label)
        raw = file.read()
    try:
        tree = parsed(raw.decode("utf-8"), label)
    except UnicodeDecodeError as problem:
        raise SettingsError(f"cannot read {label}", "it is not UTF-8 text") from problem
    kept: dict[str, str | KeyCommand] = {}
    for provider, entry in tree.items():
        found = entry if isinstance(entry, str) else key_command_of(entry)
        if not found or not needs_key(provider):
            raise SettingsError(
                f"{label} holds a wrong entry for {provider}",
                'each line must be: provider = "key", or { command = "…" }, or { keyring = true }',
                f"Run: rlm config keys set {provider}",
            )
        kept[provider] = found
    return kept


def store_key(places: Directories, label: str, provider: str, key: str) -> None:
    """Keep a provider's key in the file, readable by its owner alone.

    Errors:  SettingsError for a provider that takes no key, for an empty or many-lined key, and when the
             file cannot be read or written.
    """
    require_provider(provider)
    clean = key.strip()
    if not clean or any(not character.isprintable() for character in clean):
        raise SettingsError(f"the key of {provider} was not kept", "it is empty, or not one line of text")
    _write_keys(places, {**stored_keys(places.keys_file, label), provider: clean})


def store_command(places: Directories, label: str, provider: str, command: KeyCommand) -> None:
    """Keep how a provider's key is asked for, instead of the key.

    Errors:  as `store_key`; SettingsError for a command that cannot be read.
    """
    require_provider(provider)
    command.argv(provider)
    _write_keys(places, {**stored_keys(places.keys_file, label), provider: command})


def forget_key(places: Directories, label: str, provider: str) -> bool:
    """Take a provider's key out of the file; False when none was kept."""
    kept = stored_keys(places.keys_file, label)
    if provider not in kept:
        return False
    _write_keys(places, {name: key for name, key in kept.items() if name != provider})
    return True


def _write_keys(places: Directories, kept: Mapping[str, str | KeyCommand]) -> None:
    import json

    lines = ["# Keys of providers, written by: rlm config keys set PROVIDER", ""]
    for provider, key in sorted(kept.items(), key=lambda entry: entry[0]):
        lines.append(f"{provider} = {json.dumps(key) if isinstance(key, str) else as_entry(key)}")
    replace_file(places.keys_file, "\n".join(lines) + "\n", mode=0o600)


def require_provider(provider: str) -> None:
    """Do nothing for the name of a provider that takes a key.

    Errors:  SettingsError for any other name.
    """
    if not provider.replace("_", "").replace("-", "").isalnum() or not provider.isascii():
        raise SettingsError(
            f"{provider} is not the name of a provider", "", "For example: rlm config keys set openai"
        )
    if not needs_key(provider):
        own = provider in _OWN_CREDENTIALS
        why = "it uses the login of its own command-line tools" if own else "it needs none"
        raise SettingsError(f"{provider} takes no key", why)


def _require_private(status: os.stat_result, label: str) -> None:
    if not stat.S_ISREG(status.st_mode):
        raise SettingsError(f"cannot read {label}", "it is not a file")
    if status.st_uid != os.geteuid():
        raise SettingsError(f"{label} is not used", "it belongs to another user")
    if status.st_mode & 0o077:
        raise SettingsError(
            f"{label} is not used", "other users of this machine can read it", f"Run: chmod 600 {label}"
        )
