"""What a cell hands to a sub-model, as text: documents, hits and chunks get a line that names the source.

It knows the shape of such things (`.path`, `.page`, `.text`, or a `str` with a `.path`), not their classes.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

LIMIT_CHARACTERS = 16 * 1024 * 1024


class PassageTooLarge(ValueError):
    """What is handed over is larger than any call can hold."""


def is_single(value: Any) -> bool:
    """Whether a value is one context, rather than a collection of contexts."""
    return value is None or isinstance(value, (str, bytes, dict)) or hasattr(value, "text")


def passage(value: Any) -> str | None:
    """The text of a context; None for None.

    Shape:   `[path p.4]`, a newline and the text, for what comes from a document; the parts of a
             collection one after the other, with an empty line between; JSON for dicts.
    Errors:  PassageTooLarge past 16 Mi characters.
    """
    if value is None:
        return None
    parts: list[str] = []
    room = LIMIT_CHARACTERS
    for part in _parts(value):
        room -= len(part)
        if room < 0:
            raise PassageTooLarge(f"more than {LIMIT_CHARACTERS:,} characters")
        parts.append(part)
    return "\n\n".join(parts)


def _parts(value: Any) -> Iterable[str]:
    path = getattr(value, "path", None)
    if isinstance(value, str):
        yield str.__str__(value) if path is None else _headed(value, path, str.__str__(value))
    elif path is not None and isinstance(getattr(value, "text", None), str):
        yield _headed(value, path, value.text)
    elif isinstance(value, dict):
        yield json.dumps(value, ensure_ascii=False, default=str, indent=1)
    elif isinstance(value, bytes):
        yield value.decode("utf-8", "replace")
    elif isinstance(value, Iterable):
        for item in value:
            yield from _parts(item)
    else:
        yield str(value)


def _headed(value: Any, path: Any, text: str) -> str:
    page = getattr(value, "page", None)
    return f"[{path} p.{page}]\n{text}" if page else f"[{path}]\n{text}"
