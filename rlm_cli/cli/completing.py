"""What only the program knows, for the Tab key: recorded sessions and names of models, a line each.

Asked by the completion scripts at every Tab, so it has to answer in a blink: it imports no command, no
library of others, and little of ours, and reads the beginnings of files with the standard library alone.
"""

from __future__ import annotations

import importlib.util
import json
import os
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from rlm_cli.cli.screen import say
from rlm_cli.settings.locations import directories

_SESSIONS = 50
_MODELS = 400
_LINES = 12
_LINE_BYTES = 64 * 1024
_QUESTION_WIDTH = 60
_TABLE = "model_prices_and_context_window_backup.json"


def main(words: list[str]) -> int:
    """Print what fits: `__complete sessions|models [PREFIX]`; nothing when something is wrong."""
    kind, prefix = (*words[1:3], "", "")[:2]
    found = sessions(os.environ) if kind == "sessions" else models(prefix, os.environ)
    try:
        for line in found:
            if line.startswith(prefix):
                say(line)
        sys.stdout.flush()
    except OSError:
        return 1
    return 0


def sessions(environ: Mapping[str, str]) -> Iterator[str]:
    """The newest sessions: each its id, a tab, and its title or question."""
    yield "last\tthe newest session"
    root = directories(environ).sessions
    try:
        names = sorted((each.name for each in root.iterdir() if each.name[:1] != "."), reverse=True)
    except OSError:
        return
    for name in names[:_SESSIONS]:
        yield f"{name}\t{_title(root / name)}"


def models(prefix: str, environ: Mapping[str, str]) -> Iterator[str]:
    """Providers (which end in `/`) and the user's own names; the models of a provider that is written."""
    provider, slash, _ = prefix.partition("/")
    rows = _rows()
    if slash:
        yield from sorted(_of_provider(rows, provider))[:_MODELS]
        return
    yield "offline"
    yield from _aliases(environ)
    known = {row.get("litellm_provider", "") for row in rows.values() if row.get("mode") == "chat"}
    yield from sorted(f"{name}/" for name in known if name and not name.startswith("http"))


def _of_provider(rows: dict[str, Any], provider: str) -> set[str]:
    return {
        name if name.startswith(provider + "/") else f"{provider}/{name}"
        for name, row in rows.items()
        if row.get("litellm_provider") == provider and row.get("mode") in ("chat", "responses")
    }


def _rows() -> dict[str, Any]:
    """The table of models of litellm, which is not imported for it."""
    spec = importlib.util.find_spec("litellm")
    if spec is None or not spec.origin:
        return {}
    try:
        rows = json.loads((Path(spec.origin).parent / _TABLE).read_bytes())
    except (OSError, ValueError):
        return {}
    return {name: row for name, row in rows.items() if isinstance(row, dict) and name != "sample_spec"}


def _aliases(environ: Mapping[str, str]) -> list[str]:
    """The names that the user has given to models, in the user's own file."""
    import tomllib

    try:
        config = tomllib.loads(directories(environ).config_file.read_text("utf-8"))
    except (OSError, ValueError):
        return []
    named = config.get("models", {}).get("aliases", {})
    return sorted(named) if isinstance(named, dict) else []


def _title(folder: Path) -> str:
    """The title or the question of a session, as one line without controls."""
    text = ""
    try:
        text = (folder / "title").read_text("utf-8", "replace")
    except OSError:
        text = _question(folder / "session.jsonl")
    line = " ".join("".join(each if each.isprintable() else " " for each in text).split())
    return line if len(line) <= _QUESTION_WIDTH else line[: _QUESTION_WIDTH - 1] + "…"


def _question(file: Path) -> str:
    try:
        with file.open("rb") as lines:
            for _ in range(_LINES):
                body = json.loads(lines.readline(_LINE_BYTES + 1)).get("body", {})
                if body.get("kind") == "run.started":
                    return str(body.get("title") or body.get("question", ""))
    except (OSError, ValueError, AttributeError):
        return ""
    return ""
