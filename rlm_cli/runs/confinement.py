"""Which kernel a setting of `sandbox.mode` asks for: with `strict`, one that refuses to run unconfined."""

from __future__ import annotations

from rlm_cli.base.errors import KernelError
from rlm_cli.events.bodies import KernelReady
from rlm_cli.kernel.adapter import IpyKernel
from rlm_cli.ports import Corpus, Kernel, KernelFactory

CONFINED_TIERS = frozenset({"A", "B", "C"})


class StrictKernel(IpyKernel):
    """A kernel that ends again when it has started without protection of files and network."""

    async def start(self) -> KernelReady:
        """Start it, and map the corpus.

        Errors:  KernelError when it cannot be started, or is not confined.
        """
        ready = await super().start()
        if ready.tier.upper() not in CONFINED_TIERS:
            await self.close()
            raise KernelError(
                "the kernel is not confined",
                f"--sandbox strict demands it, and the sandbox is {ready.sandbox}",
                "Ask about documents that you trust with --sandbox auto",
            )
        return ready


def kernels(mode: str) -> KernelFactory:
    """Makes the kernels of a run; mode is `auto`, `strict` or `off`."""
    kind = StrictKernel if mode == "strict" else IpyKernel

    def make(corpus: Corpus) -> Kernel:
        return kind(corpus.mount)

    return make
