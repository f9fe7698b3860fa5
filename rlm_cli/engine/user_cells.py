"""A cell that the user has written: it runs in the same kernel, and is recorded as the user's.

The root model is told of it with the next question. What it costs is held to the limits like all else.
"""

from __future__ import annotations

from rlm_cli.base.text import head_and_tail
from rlm_cli.engine.asked import Asked, finished_as
from rlm_cli.engine.broker import CellScope
from rlm_cli.engine.children import run_child
from rlm_cli.engine.rerunning import RecordedHost
from rlm_cli.engine.run import Run
from rlm_cli.engine.sitting import Sitting
from rlm_cli.engine.tree import Tree
from rlm_cli.events.bodies import CellStarted
from rlm_cli.events.values import Json, Problem
from rlm_cli.ports import CallReply, Cell, CellResult, Corpus, RlmCall

_TOLD_CHARACTERS = 2_000
_PEEK_SECONDS = 10.0


class UserCell:
    """One cell of the user, from its start to its end."""

    def __init__(self, tree: Tree, corpus: Corpus, sitting: Sitting) -> None:
        self._tree = tree
        self._corpus = corpus
        self._sitting = sitting
        self._scope: CellScope | None = None

    async def run(self, code: str) -> CellResult:
        """Run it, and tell it.

        Errors:  KernelError when no kernel can be started.
        """
        sitting, session = self._sitting, self._tree.session
        if not sitting.is_told:
            sitting.is_told = True
            session.emit("root", self._corpus.loaded)
        kernel = await sitting.open_kernel(self._tree, self._corpus, "root")
        sitting.cells += 1
        number = sitting.cells
        span = f"root/c{number}"
        session.emit(span, CellStarted(cell=number, code=code, origin="user"))
        self._scope = CellScope(self._tree, self._corpus, span, number, self._child, _ignore)
        kernel.remember({"turn": sitting.turns, "cell": number, "reply": "", "by": "user"})
        settings = self._tree.settings
        cell = Cell(number=number, code=code, turn=sitting.turns, waiting_seconds=settings.waiting_seconds)
        result = await kernel.run(cell, self._scope)
        if result.kernel_is_lost:
            sitting.lost = result.problem.message if result.problem else result.status
        session.emit(span, finished_as(number, result))
        sitting.notes.append(_note(number, code, result))
        return result

    def interrupt(self, force: int) -> None:
        """Cancel its calls and interrupt it; more force kills its kernel."""
        if self._scope is not None:
            self._scope.stop(Problem(kind="interrupted", message="the cell was interrupted"))
        if self._sitting.kernel is not None:
            self._sitting.kernel.interrupt(force)

    async def _child(self, span: str, call: RlmCall) -> CallReply:
        def make(corpus: Corpus) -> Run:
            return Run(self._tree, corpus, Asked(call.question, span, 1))

        return await run_child(self._tree, self._corpus, 0, call, make)


async def peek(tree: Tree, corpus: Corpus, sitting: Sitting, code: str) -> str:
    """What some code prints, run beside the record: it must change nothing. Empty while there is no kernel.

    Errors:  KernelError when a lost kernel cannot be replaced.
    """
    if sitting.kernel is None:
        return ""
    kernel = await sitting.open_kernel(tree, corpus, "root")
    result = await kernel.run(
        Cell(number=0, code=code, compute_seconds=_PEEK_SECONDS), RecordedHost(tree.citations, corpus)
    )
    return result.shown


def _note(number: int, code: str, result: CellResult) -> str:
    shown, _ = head_and_tail(result.shown, _TOLD_CHARACTERS)
    output = f"\n<output>\n{shown.rstrip()}\n</output>" if shown.strip() else ""
    return (
        f"The user has run this in the kernel, as cell {number} ({result.status}):\n```\n{code}\n```{output}"
    )


def _ignore(content: Json, ready: bool) -> None:
    """The answer variable is the root model's: a draft of the user is none."""
