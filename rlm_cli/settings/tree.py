"""The settings of one command as a typed tree, with the origin of every leaf. Immutable; reads nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from rlm_cli.events.values import Limits


@dataclass(frozen=True)
class Setting:
    """A value and where it came from: a flag, a variable, a file with its line, or `default`."""

    value: Any
    origin: str


@dataclass(frozen=True, kw_only=True)
class ModelSettings:
    """Which models, and how they are asked.

    Units:   idle_seconds without a word of a stream; max_tokens_out of one response.
    Shape:   root and sub are as the user wrote them, perhaps aliases; None lets the program choose.
             prices hold `in`, `out` and perhaps `cached` in dollars a million tokens, and perhaps
             `context_tokens` and `max_tokens_out`.
    """

    root: str | None
    sub: str | None
    transport: str
    temperature: float | None
    seed: int | None
    max_tokens_out: int | None
    options: Mapping[str, Any]
    aliases: Mapping[str, str]
    prices: Mapping[str, Mapping[str, float]]
    idle_seconds: float

    def full_name(self, name: str) -> str:
        """The `provider/model` that a name stands for: an alias is looked up once, never in a chain."""
        return self.aliases.get(name, name)


@dataclass(frozen=True, kw_only=True)
class CorpusSettings:
    """Which files are read. Larger ones than max_file_bytes are skipped, and said to be."""

    include: tuple[str, ...]
    exclude: tuple[str, ...]
    hidden: bool
    ignore_files: bool
    follow_symlinks: bool
    ocr: bool
    max_file_bytes: int


@dataclass(frozen=True, kw_only=True)
class OutputSettings:
    """What is written to stdout, and what is shown while it works; each is one of the table's choices."""

    format: str
    ui: str
    color: str
    theme: str
    verbosity: str


@dataclass(frozen=True, kw_only=True)
class SandboxSettings:
    """How the kernel is confined: `auto`, `strict` or `off`; memory_bytes bounds all that it starts."""

    mode: str
    memory_bytes: int


@dataclass(frozen=True, kw_only=True)
class AnswerSettings:
    """How the question is answered: `auto`, `direct` or `rlm`."""

    mode: str


@dataclass(frozen=True, kw_only=True)
class TrustSettings:
    """Folders whose project file is trusted."""

    projects: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Settings:
    """All settings of one command.

    Shape:   leaves holds every leaf by its dotted name, entries of tables included
             (`models.aliases.fast`); notices are warnings for the user, a sentence each.
    """

    models: ModelSettings
    limits: Limits
    corpus: CorpusSettings
    output: OutputSettings
    sandbox: SandboxSettings
    answer: AnswerSettings
    trust: TrustSettings
    leaves: Mapping[str, Setting]
    profile: str | None = None
    notices: tuple[str, ...] = ()

    def origin(self, name: str) -> str:
        """Where the value of a setting came from; empty when there is no such leaf."""
        leaf = self.leaves.get(name)
        return leaf.origin if leaf else ""


_TABLE_FIELDS = frozenset({"options", "aliases", "prices"})


def grown(leaves: Mapping[str, Setting], profile: str | None, notices: tuple[str, ...]) -> Settings:
    """The typed tree over the leaves, which must hold one for every setting that is not a table."""
    return Settings(
        models=ModelSettings(**_section(ModelSettings, "models", leaves)),
        limits=Limits(**{name: _value(leaves, f"limits.{name}") for name in Limits.__struct_fields__}),
        corpus=CorpusSettings(**_section(CorpusSettings, "corpus", leaves)),
        output=OutputSettings(**_section(OutputSettings, "output", leaves)),
        sandbox=SandboxSettings(**_section(SandboxSettings, "sandbox", leaves)),
        answer=AnswerSettings(**_section(AnswerSettings, "answer", leaves)),
        trust=TrustSettings(**_section(TrustSettings, "trust", leaves)),
        leaves=leaves,
        profile=profile,
        notices=notices,
    )


def _section(kind: type[Any], section: str, leaves: Mapping[str, Setting]) -> dict[str, Any]:
    return {
        one.name: _entries(leaves, f"{section}.{one.name}.")
        if one.name in _TABLE_FIELDS
        else _value(leaves, f"{section}.{one.name}")
        for one in fields(kind)
    }


def _value(leaves: Mapping[str, Setting], name: str) -> Any:
    return leaves[name].value


def _entries(leaves: Mapping[str, Setting], prefix: str) -> dict[str, Any]:
    return {name[len(prefix) :]: leaf.value for name, leaf in leaves.items() if name.startswith(prefix)}
