"""What must not leave with an export: keys, tokens, passwords, the path of the user's home. Counted by name.

Knows what secrets look like; where they stood is told by whoever asks for the text to be cleaned.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

_SHORTEST = 6
_PROVIDERS = ("sk", "pk", "rk", "gsk", "xai", "hf", "fw", "nvapi", "r8", "pplx", "tgp")


@dataclass(frozen=True)
class _Secret:
    """A kind of secret: its name, its pattern, and texts of which one stands in everything that matches.

    Looking for a plain text first makes cleaning ten times as fast: most texts hold no secret.
    """

    name: str
    pattern: re.Pattern[str]
    signs: tuple[str, ...]


_SECRETS = (
    _Secret(
        "private key",
        re.compile(
            r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)", re.DOTALL
        ),
        ("PRIVATE KEY-----",),
    ),
    _Secret(
        "key of a provider",
        re.compile(rf"\b(?:{'|'.join(_PROVIDERS)})[-_][A-Za-z0-9_\-]{{16,}}|\bAIza[\w\-]{{30,}}"),
        (*(name + mark for name in _PROVIDERS for mark in "-_"), "AIza"),
    ),
    _Secret("AWS key", re.compile(r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b"), ("AKIA", "ASIA")),
    _Secret(
        "GitHub token",
        re.compile(r"\bgh[pousr]_[A-Za-z0-9]{30,}|\bgithub_pat_[A-Za-z0-9_]{30,}"),
        (*(f"gh{letter}_" for letter in "pousr"), "github_pat_"),
    ),
    _Secret("Slack token", re.compile(r"\bxox[abeoprs]-[A-Za-z0-9-]{10,}"), ("xox",)),
    _Secret(
        "JSON web token",
        re.compile(r"\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}"),
        ("eyJ",),
    ),
    _Secret(
        "credential of a request",
        re.compile(
            r"(?i)(?<=bearer )[A-Za-z0-9._~+/=-]{16,}|(?<=x-api-key: )\S{8,}|(?<=[?&]key=)[^\s&\"']{8,}"
        ),
        ("earer ", "EARER ", "-key: ", "-Key: ", "-KEY: ", "key=", "KEY=", "Key="),
    ),
    _Secret("password in an address", re.compile(r"(?<=://)[^/\s:@]+:[^/\s@]+(?=@)"), ("://",)),
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
        for secret in _SECRETS:
            if any(sign in text for sign in secret.signs):
                text = self._replaced(secret.name, secret.pattern, text)
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
