"""Values of settings as they would be typed. The opposite of `checking`."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from rlm_cli.settings import parsing
from rlm_cli.settings.spec import TABLES, Kind, Spec


def toml_text(spec: Spec, value: Any) -> str:
    """The value as it stands in a TOML file; "none" where there is no limit or the program chooses."""
    if value is None:
        return '"none"'
    if spec.kind is Kind.SECONDS:
        return json.dumps(parsing.duration_text(value))
    if spec.kind is Kind.BYTES:
        return json.dumps(parsing.size_text(value))
    return _literal(value)


def plain_text(spec: Spec, value: Any) -> str:
    """The value as it is typed after a flag: `2.0`, `10m`, `none`, `*.pdf,*.md`."""
    if spec.kind is Kind.TEXTS:
        return ",".join(value)
    text = toml_text(spec, value)
    is_text = spec.kind not in TABLES and text.startswith('"')
    return str(json.loads(text)) if is_text else text


def toml_key(name: str, spec: Spec) -> str:
    """The dotted name of a leaf as a TOML key; the entry of a table is quoted where it must be."""
    entry = name[len(spec.name) + 1 :]
    if not entry:
        return name
    return f"{spec.name}.{entry if re.fullmatch('[A-Za-z0-9_-]+', entry) else json.dumps(entry)}"


def _literal(value: Any) -> str:
    if isinstance(value, Mapping):
        inner = ", ".join(f"{json.dumps(str(key))} = {_literal(one)}" for key, one in value.items())
        return "{ " + inner + " }" if inner else "{}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_literal(one) for one in value) + "]"
    return json.dumps(value, ensure_ascii=False)
