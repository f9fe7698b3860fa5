"""Words of a user into values: durations, sizes, money, whole numbers, yes and no.

Owns the notations `90s 10m 2h`, `20MB` and `2.50`, in both directions. Knows nothing of which setting
is being read; a `ValueError` says in one clause what would have been right.
"""

from __future__ import annotations

import math
import re

_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_BYTES: dict[str, int] = {
    "": 1,
    "b": 1,
    **{"kmgt"[power - 1] + "b": 1000**power for power in range(1, 5)},
    **{"kmgt"[power - 1]: 1000**power for power in range(1, 5)},
    **{"kmgt"[power - 1] + "ib": 1024**power for power in range(1, 5)},
}
_NUMBER = re.compile(r"\d+(?:_\d+)*(?:\.\d+)?|\.\d+")
_DURATION_PART = re.compile(rf"({_NUMBER.pattern})\s*(ms|s|m|h|d)")
_NO_LIMIT = frozenset({"none", "unlimited", "off"})
_YES = frozenset({"true", "yes", "on", "1"})
_NO = frozenset({"false", "no", "off", "0"})


def is_no_limit(text: str) -> bool:
    """Whether the text says that there is none: `none`, `unlimited` or `off`."""
    return text.strip().lower() in _NO_LIMIT


def duration(text: str) -> float:
    """The seconds that `90`, `90s`, `10m`, `1h30m`, `500ms` or `2d` mean.

    Errors:  ValueError for anything else.
    """
    plain = text.strip().lower().replace(" ", "")
    if _NUMBER.fullmatch(plain):
        return _finite(plain)
    parts = _DURATION_PART.findall(plain)
    if not parts or "".join(number + unit for number, unit in parts) != plain:
        raise ValueError("it must be a duration such as 90s, 10m or 2h")
    return sum(_finite(number) * _SECONDS[unit] for number, unit in parts)


def size(text: str) -> int:
    """The bytes that `20MB`, `1.5 GiB`, `512k` or `1048576` mean: MB is a million, MiB 2 to the 20.

    Errors:  ValueError for anything else.
    """
    match = re.fullmatch(rf"({_NUMBER.pattern})\s*([a-z]*)", text.strip().lower())
    if match is None or match[2] not in _BYTES:
        raise ValueError("it must be a size such as 20MB, 512k or 1GiB")
    return round(_finite(match[1]) * _BYTES[match[2]])


def money(text: str) -> float:
    """The dollars that `2`, `2.50`, `$2.50` or `2.50 USD` mean.

    Errors:  ValueError for anything else.
    """
    plain = re.sub(r"\s*usd$", "", text.strip().lower()).removeprefix("$").strip()
    if not _NUMBER.fullmatch(plain):
        raise ValueError("it must be an amount in dollars such as 2.50")
    return _finite(plain)


def whole(text: str) -> int:
    """The whole number that `20`, `1_000` or `-3` means.

    Errors:  ValueError for anything else.
    """
    plain = text.strip()
    if not re.fullmatch(r"[+-]?\d+(?:_\d+)*", plain):
        raise ValueError("it must be a whole number such as 20")
    return int(plain)


def number(text: str) -> float:
    """The number that `0.7` or `-1` means.

    Errors:  ValueError for anything else, infinities included.
    """
    plain = text.strip()
    if not re.fullmatch(rf"[+-]?(?:{_NUMBER.pattern})(?:[eE][+-]?\d+)?", plain):
        raise ValueError("it must be a number such as 0.7")
    return _finite(plain)


def yes_or_no(text: str) -> bool:
    """What `true`, `yes`, `on`, `1` and their opposites mean.

    Errors:  ValueError for anything else.
    """
    plain = text.strip().lower()
    if plain in _YES or plain in _NO:
        return plain in _YES
    raise ValueError("it must be true or false")


def items(text: str) -> tuple[str, ...]:
    """The parts of a list written with commas, white space around them dropped."""
    return tuple(part for part in (piece.strip() for piece in text.split(",")) if part)


def duration_text(seconds: float) -> str:
    """A duration as it would be typed: `90s`, `10m`, `2h`, `0.5s`."""
    for unit, factor in (("h", 3600), ("m", 60)):
        if seconds >= factor and seconds % factor == 0:
            return f"{seconds / factor:g}{unit}"
    return f"{seconds:g}s"


def size_text(count: int) -> str:
    """A size as it would be typed, exactly: `20MB`, `2GiB`, `1234B`."""
    units = {"TB": 10**12, "GB": 10**9, "GiB": 2**30, "MB": 10**6, "MiB": 2**20, "kB": 10**3}
    for unit, factor in units.items():
        if count >= factor and count % factor == 0:
            return f"{count // factor}{unit}"
    return f"{count}B"


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError("it is too large")
    return value
