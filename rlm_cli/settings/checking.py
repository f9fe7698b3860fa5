"""One raw value into the value of its setting, or a complaint that names value and origin.

Raw values are text (flags, environment) or what TOML holds (files). Knows every kind, no file.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from typing import Any

from rlm_cli.base.errors import RlmError, SettingsError, UsageError
from rlm_cli.settings import parsing
from rlm_cli.settings.spec import Kind, Spec

_PRICE_FIELDS = ("in", "out", "cached", "context_tokens", "max_tokens_out")

_FROM_TEXT: dict[Kind, Callable[[str], Any]] = {
    Kind.TEXT: str.strip,
    Kind.CHOICE: str.strip,
    Kind.WHOLE: parsing.whole,
    Kind.NUMBER: parsing.number,
    Kind.MONEY: parsing.money,
    Kind.SECONDS: parsing.duration,
    Kind.BYTES: parsing.size,
    Kind.SWITCH: parsing.yes_or_no,
    Kind.TEXTS: parsing.items,
}
_NOTATIONS = frozenset({Kind.MONEY, Kind.SECONDS, Kind.BYTES})


def from_text(spec: Spec, text: str, origin: str) -> Any:
    """The value that a flag or a variable stands for.

    Errors:  UsageError when the origin is a flag, SettingsError otherwise.
    """
    if spec.is_optional and parsing.is_no_limit(text):
        return None
    try:
        value = _FROM_TEXT[spec.kind](text)
        _check(spec, value)
    except ValueError as complaint:
        raise refused(spec.name, text, origin, str(complaint)) from None
    return value


def from_toml(spec: Spec, raw: Any, origin: str, name: str = "") -> Any:
    """The value that an entry of a TOML file stands for; `name` is the dotted name of a table's entry.

    Errors:  SettingsError.
    """
    try:
        value = _typed(spec, raw)
        _check(spec, value)
    except ValueError as complaint:
        raise refused(name or spec.name, raw, origin, str(complaint)) from None
    return value


def option(text: str, origin: str) -> tuple[str, Any]:
    """The key and value of `KEY=VALUE`; a value that is JSON is taken as such, anything else as text.

    Errors:  UsageError.
    """
    key, sign, value = text.partition("=")
    if not sign or not key.strip():
        raise UsageError(
            f"{origin} {text} cannot be understood",
            "an option is written KEY=VALUE",
            f"For example: {origin} top_p=0.9",
        )
    try:
        return key.strip(), json.loads(value)
    except ValueError:
        return key.strip(), value


def refused(name: str, raw: Any, origin: str, why: str) -> RlmError:
    """The error for a value that cannot be: it names the setting, the value and the origin."""
    shown = raw if isinstance(raw, str) else json.dumps(raw, default=str)
    if origin.startswith("-"):
        return UsageError(f"{origin} {shown} cannot be used", why, "Run: rlm help config")
    place = "Run: unset " + origin if origin.startswith("RLM_") else "Edit " + origin.partition(" ")[0]
    return SettingsError(f"{name} = {shown}, from {origin}", why, f"{place}, or see: rlm help config")


def _typed(spec: Spec, raw: Any) -> Any:
    kind = spec.kind
    if isinstance(raw, str):
        if spec.is_optional and parsing.is_no_limit(raw):
            return None
        if kind in _NOTATIONS or kind in (Kind.TEXT, Kind.CHOICE):
            return _FROM_TEXT[kind](raw)
        if kind is Kind.ALIASES:
            return raw.strip()
    if kind is Kind.SWITCH and isinstance(raw, bool):
        return raw
    if isinstance(raw, int) and not isinstance(raw, bool):
        if kind in (Kind.WHOLE, Kind.BYTES):
            return raw
        if kind in (Kind.NUMBER, Kind.MONEY, Kind.SECONDS):
            return float(raw)
    if isinstance(raw, float) and kind in (Kind.NUMBER, Kind.MONEY, Kind.SECONDS):
        return raw
    if kind is Kind.TEXTS and isinstance(raw, list) and all(isinstance(item, str) for item in raw):
        return tuple(raw)
    if kind is Kind.OPTIONS:
        return raw
    if kind is Kind.PRICES:
        return _price(raw)
    raise ValueError(f"it must be {_expected(spec)}")


def _price(raw: Any) -> dict[str, float]:
    if not isinstance(raw, dict) or not {"in", "out"} <= set(raw):
        raise ValueError("it must be a table with in and out, in dollars a million tokens")
    for name, figure in raw.items():
        if name not in _PRICE_FIELDS:
            raise ValueError(f"{name} is not one of {', '.join(_PRICE_FIELDS)}")
        if isinstance(figure, bool) or not isinstance(figure, int | float) or not 0 <= figure < math.inf:
            raise ValueError(f"{name} must be a number, 0 or more")
    return dict(raw)


def _expected(spec: Spec) -> str:
    return {
        Kind.TEXT: "a text",
        Kind.CHOICE: "one of " + ", ".join(spec.choices),
        Kind.WHOLE: "a whole number",
        Kind.NUMBER: "a number",
        Kind.MONEY: "an amount in dollars such as 2.50",
        Kind.SECONDS: 'a number of seconds, or a duration such as "10m"',
        Kind.BYTES: 'a number of bytes, or a size such as "20MB"',
        Kind.SWITCH: "true or false",
        Kind.TEXTS: 'a list of texts such as ["*.pdf"]',
        Kind.ALIASES: "a text such as provider/model",
    }.get(spec.kind, "a table") + (', or "none"' if spec.is_optional else "")


def _check(spec: Spec, value: Any) -> None:
    if value is None:
        return
    if spec.kind is Kind.CHOICE and value not in spec.choices:
        raise ValueError(f"it must be one of {', '.join(spec.choices)}{_near(value, spec.choices)}")
    if spec.kind in (Kind.TEXT, Kind.ALIASES) and not value:
        raise ValueError("it is empty")
    if isinstance(value, int | float) and not isinstance(value, bool):
        if spec.minimum is not None and not value >= spec.minimum:
            raise ValueError(f"it must be {_bound(spec, spec.minimum)} or more")
        if value != value or value == float("inf"):
            raise ValueError(f"it must be {_expected(spec)}")
        if spec.maximum is not None and value > spec.maximum:
            raise ValueError(f"it must be {_bound(spec, spec.maximum)} or less")


def _bound(spec: Spec, value: float) -> str:
    return parsing.size_text(int(value)) if spec.kind is Kind.BYTES else f"{value:g}"


def _near(word: str, choices: tuple[str, ...]) -> str:
    near = closest(word, choices)
    return f"; did you mean {near}?" if near else ""


def closest(word: str, choices: tuple[str, ...]) -> str:
    """The choice that the word was probably meant to be, or an empty text."""
    import difflib

    found = difflib.get_close_matches(word.lower(), choices, n=1, cutoff=0.6)
    return found[0] if found else ""
