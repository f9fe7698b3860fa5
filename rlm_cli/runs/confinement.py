"""Which kernels the settings of the sandbox ask for, and what happens where this machine has none.

    strict   a kernel whose files and network are protected, or none: exit code 8 and what to do
    auto     the same; where there is no such kernel, the user is asked once, on a terminal
    off      a kernel without protection

Nothing is ever downgraded in silence: the tier that a kernel has got is told by `kernel.ready`.
"""

from __future__ import annotations

from dataclasses import dataclass

from rlm_cli.base.errors import KernelError
from rlm_cli.events.bodies import KernelReady
from rlm_cli.kernel.adapter import IpyKernel
from rlm_cli.kernel.launch import KernelUnconfined
from rlm_cli.kernel.sandbox.abilities import Abilities, abilities
from rlm_cli.kernel.sandbox.policy import MEMORY_BYTES, Sandbox
from rlm_cli.kernel.sandbox.tiers import CONFINED, LEFT_OPEN, Tier, Worded, status_line
from rlm_cli.ports import Corpus, Kernel, KernelFactory, Mount
from rlm_cli.runs.consent import Consent
from rlm_cli.settings.locations import Directories
from rlm_cli.settings.tree import SandboxSettings

CONFINED_TIERS = frozenset(tier.value for tier in CONFINED)


class KernelUnprotected(KernelError):
    """There is no kernel as protected as was demanded."""


@dataclass(frozen=True)
class Demand:
    """What is demanded of kernels.

    Units:   memory_bytes bounds all processes of one kernel together.
    Shape:   mode is `auto`, `strict` or `off`; hidden are folders of which cells must see nothing.
    """

    mode: str = "auto"
    memory_bytes: int = MEMORY_BYTES
    hidden: tuple[str, ...] = ()

    def sandbox(self, tiers: tuple[Tier, ...]) -> Sandbox:
        """The sandbox with these tiers."""
        return Sandbox(tiers=tiers, memory_bytes=self.memory_bytes, hidden=self.hidden)


USUAL = Demand()
"""What is demanded where no settings say anything."""


def demanded(settings: SandboxSettings, places: Directories) -> Demand:
    """The demand of settings; sessions and configuration are hidden from cells."""
    hidden = (str(places.sessions), str(places.config))
    return Demand(settings.mode, settings.memory_bytes, hidden)


def asks(demand: Demand) -> bool:
    """Whether a kernel may have to ask whether it may start at all."""
    return demand.mode == "auto" and all(abilities().missing(tier) for tier in CONFINED)


class ConfinedKernel(IpyKernel):
    """A kernel that is protected as demanded, or does not start."""

    def __init__(self, mount: Mount | None, demand: Demand, consent: Consent | None = None) -> None:
        self._demand = demand
        self._consent = consent
        tiers = (Tier.OFF,) if demand.mode == "off" else CONFINED
        super().__init__(mount, sandbox=demand.sandbox(tiers))

    async def start(self) -> KernelReady:
        """Start it, and map the corpus.

        Errors:  KernelError when it cannot be started; KernelUnprotected when it cannot be protected, and
                 nobody has agreed to that.
        """
        try:
            return await super().start()
        except KernelUnconfined as error:
            if self._demand.mode == "auto" and self._consent is not None:
                open_to = status_line(_best_open(abilities()), Worded(False, False, 0))
                if await self._consent.given(f"{open_to}. {error.why}. Go on without protection?"):
                    self._sandbox = self._demand.sandbox(LEFT_OPEN)
                    return await super().start()
            raise KernelUnprotected("the kernel is not confined", error.why, remedy(abilities())) from error


def kernels(demand: Demand, consent: Consent | None = None) -> KernelFactory:
    """Makes the kernels of a run; without a consent to ask for, `auto` is as strict as `strict`."""

    def make(corpus: Corpus) -> Kernel:
        return ConfinedKernel(corpus.mount, demand, consent)

    return make


def remedy(has: Abilities) -> str:
    """What makes a protected kernel possible here, or how to go without."""
    if "not installed" in has.why_no_bubblewrap:
        first = "Install bubblewrap (apt-get install bubblewrap, dnf install bubblewrap)"
    elif has.has_seatbelt or not has.has_seccomp:
        first = "Run it on Linux with bubblewrap or Landlock"
    else:
        first = "Allow user namespaces to bubblewrap, or use Linux 5.13 or newer with Landlock"
    return f"{first}; or, for documents that you trust: --sandbox off"


def _best_open(has: Abilities) -> Tier:
    return next(tier for tier in LEFT_OPEN if not has.missing(tier))
