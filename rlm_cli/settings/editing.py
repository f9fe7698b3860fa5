"""Changes to the user's configuration file: one setting at a time, comments and order kept.

Every value is checked before anything is written. Knows nothing of precedence.
"""

from __future__ import annotations

from collections.abc import MutableMapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rlm_cli.base.errors import SettingsError
from rlm_cli.settings import parsing
from rlm_cli.settings.checking import from_text, from_toml
from rlm_cli.settings.files import parsed, read_text, settings_of, suggestion
from rlm_cli.settings.spec import TABLES, Kind, Spec
from rlm_cli.settings.table import BY_NAME, spec_of
from rlm_cli.settings.writing import replace_file

if TYPE_CHECKING:
    from tomlkit import TOMLDocument

_COMMAND_LINE = "the command line"


def set_value(path: Path, label: str, name: str, words: Sequence[str], profile: str | None = None) -> None:
    """Give a setting of the file a value, in a profile of it if one is named.

    Shape:   words are the value as typed; several are a list.
    Errors:  SettingsError for an unknown setting or a wrong value, and when the rest of the file is
             wrong: nothing is written then.
    """
    spec = required_spec(name)
    value = _toml_value(spec, name, words)
    document = _document(path, label)
    table: MutableMapping[str, Any] = document
    *above, last = _keys(spec, name, profile)
    for key in above:
        table = table.setdefault(key, {})
        if not isinstance(table, MutableMapping):
            raise SettingsError(
                f"cannot set {name}", f"{key} is not a table in {label}", "Run: rlm config edit"
            )
    table[last] = value
    _write(path, label, document)


def unset_value(path: Path, label: str, name: str, profile: str | None = None) -> bool:
    """Take a setting out of the file; an unknown one too. False when it was not there.

    Errors:  SettingsError when the file cannot be read, is not TOML, or cannot be written.
    """
    document = _document(path, label)
    spec = spec_of(name)
    keys = (
        _keys(spec, name, profile)
        if spec
        else ((("profiles", profile) if profile else ()) + tuple(name.split(".")))
    )
    tables: list[MutableMapping[str, Any]] = [document]
    for key in keys[:-1]:
        below = tables[-1].get(key)
        if not isinstance(below, MutableMapping):
            return False
        tables.append(below)
    if keys[-1] not in tables[-1]:
        return False
    del tables[-1][keys[-1]]
    for table, key in zip(reversed(tables[:-1]), reversed(keys[:-1]), strict=True):
        if not table[key]:
            del table[key]
    replace_file(path, document.as_string())
    return True


def required_spec(name: str) -> Spec:
    """The setting of a name that a user has typed.

    Errors:  SettingsError with a suggestion when there is none.
    """
    spec = spec_of(name)
    if spec is None:
        near = suggestion(name)
        remedy = f"Did you mean {near}?" if near else "Run: rlm help config"
        raise SettingsError(f"unknown setting {name}", "there is no setting of this name", remedy)
    if spec.kind in TABLES and name == spec.name:
        raise SettingsError(
            f"{name} is a table", "its entries are set one by one", f"For example: {name}.NAME"
        )
    return spec


def _toml_value(spec: Spec, name: str, words: Sequence[str]) -> Any:
    text = " ".join(words)
    if spec.kind is Kind.TEXTS:
        return list(words) if len(words) > 1 else list(parsing.items(text))
    if spec.kind is Kind.ALIASES:
        return from_toml(spec, text, _COMMAND_LINE, name)
    if spec.kind in TABLES:
        value = _toml_literal(text)
        from_toml(spec, value, _COMMAND_LINE, name)
        return value
    value = from_text(spec, text, _COMMAND_LINE)
    if value is None:
        return "none"
    is_notation = spec.kind in (Kind.SECONDS, Kind.BYTES) and not text.strip().isdigit()
    return text.strip() if is_notation else value


def _toml_literal(text: str) -> Any:
    import tomllib

    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text


def _keys(spec: Spec, name: str, profile: str | None) -> tuple[str, ...]:
    above = ("profiles", profile) if profile else ()
    entry = (name[len(spec.name) + 1 :],) if name != spec.name else ()
    return (*above, *(spec.name if spec.name in BY_NAME else name).split("."), *entry)


def _document(path: Path, label: str) -> TOMLDocument:
    import tomlkit

    text = read_text(path, label) or ""
    parsed(text, label)
    return tomlkit.parse(text)


def _write(path: Path, label: str, document: TOMLDocument) -> None:
    text = document.as_string()
    settings_of(text, label)
    replace_file(path, text)
