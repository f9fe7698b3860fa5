"""What a fresh kernel says that it has brought back, bounded, and what is told of it.

The words of a kernel are a cell's words: they are shown to the model as names, and believed no further.
"""

from __future__ import annotations

from dataclasses import dataclass

from msgspec import UNSET

from rlm_cli.events.bodies import KernelRestarted
from rlm_cli.kernel.endings import Known
from rlm_cli.kernel.frames import Ready

_NAMES = 500
_KEPT_OUTSIDE = ("answer", "memory", "history")


@dataclass(frozen=True)
class Restored:
    """The names that stand again, as they were after a cell; no names and 0 for a kernel that began empty."""

    names: tuple[str, ...] = ()
    cell: int = 0

    def told(self, why: str, known: Known, seconds: float) -> KernelRestarted:
        """The event that tells it; what is known to be gone is taken out of `known`."""
        lost = [each.name for each in known.variables if each.name not in self.names]
        lost += [f"memory[{name!r}]" for name in known.memory_left_out]
        known.variables = tuple(each for each in known.variables if each.name in self.names)
        known.memory_left_out = ()
        return KernelRestarted(
            why=why,
            restored=[*_KEPT_OUTSIDE, *self.names],
            lost=lost,
            seconds=seconds,
            cell=self.cell or UNSET,
        )


def restored_of(ready: Ready) -> Restored:
    """What a kernel has brought back: identifiers alone, each once, at most 500."""
    names = [name for name in dict.fromkeys(ready.restored) if name.isidentifier() and len(name) <= 100]
    return Restored(tuple(names[:_NAMES]), ready.restored_cell if names else 0)
