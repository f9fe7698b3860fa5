"""Which sessions are the user's own, and what may be taken from one that is not.

A session file can be handed over by somebody else, or lie among the documents. It is then a text like any
other: it can be looked at; to go on from it, the user names the documents; models and limits are the user's,
and nothing is written into it. See docs/security.md.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from rlm_cli.base.errors import SettingsError, UsageError
from rlm_cli.settings.checking import from_toml
from rlm_cli.settings.resolving import may_stand
from rlm_cli.settings.table import spec_of
from rlm_cli.settings.tree import Setting, Settings


def is_own(file: Path, sessions: Path) -> bool:
    """Whether a session file lies in the user's folder of sessions, not by a link, and is the user's."""
    try:
        real = file.resolve(strict=True)
        return real.parent.parent == sessions.resolve() and real.stat().st_uid == os.geteuid()
    except OSError:
        return False


def require_own(file: Path, sessions: Path, way: str) -> None:
    """Do nothing for a session of one's own; way is what was to be done with it, as an option.

    Errors:  UsageError for any other.
    """
    if not is_own(file, sessions):
        raise UsageError(
            f"{way} cannot be used with {file}",
            f"it is not one of your sessions in {sessions}",
            f"Go on from it in a session of your own: rlm ask --fork {file} DOCUMENTS…",
        )


def allowed(recorded: Mapping[str, Setting], over: Settings) -> dict[str, Setting]:
    """Of the settings that a session names, those that a project's file might set as well.

    Shape:   over are the user's own: a limit may be tightened, never raised. What is no value is left out.
    """
    found: dict[str, Setting] = {}
    for name, setting in recorded.items():
        spec, before = spec_of(name), over.leaves.get(name)
        if spec is None or before is None:
            continue
        raw = list(setting.value) if isinstance(setting.value, tuple) else setting.value
        try:
            value = None if raw is None and spec.is_optional else from_toml(spec, raw, setting.origin, name)
        except SettingsError:
            continue
        if may_stand(spec, value, before.value):
            found[name] = Setting(value, setting.origin)
    return found
