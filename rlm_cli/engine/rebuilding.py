"""A session's state, made again from its record: cells run again, in silence, with the recorded replies.

No call is made and nothing is paid. A call that is not in the record fails with the kind `not_recorded`;
that, and everything else that comes out otherwise than it was recorded, is named.
"""

from __future__ import annotations

from dataclasses import dataclass

from rlm_cli.base.text import counted
from rlm_cli.engine import briefing, prompts
from rlm_cli.engine.conversation import Conversation
from rlm_cli.engine.past import Past, PastCell, PastQuestion, PastTurn, Step
from rlm_cli.engine.rerunning import Bounds, RecordedCalls, RecordedHost, Rerun, result_of
from rlm_cli.engine.sitting import Sitting
from rlm_cli.engine.tree import Tree
from rlm_cli.events.bodies import CellFinished, RunResumed
from rlm_cli.ports import CellResult, Corpus, Kernel, LlmCall, RlmCall


@dataclass(frozen=True)
class Rebuilt:
    """What came of it: the event that tells it, and how the last cell ended when it was run again."""

    event: RunResumed
    last: CellResult | None


class Rebuilding:
    """Puts a past into a sitting that is fresh."""

    def __init__(self, tree: Tree, corpus: Corpus, past: Past, sitting: Sitting) -> None:
        self._tree = tree
        self._corpus = corpus
        self._past = past
        self._sitting = sitting
        self._lost: list[str] = []
        self._again = 0
        self._last: CellResult | None = None

    async def go(self, why: str) -> Rebuilt:
        """Make it, and tell it: the corpus, the kernel if one is needed, and from where the session goes on.

        Errors:  KernelError when no kernel can be started.
        """
        began = self._tree.clock.now()
        sitting, past = self._sitting, self._past
        self._tree.session.emit("root", self._corpus.loaded)
        sitting.is_told = True
        if past.last_cell:
            await self._cells(await sitting.open_kernel(self._tree, self._corpus, "root"))
        sitting.turns, sitting.cells = past.last_turn, past.last_cell
        sitting.asked = len(past.questions)
        _restore_conversation(self._tree, past, sitting)
        if self._lost:
            sitting.notes.append(briefing.not_rebuilt(self._lost))
        event = self._event(why, self._tree.clock.now() - began)
        self._tree.session.emit("root", event)
        return Rebuilt(event, self._last)

    async def _cells(self, kernel: Kernel) -> None:
        tree = self._tree
        again = Rerun(kernel, self._corpus, tree.citations, RecordedCalls(self._past), self)
        bounds = Bounds(tree.settings.limits.cell_seconds, tree.settings.waiting_seconds)
        await again.go(self._past.steps, bounds)

    def model_of(self, call: LlmCall | RlmCall) -> str:
        """The model that a call means with today's settings."""
        models = self._tree.models
        model = models.root if isinstance(call, RlmCall) else models.named(call.model)
        return model.facts.name if model is not None else ""

    async def asked_child(self, span: str, call: RlmCall, corpus: Corpus) -> None:
        """A child run leaves nothing behind but its answer."""

    def skipped(self, cell: PastCell, status: str) -> None:
        """Name a cell that is not run again."""
        self._lost.append(f"cell {cell.number} {_STOPPED[status or 'died']}, and is not run again")

    def ran(self, cell: PastCell, result: CellResult, host: RecordedHost) -> None:
        """Name what came out otherwise."""
        assert cell.finished is not None
        self._again += 1
        self._last = result
        self._lost += _differences(cell.number, cell.finished, result, len(host.missing))

    def behind(self, step: Step) -> None:
        """A step is through: there is nothing to name."""

    def _event(self, why: str, seconds: float) -> RunResumed:
        questions = self._past.questions
        last = questions[-1] if questions else None
        goes_on = why == "resume" or (why == "fork" and last is not None and last.finished is None)
        paid = last if last is not None and goes_on else None
        return RunResumed(
            why=why,
            turn=self._past.last_turn + 1,
            cell=self._past.last_cell + 1,
            questions=len(questions),
            cells_again=self._again,
            lost=self._lost,
            seconds=seconds,
            **({"root_usage": paid.root_usage, "sub_usage": paid.sub_usage} if paid else {}),
        )


def new_conversation(tree: Tree, opening: str) -> Conversation:
    """A conversation of the root model that begins with a message."""
    window = tree.models.root.facts.context_tokens
    return Conversation(prompts.load("root"), opening, window, tree.settings.root_tokens_out)


def _restore_conversation(tree: Tree, past: Past, sitting: Sitting) -> None:
    """What was said, of the questions that went through the loop; those that did not are kept aside."""
    question: PastQuestion | None = None
    turns: list[tuple[PastQuestion, PastTurn]] = []
    for step in past.steps:
        if isinstance(step, PastQuestion):
            question = step
            if step.finished is not None and step.is_direct:
                sitting.earlier.append((step.started.question, step.finished.answer))
        elif isinstance(step, PastTurn) and question is not None and not question.is_direct:
            turns.append((question, step))
    if not turns or not turns[0][1].asked:
        return
    conversation = new_conversation(tree, turns[0][1].asked[-1].content)
    for place, (question, turn) in enumerate(turns):
        is_last = place == len(turns) - 1
        if turn.reply is None or (is_last and turn.report is None and question.finished is None):
            break
        conversation.restore(turn.number, turn.reply.text, turn.report or _report(question, turn))
    sitting.conversation = conversation


def _report(question: PastQuestion, turn: PastTurn) -> str:
    """What the model would have been told of a turn behind which its run has ended."""
    stop = question.finished.stop if question.finished else "interrupted"
    finished = turn.cell.finished if turn.cell else None
    if turn.cell is None or finished is None:
        return briefing.ended(stop)
    return briefing.report(briefing.ended(stop), turn.cell.number, result_of(finished), [])


_STOPPED = {
    "timeout": "was stopped at its limit of computing time",
    "interrupted": "was interrupted",
    "died": "ended its kernel",
}


def _differences(number: int, then: CellFinished, again: CellResult, missing: int) -> list[str]:
    """What came out otherwise, in words; nothing when the cell did what it had done."""
    found: list[str] = []
    if missing:
        found.append(f"cell {number} made {counted(missing, 'call')} that {_are(missing)} not in the record")
    if again.status != then.status:
        found.append(f"cell {number} ended as {again.status}, and as {then.status} when it ran first")
    elif again.shown != then.shown:
        found.append(f"cell {number} printed something else than when it ran first")
    there = {each.name for each in again.variables}
    gone = [each.name for each in then.variables if each.name not in there]
    if gone:
        found.append(f"cell {number} did not make {', '.join(gone[:10])} again")
    return found


def _are(count: int) -> str:
    return "is" if count == 1 else "are"
