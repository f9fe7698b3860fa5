"""A model that plays a script: for tests, demonstrations and screenshots. `scripted:PATH` names it.

Owns the form of scripts and the playing of them. It is not a language model, but it takes the place of
one at the port, failures and delays included; it must never open a connection.

A script is JSON or JSON Lines:

    [entry, …]                                  one list, for every purpose
    {"root": [entry, …], "sub": [entry, …], "default": entry}

An entry is a text, or an object: `text`; `contains` (plays only when these words stand in the last
message); `times` (how often, for an entry with `contains`; without it: always); `delay_seconds` before
and `chunk_seconds` between pieces; `usage` {"in", "out", "cached", "usd"}; `error` (`rate_limit`,
`unavailable`, `cut`, `credentials`, `overflow`, `refused`), with `text` streamed before a `cut`;
`finish`. Entries without `contains` are played in their order, each once.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncGenerator, Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from rlm_cli.base.errors import (
    ContextOverflow,
    CredentialsRefused,
    ModelError,
    ModelUnavailable,
    RateLimited,
    RequestRefused,
    SettingsError,
)
from rlm_cli.events.values import Usage
from rlm_cli.ports import Clock, Delta, ModelFacts, Request, Response

_ERRORS: dict[str, Callable[[str], ModelError]] = {
    "rate_limit": lambda why: RateLimited("the script is rate limited", why, "", 0.01),
    "unavailable": lambda why: ModelUnavailable("the script is not available", why),
    "cut": lambda why: ModelUnavailable("no whole reply of the script", "the stream was cut", "", None, True),
    "credentials": lambda why: CredentialsRefused("the script does not accept the key", why),
    "overflow": lambda why: ContextOverflow("the request does not fit the script's context window", why),
    "refused": lambda why: RequestRefused("the script refuses the request", why),
}
_Usage = dict[str, float]


class Entry(Struct, frozen=True, forbid_unknown_fields=True):
    """One line of a script: see the module.

    Units:   seconds on the clock that the model was given; usage in tokens and dollars.
    """

    text: str = ""
    contains: str = ""
    times: int | None = None
    delay_seconds: float = 0.0
    chunk_seconds: float = 0.0
    usage: _Usage | None = None
    error: str = ""
    finish: str = "stop"

    def __post_init__(self) -> None:
        if self.error and self.error not in _ERRORS:
            raise ValueError(f"error must be one of {', '.join(_ERRORS)}, not {self.error!r}")


class Script(Struct, frozen=True, forbid_unknown_fields=True):
    """A whole script, by purpose."""

    root: list[Entry | str] = []
    sub: list[Entry | str] = []
    default: Entry | str | None = None


@dataclass
class _Rule:
    entry: Entry
    left: int | None


class ScriptedModel:
    """Plays entries: those whose words stand in the last message first, then the list in its order."""

    def __init__(
        self,
        name: str,
        entries: Iterable[Entry | str],
        default: Entry | str | None = None,
        clock: Clock | None = None,
    ) -> None:
        settled = [_entry(each) for each in entries]
        self._rules = [_Rule(each, each.times) for each in settled if each.contains]
        self._waiting = [each for each in settled if not each.contains]
        self._default = None if default is None else _entry(default)
        self._clock = clock
        self.requests: list[Request] = []
        self._facts = ModelFacts(
            name=name,
            endpoint="this machine",
            context_tokens=1_000_000,
            max_tokens_out=8192,
            usd_per_token_in=0.0,
            usd_per_token_out=0.0,
        )

    @property
    def facts(self) -> ModelFacts:
        """What is known of it: free, and with room for everything."""
        return self._facts

    async def stream(self, request: Request) -> AsyncGenerator[Delta | Response, None]:
        """Deltas, then the Response: see `ports.Model`."""
        self.requests.append(request)
        entry = self._next(request)
        await self._wait(entry.delay_seconds)
        if entry.error and entry.error != "cut":
            raise _ERRORS[entry.error](entry.text or "an error of the script")
        for at, piece in enumerate(_pieces(entry)):
            if at:
                await self._wait(entry.chunk_seconds)
            yield Delta(piece)
        if entry.error:
            raise _ERRORS[entry.error]("")
        usage = _usage(entry, request)
        yield Response(text=entry.text, usage=usage, model=self._facts.name, finish=entry.finish)

    async def close(self) -> None:
        """Nothing is held."""

    def _next(self, request: Request) -> Entry:
        last = request.messages[-1].content if request.messages else ""
        for rule in self._rules:
            if rule.entry.contains in last and rule.left != 0:
                rule.left = None if rule.left is None else rule.left - 1
                return rule.entry
        if self._waiting:
            return self._waiting.pop(0)
        if self._default is not None:
            return self._default
        raise RequestRefused(
            f"the script {self._facts.name} has no entry left",
            f"it was asked {len(self.requests)} times",
            'Add an entry, or a "default"',
        )

    async def _wait(self, seconds: float) -> None:
        if seconds > 0:
            await (self._clock.sleep(seconds) if self._clock else asyncio.sleep(seconds))


def read_script(path: Path) -> Script:
    """A script from its file.

    Errors:  SettingsError when there is no such file, or when it is no script.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise SettingsError(f"cannot read the script {path}", error.strerror or str(error)) from error
    try:
        if path.suffix == ".jsonl":
            entries = [
                msgspec.json.decode(line, type=Entry | str) for line in data.splitlines() if line.strip()
            ]
            return Script(root=entries, sub=entries)
        if data.lstrip()[:1] == b"[":
            entries = msgspec.json.decode(data, type=list[Entry | str])
            return Script(root=entries, sub=entries)
        return msgspec.json.decode(data, type=Script)
    except (msgspec.DecodeError, UnicodeDecodeError, ValueError) as error:
        raise SettingsError(f"{path} is not a script", str(error), "See: rlm help formats") from error


def scripted(name: str, script: Script, purpose: str) -> ScriptedModel:
    """The model that plays the part of a script that is meant for a purpose (`root` or `sub`)."""
    return ScriptedModel(name, script.root if purpose == "root" else script.sub, script.default)


def _entry(given: Entry | str) -> Entry:
    return Entry(text=given) if isinstance(given, str) else given


def _pieces(entry: Entry) -> list[str]:
    return (
        re.findall(r"\S+\s*|^\s+", entry.text) if entry.chunk_seconds else [entry.text] if entry.text else []
    )


def _usage(entry: Entry, request: Request) -> Usage:
    said: dict[str, Any] = entry.usage or {}
    words = sum(len(message.content.split()) for message in request.messages)
    return Usage(
        calls=1,
        tokens_in=int(said.get("in", words)),
        tokens_out=int(said.get("out", len(entry.text.split()))),
        tokens_cached=int(said.get("cached", 0)),
        usd=float(said.get("usd", 0.0)),
    )
