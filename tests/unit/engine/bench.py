"""A run of the real engine over fakes, in one line."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rlm_cli.engine.asked import Asked
from rlm_cli.engine.run import Run
from rlm_cli.engine.tree import Models, RunSettings, Tree
from rlm_cli.events.bodies import RunFinished
from rlm_cli.events.values import Limits
from tests.fakes.clock import QuickClock
from tests.fakes.corpus import FakeCorpus
from tests.fakes.kernel import FakeKernel, fake_kernels
from tests.fakes.model import FakeModel, Play
from tests.fakes.session import ListSession

TEXTS = {"a.txt": "The cap is ten dollars a year.\nNothing else.", "b.txt": "There is no cap on any of it."}
LIMITS = Limits(turns=20, calls=1_000, cell_seconds=5.0, concurrency=8)


def cell(code: str) -> str:
    """A root reply with one cell."""
    return f"Next step.\n\n```repl\n{code}\n```"


LOOK = cell("print(corpus.grep('cap'))")
FINISH = cell("answer['content'] = 'ten dollars'; answer['ready'] = True")


class Bench:
    """One run: its parts are open to the test."""

    def __init__(
        self,
        root: Play | list[str],
        sub: Play | list[str] | None = None,
        texts: Mapping[str, str] = TEXTS,
        limits: Limits = LIMITS,
        usd_per_token: float | None = None,
        **settings: Any,
    ) -> None:
        self.session = ListSession()
        self.clock = QuickClock()
        self.root = FakeModel(root, usd_per_token=usd_per_token)
        self.sub = FakeModel(sub or ["read"], name="fake/sub", usd_per_token=usd_per_token)
        self.kernels: list[FakeKernel] = []
        self.corpus = FakeCorpus(texts)
        self.tree = Tree(
            self.session,
            self.clock,
            fake_kernels(self.kernels),
            Models(self.root, self.sub),
            RunSettings(limits=limits, **{"mode": "rlm", **settings}),
        )
        self.run = Run(self.tree, self.corpus, Asked("How high is the cap?"))

    async def go(self) -> RunFinished:
        return await self.run.go()
