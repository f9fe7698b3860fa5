"""What a setting is: the values that the table of settings is written in. Knows no setting by name."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Any


class Kind(Enum):
    """How a setting is written and checked; the value names it for people."""

    TEXT = "text"
    CHOICE = "one of"
    WHOLE = "whole number"
    NUMBER = "number"
    MONEY = "dollars"
    SECONDS = "duration"
    BYTES = "size"
    SWITCH = "true or false"
    TEXTS = "list of texts"
    OPTIONS = "table"
    ALIASES = "table of texts"
    PRICES = "table of prices"


TABLES = frozenset({Kind.OPTIONS, Kind.ALIASES, Kind.PRICES})
"""Kinds whose leaves are entries: `models.aliases.fast`."""


class ByProject(Enum):
    """What a project's `rlm.toml` may do with a setting while the project is not trusted."""

    ANY = "may set it"
    TIGHTEN = "may only tighten it"
    NEVER = "may not set it"


@dataclass(frozen=True, kw_only=True, eq=False)
class Spec:
    """One setting.

    Units:   of `minimum` and `maximum` are those of the value: dollars, seconds, bytes or a count.
    Shape:   `default` None of an optional setting means that there is no limit, or that the program
             chooses; `safer` is the value of a switch that an untrusted project may set; `flag` holds
             the declarations of the flag, separated by spaces, empty when there is none; `panel` is the
             heading in the help under which the flag stands.
    """

    name: str
    kind: Kind
    default: Any
    help: str
    flag: str = ""
    metavar: str = ""
    panel: str = ""
    env: str = ""
    choices: tuple[str, ...] = ()
    minimum: float | None = None
    maximum: float | None = None
    is_optional: bool = False
    by_project: ByProject = ByProject.NEVER
    safer: bool | None = None

    @property
    def variable(self) -> str:
        """The environment variable of this setting; empty for tables, which files alone can hold."""
        if self.kind in TABLES:
            return ""
        return self.env or "RLM_" + self.name.upper().replace(".", "_")

    @property
    def long_flag(self) -> str:
        """The long form of the flag, which names it as an origin; empty when there is none."""
        return next((part for part in self.flag.split("/")[0].split() if part.startswith("--")), "")
