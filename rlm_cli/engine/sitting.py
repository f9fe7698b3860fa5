"""What outlives a question: the kernel, the conversation, the count of turns and cells.

Whoever asks several questions in a row keeps one of these; a run takes it up where the last one has left it.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from rlm_cli.engine import briefing
from rlm_cli.engine.conversation import Conversation
from rlm_cli.engine.tree import Tree
from rlm_cli.events.bodies import KernelReady
from rlm_cli.events.values import Message
from rlm_cli.ports import Corpus, Kernel


@dataclass
class Sitting:
    """A session as it stands between two questions.

    Units:   turns and cells count those of the whole session.
    Shape:   kernel is None until a question needs one; sandbox is what was said of it; lost is why it has
             to be replaced before the next cell, empty when it is well. is_told: the corpus was told as an
             event. notes are what the root model has to be told with the next question. direct is the
             conversation of questions that went to the model with the whole corpus; earlier are questions
             and answers that no conversation holds.
    """

    kernel: Kernel | None = None
    sandbox: str = ""
    lost: str = ""
    conversation: Conversation | None = None
    direct: list[Message] = field(default_factory=list)
    earlier: list[tuple[str, str]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    turns: int = 0
    cells: int = 0
    asked: int = 0
    is_told: bool = False
    _warming: asyncio.Future[tuple[Kernel, KernelReady]] | None = None

    def warm_up(self, tree: Tree, corpus: Corpus) -> None:
        """Begin to start the kernel, so that it is there when it is needed. Nothing is told yet."""
        if self.kernel is None and self._warming is None:
            self._warming = asyncio.ensure_future(_started(tree.kernels(corpus)))

    async def warmed_up(self) -> None:
        """Wait for a kernel that is being started; how that ended is told when it is opened."""
        if self._warming is not None:
            await asyncio.wait([self._warming])

    async def open_kernel(self, tree: Tree, corpus: Corpus, span: str) -> Kernel:
        """The kernel, started or replaced when that is needed; both are told as events of this span.

        Errors:  KernelError when it cannot be started.
        """
        if self.kernel is None:
            self.warm_up(tree, corpus)
            assert self._warming is not None
            warming, self._warming = self._warming, None
            self.kernel, ready = await warming
            self.sandbox = ready.sandbox
            tree.session.emit(span, ready)
        elif self.lost:
            restarted = await self.kernel.restart(self.lost)
            self.lost = ""
            tree.session.emit(span, restarted)
            self.notes.append(briefing.restarted(restarted))
        return self.kernel

    def take_notes(self) -> list[str]:
        """What the root model has to be told, once."""
        notes, self.notes = self.notes, []
        return notes

    async def close(self) -> None:
        """End the kernel."""
        if self._warming is not None:
            warming, self._warming = self._warming, None
            warming.cancel()
            results = await asyncio.gather(warming, return_exceptions=True)
            if isinstance(results[0], tuple):
                await results[0][0].close()
        if self.kernel is not None:
            kernel, self.kernel = self.kernel, None
            await kernel.close()


async def _started(kernel: Kernel) -> tuple[Kernel, KernelReady]:
    try:
        return kernel, await kernel.start()
    except BaseException:
        await kernel.close()
        raise
