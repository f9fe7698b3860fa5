"""Precedence: flag, environment, profile, project file, user file, default; each leaf keeps its origin.

Owns the order, the search for the project file and what an untrusted one may say. Prints nothing:
what the user should know is in the notices of the result.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rlm_cli.base.errors import SettingsError
from rlm_cli.settings.checking import closest, from_text
from rlm_cli.settings.files import Leaf, SettingsFile, read_settings
from rlm_cli.settings.locations import Directories, directories, shown
from rlm_cli.settings.spec import TABLES, ByProject, Kind, Spec
from rlm_cli.settings.table import OTHER_VARIABLES, SETTINGS, spec_of
from rlm_cli.settings.tree import Setting, Settings, grown

PROJECT_FILE = "rlm.toml"


@dataclass(frozen=True, kw_only=True)
class Sources:
    """Everything that settings are made from.

    Shape:   flags maps the name of a setting to its value and the flag as it was written; profile is
             that of `--profile`, None when it was not given.
    """

    environ: Mapping[str, str]
    cwd: Path
    directories: Directories
    flags: Mapping[str, Setting] = field(default_factory=dict)
    profile: str | None = None


def sources(environ: Mapping[str, str], cwd: Path) -> Sources:
    """The sources of a command without flags."""
    return Sources(environ=environ, cwd=cwd, directories=directories(environ))


def resolve(given: Sources) -> Settings:
    """All settings of one command.

    Errors:  SettingsError for a file that cannot be read, an unknown or a wrong setting, an unknown
             profile; UsageError for a wrong flag.
    """
    pile = _Pile()
    user = read_settings(given.directories.config_file, shown(given.directories.config_file, given.environ))
    pile.add(user.leaves)
    pile.add(_from_environment(given.environ, only=("trust.projects",)))
    path = project_file(given.cwd)
    project = read_settings(path, shown(path, given.environ)) if path else SettingsFile(label="")
    is_trusted = path is not None and _is_trusted(path.parent, pile.value("trust.projects"), given.environ)
    pile.add(project.leaves, is_trusted=is_trusted)

    profile = given.profile or given.environ.get("RLM_PROFILE") or None
    if profile is not None:
        _require_profile(profile, "--profile" if given.profile else "RLM_PROFILE", (user, project))
        pile.add(user.profiles.get(profile, ()))
        pile.add(project.profiles.get(profile, ()), is_trusted=is_trusted)
    pile.add(_from_environment(given.environ))
    pile.add(Leaf(name, flag.value, flag.origin) for name, flag in given.flags.items())
    return grown(pile.leaves, profile, (*pile.refusals(path), *_unknown_variables(given.environ)))


def project_file(cwd: Path) -> Path | None:
    """The nearest `rlm.toml` between a folder and the root of its repository, None when there is none.

    Outside of a repository only the folder itself counts: a file that someone has put into /tmp or
    another shared parent must not speak for all that lies below.
    """
    seen: list[Path] = []
    for folder in (cwd, *cwd.parents):
        seen.append(folder)
        if (folder / ".git").exists():
            break
    else:
        seen = [cwd]
    return next((folder / PROJECT_FILE for folder in seen if (folder / PROJECT_FILE).is_file()), None)


class _Pile:
    """Leaves, later ones over earlier ones; those of an untrusted source only where they may stand."""

    def __init__(self) -> None:
        self.leaves: dict[str, Setting] = {
            spec.name: Setting(spec.default, "default") for spec in SETTINGS if spec.kind not in TABLES
        }
        self._refused: list[Leaf] = []

    def value(self, name: str) -> Any:
        return self.leaves[name].value

    def add(self, leaves: Iterable[Leaf], is_trusted: bool = True) -> None:
        for leaf in leaves:
            if is_trusted or may_stand(spec_of(leaf.name), leaf.value, self._before(leaf)):
                self.leaves[leaf.name] = Setting(leaf.value, leaf.origin)
            else:
                self._refused.append(leaf)

    def refusals(self, path: Path | None) -> tuple[str, ...]:
        return tuple(
            f"{leaf.origin} may not {_verb(spec_of(leaf.name))} {leaf.name}: ignored. "
            f"To allow it, add {path.parent if path else ''} to trust.projects in your configuration."
            for leaf in self._refused
        )

    def _before(self, leaf: Leaf) -> Any:
        return self.leaves[leaf.name].value if leaf.name in self.leaves else None


def may_stand(spec: Spec | None, value: Any, before: Any) -> bool:
    """Whether an untrusted source may give a setting this value in place of the one before."""
    if spec is None or spec.by_project is ByProject.NEVER:
        return False
    if spec.by_project is ByProject.ANY:
        return True
    if spec.kind is Kind.SWITCH:
        return bool(value == spec.safer or value == before)
    return bool(before is None or (value is not None and value <= before))


def _verb(spec: Spec | None) -> str:
    if spec is None or spec.by_project is ByProject.NEVER:
        return "set"
    return "switch" if spec.kind is Kind.SWITCH else "raise"


def _from_environment(environ: Mapping[str, str], only: tuple[str, ...] = ()) -> list[Leaf]:
    return [
        Leaf(spec.name, from_text(spec, environ[spec.variable], spec.variable), spec.variable)
        for spec in SETTINGS
        if spec.variable and environ.get(spec.variable) and (not only or spec.name in only)
    ]


def _unknown_variables(environ: Mapping[str, str]) -> Iterable[str]:
    known = (*(spec.variable for spec in SETTINGS if spec.variable), *OTHER_VARIABLES)
    for name in sorted(environ):
        if name.startswith("RLM_") and name not in known:
            near = closest(
                name.removeprefix("RLM_"), tuple(one.removeprefix("RLM_").lower() for one in known)
            )
            hint = f"; did you mean RLM_{near.upper()}?" if near else ". See: rlm help env"
            yield f"{name} is set, but there is no such variable{hint}"


def _is_trusted(folder: Path, trusted: tuple[str, ...], environ: Mapping[str, str]) -> bool:
    home = environ.get("HOME", "~")
    here = folder.resolve()
    for text in trusted:
        root = Path(home + text[1:] if text == "~" or text.startswith("~/") else text)
        if root.is_absolute() and here.is_relative_to(root.resolve()):
            return True
    return False


def _require_profile(name: str, origin: str, files: tuple[SettingsFile, ...]) -> None:
    known = sorted({profile for file in files for profile in file.profiles})
    if name in known:
        return
    near = closest(name, tuple(known))
    remedy = f"Did you mean {near}?" if near else f"Profiles: {', '.join(known)}" if known else ""
    remedy = remedy or f"Add [profiles.{name}] to your configuration. Run: rlm config edit"
    raise SettingsError(f"unknown profile {name}, from {origin}", "no file of settings defines it", remedy)
