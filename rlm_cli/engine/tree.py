"""What a run shares with all of its child runs: budget, record, citations, concurrency, and the ports."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from rlm_cli.engine.budget import Budget
from rlm_cli.engine.calling import Caller
from rlm_cli.engine.citations import Citations
from rlm_cli.engine.past import TornChild
from rlm_cli.engine.recipe import Given
from rlm_cli.engine.record import Record
from rlm_cli.events.values import Json, Limits
from rlm_cli.ports import CallReply, Clock, KernelFactory, Model, Session

_CHILD_KERNELS = 4
"""Child runs under way at once, at each depth: one that waits for its own children must not keep them out."""


@dataclass(frozen=True)
class Models:
    """The models of a run: root, sub, and what cells may name by alias."""

    root: Model
    sub: Model
    aliases: Mapping[str, Model] = field(default_factory=dict)

    def named(self, alias: str | None) -> Model | None:
        """The model that a cell may mean; None for a name that the settings do not know."""
        if alias is None or alias in ("sub", self.sub.facts.name):
            return self.sub
        if alias in ("root", self.root.facts.name):
            return self.root
        return self.aliases.get(alias)


@dataclass(frozen=True)
class RunSettings:
    """How a run is to be done.

    Units:   direct_tokens is the estimated size up to which mode `auto` puts the corpus into one call;
             the max_tokens_out bound replies, so that their price can be reserved.
    Source:  below about 2^14 tokens a direct call is as good or better (arXiv 2512.24601, figure 1).
    """

    limits: Limits
    mode: str = "auto"
    schema: Json = None
    temperature: float | None = None
    seed: int | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    root_tokens_out: int = 16_384
    sub_tokens_out: int = 8_192
    direct_tokens: int = 12_000
    waiting_seconds: float | None = 1_800.0


class Tree:
    """One for a run and all of its children."""

    def __init__(
        self,
        session: Session,
        clock: Clock,
        kernels: KernelFactory,
        models: Models,
        settings: RunSettings,
        known: dict[str, CallReply] | None = None,
    ) -> None:
        self.session = session
        self.clock = clock
        self.kernels = kernels
        self.models = models
        self.settings = settings
        self.budget = Budget(settings.limits)
        self.caller = Caller(clock, self.budget, settings.limits.concurrency)
        self.record = Record(known)
        self.citations = Citations()
        self.torn: list[TornChild] = []
        self._child_kernels: dict[int, asyncio.Semaphore] = {}

    def child_kernels(self, depth: int) -> asyncio.Semaphore:
        """What a child run at this depth holds while it is under way."""
        return self._child_kernels.setdefault(depth, asyncio.Semaphore(_CHILD_KERNELS))

    def take_torn(self, question: str) -> Given | None:
        """The replies of a child run that came to no end when it was asked this; None when there is none."""
        found = next((each for each in self.torn if each.question == question), None)
        if found is None:
            return None
        self.torn.remove(found)
        return Given(found.replies)

    def for_next(self, settings: RunSettings, models: Models) -> Tree:
        """The tree of the session's next question: a budget of its own; replies and citations stay known."""
        tree = Tree(self.session, self.clock, self.kernels, models, settings)
        tree.record, tree.citations = self.record, self.citations
        return tree
