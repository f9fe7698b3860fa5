"""Takes keys out of texts before they leave an adapter: for error messages, notices and session files.

Owns the patterns of what a key looks like. Must never know where a text goes, and never keeps a secret.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

REMOVED = "[key removed]"
_SHORTEST_SECRET = 6
_PATTERNS = (
    re.compile(r"\b(?:sk|pk|rk|gsk|xai|hf|fw|nvapi|r8|pplx|tgp|AIza|ya29)[-_.]?[A-Za-z0-9_\-*.]{12,}"),
    re.compile(r"(?i)(?<=bearer )[A-Za-z0-9._~+/=*-]{6,}"),
    re.compile(r"(?i)(?<=basic )[A-Za-z0-9+/=]{8,}"),
    re.compile(r"(?i)(?:(?<=api[_-]key=)|(?<=[?&]key=)|(?<=token=))[^\s&\"']{6,}"),
    re.compile(r"(?i)(?<=x-api-key: )\S{6,}"),
    re.compile(r"(?<=://)[^/\s:@]+:[^/\s@]+(?=@)"),
)


def redact(text: str, secrets: Iterable[str] = ()) -> str:
    """The text without these secrets, and without anything that looks like a key.

    Shape:   secrets shorter than six characters (`none`, `x`) are placeholders, not keys, and stay.
    """
    for secret in sorted({each for each in secrets if len(each) >= _SHORTEST_SECRET}, key=len, reverse=True):
        text = text.replace(secret, REMOVED)
    for pattern in _PATTERNS:
        text = pattern.sub(REMOVED, text)
    return text
