"""The settings that a session was asked with: written into its record, and taken from it to go on.

They stand above files and variables, and below the flags of the command that goes on.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rlm_cli.events.bodies import CorpusLoaded, RunStarted
from rlm_cli.events.values import Json
from rlm_cli.runs.plan import AskPlan
from rlm_cli.settings.spec import TABLES, Kind
from rlm_cli.settings.table import SETTINGS
from rlm_cli.settings.tree import Setting

SCHEMA = "schema"
"""Under this name the JSON Schema of the answer is recorded; it is no setting."""

_SECTIONS = ("models.", "limits.", "corpus.", "answer.")
_PERSONAL = ("models.prices", "models.aliases", "models.transport", "models.idle_seconds")


def is_shaping(name: str) -> bool:
    """Whether a setting shapes the work: the others are neither recorded nor taken from a record."""
    return name.startswith(_SECTIONS) and not name.startswith(_PERSONAL)


def settings_to_record(plan: AskPlan) -> dict[str, Json]:
    """What of the settings shapes the work, and differs from the default."""
    found: dict[str, Json] = {}
    for name, leaf in plan.settings.leaves.items():
        if is_shaping(name) and leaf.origin != "default":
            found[name] = list(leaf.value) if isinstance(leaf.value, tuple) else leaf.value
    if plan.output.schema is not None:
        found[SCHEMA] = plan.output.schema
    return found


def recorded_settings(started: RunStarted, session: str) -> dict[str, Setting]:
    """The settings of a recorded question, as if flags had given them: models by their full names."""
    origin = f"session {session}"
    many = {spec.name for spec in SETTINGS if spec.kind is Kind.TEXTS}
    tables = tuple(f"{spec.name}." for spec in SETTINGS if spec.kind in TABLES)
    known = {spec.name for spec in SETTINGS}
    found: dict[str, Setting] = {}
    values: Mapping[str, Any] = started.settings
    for name, value in values.items():
        if is_shaping(name) and (name in known or name.startswith(tables)):
            found[name] = Setting(tuple(value) if name in many else value, origin)
    found["models.root"] = Setting(started.root_model, origin)
    found["models.sub"] = Setting(started.sub_model, origin)
    return found


def recorded_inputs(loaded: CorpusLoaded) -> tuple[str, ...]:
    """The inputs of a recorded corpus, absolute, `-` for the document on stdin."""
    return tuple("-" if each.given == "-" else each.path for each in loaded.inputs)
