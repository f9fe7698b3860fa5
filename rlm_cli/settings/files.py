"""TOML files of settings: read, checked against the table, flattened to leaves with file and line.

Owns what a file may look like. Knows nothing of precedence, nor of who may be trusted.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rlm_cli.base.errors import SettingsError
from rlm_cli.settings.checking import closest, from_toml, refused
from rlm_cli.settings.spec import TABLES
from rlm_cli.settings.table import BY_NAME

_LIMIT_BYTES = 1_000_000
_SECRET = re.compile(r"(^|[._-])(api_?)?(keys?|secrets?|tokens?|passwords?)$", re.IGNORECASE)


@dataclass(frozen=True)
class Leaf:
    """One value as some source gives it: its setting's dotted name, the value, the origin for people."""

    name: str
    value: Any
    origin: str


@dataclass(frozen=True, kw_only=True)
class SettingsFile:
    """What one file says: its own leaves, and those of each profile that it defines."""

    label: str
    leaves: tuple[Leaf, ...] = ()
    profiles: Mapping[str, tuple[Leaf, ...]] = field(default_factory=dict)


def read_settings(path: Path, label: str) -> SettingsFile:
    """The settings of a file; a file that does not exist says nothing.

    Shape:   label is the file's name for people, with which every origin begins.
    Errors:  SettingsError when it cannot be read, is not TOML, or holds an unknown or a wrong setting.
    """
    text = read_text(path, label)
    return settings_of(text, label) if text is not None else SettingsFile(label=label)


def read_text(path: Path, label: str) -> str | None:
    """The text of a file of settings, None when there is no such file.

    Errors:  SettingsError when it cannot be read, is not a plain file, or is no UTF-8 text.
    """
    try:
        if not path.exists():
            return None
        if not path.is_file() or path.stat().st_size > _LIMIT_BYTES:
            raise SettingsError(f"cannot read {label}", "it is not a file of settings")
        return path.read_text("utf-8")
    except OSError as problem:
        raise SettingsError(f"cannot read {label}", problem.strerror or str(problem)) from problem
    except UnicodeDecodeError as problem:
        raise SettingsError(f"cannot read {label}", "it is not UTF-8 text") from problem


def settings_of(text: str, label: str) -> SettingsFile:
    """The settings that a TOML text holds.

    Errors:  SettingsError when it is not TOML, or holds an unknown or a wrong setting.
    """
    tree = parsed(text, label)
    profiles = tree.pop("profiles", {})
    if not isinstance(profiles, dict):
        raise refused(
            "profiles", profiles, _place(text, label, ("profiles",)), "it must be a table of profiles"
        )
    source = _Source(text, label)
    return SettingsFile(
        label=label,
        leaves=tuple(source.leaves(tree, ())),
        profiles={name: source.profile(name, body) for name, body in profiles.items()},
    )


def parsed(text: str, label: str) -> dict[str, Any]:
    """The tables of a TOML text.

    Errors:  SettingsError with the line when it is not TOML.
    """
    import tomllib

    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as problem:
        raise SettingsError(f"cannot read {label}", f"it is not TOML: {problem}", f"Edit {label}") from None


@dataclass(frozen=True)
class _Source:
    text: str
    label: str

    def profile(self, name: str, body: Any) -> tuple[Leaf, ...]:
        if not isinstance(body, dict):
            origin = _place(self.text, self.label, ("profiles", name))
            raise refused(f"profiles.{name}", body, origin, "it must be a table of settings")
        return tuple(self.leaves(body, ("profiles", name)))

    def leaves(self, table: Mapping[str, Any], above: tuple[str, ...]) -> Iterator[Leaf]:
        for key, value in table.items():
            yield from self._leaf((*above, key), value)

    def _leaf(self, keys: tuple[str, ...], value: Any) -> Iterator[Leaf]:
        name = ".".join(_setting_keys(keys))
        spec = BY_NAME.get(name)
        if spec is None:
            if not isinstance(value, dict) or not any(known.startswith(name + ".") for known in BY_NAME):
                raise self._unknown(keys, name)
            yield from self.leaves(value, keys)
        elif spec.kind not in TABLES:
            origin = self._origin(keys)
            yield Leaf(name, from_toml(spec, value, origin), origin)
        elif not isinstance(value, dict):
            raise refused(name, value, self._origin(keys), "it must be a table")
        else:
            for entry, raw in value.items():
                origin = self._origin((*keys, entry))
                full = f"{name}.{entry}"
                yield Leaf(full, from_toml(spec, raw, origin, full), origin)

    def _origin(self, keys: tuple[str, ...]) -> str:
        place = _place(self.text, self.label, keys)
        return f"{place} [profiles.{keys[1]}]" if keys[0] == "profiles" else place

    def _unknown(self, keys: tuple[str, ...], name: str) -> SettingsError:
        place = _place(self.text, self.label, keys)
        if _SECRET.search(name):
            remedy = "Credentials never stand in a settings file. Run: rlm config keys set PROVIDER"
        else:
            near = suggestion(name)
            remedy = f"Did you mean {near}?" if near else "Run: rlm help config"
        return SettingsError(
            f"unknown setting {name}, from {place}", "there is no setting of this name", remedy
        )


def suggestion(name: str) -> str:
    """The setting that a name was probably meant to be, or an empty text."""
    near = closest(name, tuple(BY_NAME))
    if near:
        return near
    last = name.rpartition(".")[2]
    return next((known for known in BY_NAME if known.rpartition(".")[2] == last), "")


def _setting_keys(keys: tuple[str, ...]) -> tuple[str, ...]:
    return keys[2:] if keys[0] == "profiles" else keys


def _place(text: str, label: str, keys: tuple[str, ...]) -> str:
    line = line_of(text, keys)
    return f"{label}:{line}" if line else label


def line_of(text: str, keys: tuple[str, ...]) -> int | None:
    """The line on which a key stands in a TOML text, None when it cannot be told.

    TOML libraries do not keep lines. This reads headers and keys line by line, which is exact for what
    people write; inside a multi-line text or an inline table it may find the line of the table instead.
    """
    header: tuple[str, ...] = ()
    best: tuple[int, int] | None = None
    for number, line in enumerate(text.splitlines(), start=1):
        stripped = line.strip()
        if stripped.startswith("["):
            header = _key_parts(stripped.strip("[]").partition("]")[0])
            here = header
        elif "=" in stripped and not stripped.startswith("#"):
            here = header + _key_parts(stripped)
        else:
            continue
        if here == keys[: len(here)] and (best is None or len(here) > best[0]):
            best = (len(here), number)
    return best[1] if best else None


_PART = re.compile(r"\s*(?:\"([^\"]*)\"|'([^']*)'|([A-Za-z0-9_-]+))\s*(\.|=|$)")


def _key_parts(line: str) -> tuple[str, ...]:
    parts: list[str] = []
    position = 0
    while match := _PART.match(line, position):
        parts.append(match[1] or match[2] or match[3] or "")
        position = match.end()
        if match[4] != ".":
            break
    return tuple(parts)
