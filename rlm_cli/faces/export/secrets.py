"""What must not leave with an export: keys, tokens, passwords, the path of the user's home. Counted by name.

Knows what secrets look like; where they stood is told by whoever asks for the text to be cleaned.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

_SHORTEST = 6
_PATTERNS: tuple[tuple[str, re.Pattern[str]], ...] = (
    (
        "private key",
        re.compile(
            r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)", re.DOTALL
        ),
    ),
    (
        "key of a provider",
        re.compile(
            r"\b(?:sk|pk|rk|gsk|xai|hf|fw|nvapi|r8|pplx|tgp)[-_][A-Za-z0-9_\-]{16,}|\bAIza[\w\-]{30,}"
        ),
    ),
    ("AWS key", re.compile(r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b")),
    ("GitHub token", re.compile(r"\bgh[pousr]_[A-Za-z0-9]{30,}|\bgithub_pat_[A-Za-z0-9_]{30,}")),
    ("Slack token", re.compile(r"\bxox[abeoprs]-[A-Za-z0-9-]{10,}")),
    ("JSON web token", re.compile(r"\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}")),
    (
        "credential of a request",
        re.compile(
            r"(?i)(?<=bearer )[A-Za-z0-9._~+/=-]{16,}|(?<=x-api-key: )\S{8,}|(?<=[?&]key=)[^\s&\"']{8,}"
        ),
    ),
    ("password in an address", re.compile(r"(?<=://)[^/\s:@]+:[^/\s@]+(?=@)")),
)


class Cleaner:
    """Takes secrets out of texts, and counts what it took.

    Shape:   literals are the values that are known to be secret; home is shortened to `~`, empty for no home.
    """

    def __init__(self, literals: Iterable[str] = (), home: str = "") -> None:
        known = sorted({each for each in literals if len(each) >= _SHORTEST}, key=len, reverse=True)
        self._literal = re.compile("|".join(map(re.escape, known))) if known else None
        self._home = (
            re.compile(re.escape(home.rstrip("/")) + r"(?=[/\s\"':,)\]]|$)") if len(home) > 1 else None
        )
        self.removed: Counter[str] = Counter()

    def clean(self, text: str) -> str:
        """The text without secrets."""
        if self._literal is not None:
            text = self._replaced("value of your keys", self._literal, text)
        for name, pattern in _PATTERNS:
            text = self._replaced(name, pattern, text)
        if self._home is not None:
            text, count = self._home.subn("~", text)
            self.removed["path of the home folder, now ~"] += count
        return text

    def account(self) -> list[str]:
        """What was taken out, for people: `2 × AWS key`."""
        return [f"{count:,} × {name}" for name, count in self.removed.most_common() if count]

    def _replaced(self, name: str, pattern: re.Pattern[str], text: str) -> str:
        text, count = pattern.subn(f"[{name} removed]", text)
        self.removed[name] += count
        return text
