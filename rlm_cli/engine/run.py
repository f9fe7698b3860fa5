"""One run: a question over a corpus, turn after turn, until an answer is ready or something stops it.

    turn    := ask the root model, read its reply, run its cell, tell it what came of it
    run     := turns until ready | a limit | no progress | an interrupt | a failure

On every stop the last draft is the answer. A child run is the same thing one level deeper.
"""

from __future__ import annotations

import asyncio

from rlm_cli.base.errors import CorpusError, KernelError, SessionError
from rlm_cli.engine import briefing
from rlm_cli.engine.asked import Asked, finished_as, started, told_as_recorded
from rlm_cli.engine.asking import RootModel, RootReply
from rlm_cli.engine.broker import CellScope
from rlm_cli.engine.budget_warnings import BudgetWarnings
from rlm_cli.engine.children import run_child
from rlm_cli.engine.closing import Closing
from rlm_cli.engine.control import Control
from rlm_cli.engine.conversation import Conversation
from rlm_cli.engine.conversing import conversation_of
from rlm_cli.engine.direct import answer_directly, goes_direct
from rlm_cli.engine.drafts import Drafts
from rlm_cli.engine.guards import ProgressGuard, ReadyGuard
from rlm_cli.engine.recipe import Recipe
from rlm_cli.engine.replies import Code, Malformed, read_reply
from rlm_cli.engine.resuming import Begun
from rlm_cli.engine.sitting import Sitting
from rlm_cli.engine.stops import Ending, Stop
from rlm_cli.engine.tree import Tree
from rlm_cli.events import child_span
from rlm_cli.events.bodies import (
    CellStarted,
    Notice,
    RunFinished,
    TurnStarted,
)
from rlm_cli.events.values import Json, Problem
from rlm_cli.ports import CallReply, Cell, CellResult, Corpus, Kernel, RlmCall

_KERNEL_RESTARTS = 3
_FAILURES = {KernelError: Stop.KERNEL, CorpusError: Stop.CORPUS, SessionError: Stop.SESSION}
_STOPPING = (
    "stopping after this step; Ctrl-C again interrupts the cell",
    "interrupting the cell; Ctrl-C again kills the kernel",
    "killing the kernel",
)


class Run:
    """One run of the loop. `go` runs it once; `control` takes the user's commands meanwhile.

    Shape:   a sitting is taken up and left open for the next question; without one the run has its own.
             recipe holds replies that are taken from a record in place of asking the root model.
    """

    def __init__(
        self,
        tree: Tree,
        corpus: Corpus,
        asked: Asked,
        sitting: Sitting | None = None,
        begun: Begun | None = None,
        recipe: Recipe | None = None,
    ) -> None:
        self._tree = tree
        self._sitting = sitting or Sitting()
        self._is_sitting_own = sitting is None
        self._begun = begun
        self._recipe = recipe
        self._corpus = corpus
        self._asked = asked
        self.control = Control()
        self.control.on_stop = self._stop_step
        self._root = RootModel(tree, self.control, is_sub_call=asked.depth > 0)
        self._drafts = Drafts(tree.settings.schema if asked.depth == 0 else None)
        self._closing = Closing(tree, corpus, self._drafts, asked.span, asked.depth)
        self._progress = ProgressGuard()
        self._gate = ReadyGuard()
        self._budget_warnings = BudgetWarnings(tree, asked.span)
        self._kernel: Kernel | None = None
        self._scope: CellScope | None = None
        self._span = asked.span
        self._turns_before = begun.question.turns_before if begun else self._sitting.turns
        self._restarts = 0
        if begun is not None and begun.question.draft is not None:
            self._drafts.restore(begun.question.draft)

    async def go(self) -> RunFinished:
        """Run to the end. Whatever happens, `run.finished` is the last event of this run.

        A run whose record cannot be written does not go on: it ends with the draft so far.
        """
        if self._begun is None:
            self._sitting.asked += 1
            self._tree.session.emit(self._asked.span, started(self._tree, self._corpus, self._asked))
            if self._asked.changed is not None:
                self._tree.session.emit(self._asked.span, self._asked.changed)
        if self._asked.depth == 0:
            self._budget_warnings.say_what_cannot_be_kept()
        deadline = asyncio.create_task(self._watch_deadline())
        try:
            return self._closing.close(await self._work())
        except asyncio.CancelledError:
            self._closing.close(Ending(self.control.stop or Stop.INTERRUPTED))
            raise
        except (KernelError, CorpusError, SessionError) as error:
            stop = next(stop for kind, stop in _FAILURES.items() if isinstance(error, kind))
            problem = Problem(kind=stop.value, message=str(error))
            return self._closing.close(Ending(stop, problem, error.exit_code))
        except Exception as error:
            self._closing.close(Ending(Stop.INTERNAL, Problem(kind="internal", message=repr(error))))
            raise
        finally:
            deadline.cancel()
            if self._is_sitting_own:
                await asyncio.shield(self._sitting.close())

    async def _work(self) -> Ending:
        sitting = self._sitting
        if not sitting.is_told:
            sitting.is_told = True
            self._tree.session.emit(self._asked.span, self._corpus.loaded)
        if self._asked.depth == 0 and self._goes_direct():
            ending = await answer_directly(
                self._tree,
                self._corpus,
                "\n\n".join([self._asked.question, *self._said_meanwhile()]),
                self._root,
                self._drafts,
                self._closing,
                sitting,
            )
            if not self._is_too_large_after_all(ending):
                return ending
        self._kernel = await sitting.open_kernel(self._tree, self._corpus, self._asked.span)
        self._closing.sandbox = sitting.sandbox
        conversation = sitting.conversation = await conversation_of(
            self._tree, self._corpus, self._asked, sitting, self._begun, self._kernel
        )
        end = await self._caught_up(conversation, self._kernel) if self._begun else None
        if end is None and (notes := sitting.take_notes()):
            conversation.follow("\n\n".join(notes))
        while end is None:
            await self._pause()
            end = self._ending_before(sitting.turns + 1)
            if end is None:
                sitting.turns += 1
                end = await self._turn(sitting.turns, conversation, self._kernel)
        return end

    async def _pause(self) -> None:
        """Wait while the user wants it; both ends of it are told."""
        if self.control.is_paused:
            self._tell_of_user(f"paused before turn {self._sitting.turns + 1}")
            await self.control.wait_while_paused()
            self._tell_of_user("going on")

    def _said_meanwhile(self) -> list[str]:
        """What the root model is to be told; what the user has said stands in the record with it."""
        said = self.control.take_notes()
        for each in said:
            if each.to_people:
                self._tell_of_user(each.to_people)
        return [each.to_model for each in said]

    def _tell_of_user(self, text: str) -> None:
        self._tree.session.emit(self._asked.span, Notice(level="info", code="user", text=text))

    def _is_too_large_after_all(self, ending: Ending) -> bool:
        """Whether the provider says that a corpus which was put to it whole does not fit; then it is said."""
        is_overflow = ending.problem is not None and ending.problem.kind == "context_overflow"
        if is_overflow and self._tree.settings.mode == "auto":
            text = "the corpus does not fit the model after all: it is worked through with code"
            self._tree.session.emit("root", Notice(level="info", code="direct", text=text))
            return True
        return False

    def _goes_direct(self) -> bool:
        """Whether the corpus goes to the model in one call; a question that has a kernel keeps to it."""
        if self._begun is not None and self._begun.turns:
            return False
        return goes_direct(self._tree, self._corpus)

    async def _turn(self, turn: int, conversation: Conversation, kernel: Kernel) -> Ending | None:
        self._span = child_span(self._asked.span, "t", turn)
        self._tree.session.emit(self._span, TurnStarted(turn=turn, limit=self._last_turn))
        compacted = conversation.compact()
        if compacted is not None:
            self._tree.session.emit(self._span, compacted)
        known = self._recipe.reply(turn) if self._recipe is not None else None
        if known is not None:
            reply: RootReply | Ending = self._root.take(self._span, known, conversation.take_unsent())
        else:
            reply = await self._root.ask(self._span, conversation.messages(), conversation.take_unsent())
        if isinstance(reply, Ending):
            return reply
        reading = _read(reply)
        if isinstance(reading, Malformed):
            kernel.remember({"turn": turn, "reply": reply.text, "code": "", "status": "nothing to run"})
            conversation.add(turn, reply.text, self._report_of_nothing(turn, reading))
            return None
        kernel.remember({"turn": turn, "reply": reply.text, "cell": self._sitting.cells + 1})
        result = await self._cell(turn, reading, kernel)
        if self._recipe is not None:
            self._recipe.saw(turn, result)
        ending, report = await self._report(turn, reading, result, kernel)
        conversation.add(turn, reply.text, report)
        return ending

    async def _report(
        self, turn: int, code: Code, result: CellResult, kernel: Kernel
    ) -> tuple[Ending | None, str]:
        """What a cell's end means for the run, and the message in which the model is told of it."""
        ending, notes = await self._after_cell(code, result, kernel)
        head = briefing.ended(ending.stop) if ending is not None else self._turn_line(turn + 1)
        if ending is None:
            notes += [briefing.spending(self._tree.budget), *self._said_meanwhile()]
        return ending, briefing.report(head, self._sitting.cells, result, [*filter(None, notes)])

    def _report_of_nothing(self, turn: int, reading: Malformed) -> str:
        self._closing.last_prose = reading.prose
        said = [reading.why, self._progress.saw_nothing_to_run()]
        return "\n\n".join(filter(None, [self._turn_line(turn + 1), *said, *self._said_meanwhile()]))

    async def _caught_up(self, conversation: Conversation, kernel: Kernel) -> Ending | None:
        """Take up a question of the record: its guards, and the turn behind which the record ends."""
        assert self._begun is not None
        for turn in self._begun.turns:
            self._span = child_span(self._asked.span, "t", turn.number)
            text, finish = (turn.reply.text, turn.reply.finish) if turn.reply else ("", "stop")
            reading = _read(RootReply(text, finish))
            finished = turn.cell.finished if turn.cell is not None else None
            ending: Ending | None = None
            if isinstance(reading, Malformed):
                report = self._report_of_nothing(turn.number, reading)
            elif finished is not None and turn.report is None:
                result = told_as_recorded(self._begun.last, finished)
                ending, report = await self._report(turn.number, reading, result, kernel)
            else:
                shown, status = (finished.shown, finished.status) if finished is not None else ("", "")
                report = self._progress.saw_cell(reading.code, shown, status == "ok")
            if turn.report is None:
                conversation.add(turn.number, text, report)
                return ending
        return None

    async def _cell(self, turn: int, code: Code, kernel: Kernel) -> CellResult:
        self._sitting.cells += 1
        number = self._sitting.cells
        span = child_span(self._span, "c", number)
        self._tree.session.emit(span, CellStarted(cell=number, code=code.code))
        scope = CellScope(self._tree, self._corpus, span, number, self._child, self._drafted)
        limits, settings = self._tree.settings.limits, self._tree.settings
        cell = Cell(
            number=number,
            code=code.code,
            turn=turn,
            compute_seconds=limits.cell_seconds,
            waiting_seconds=settings.waiting_seconds,
        )
        self._scope = scope
        try:
            result = await kernel.run(cell, scope)
        finally:
            self._scope = None
        self._tree.session.emit(span, finished_as(number, result))
        if result.kernel_is_lost:
            self._sitting.lost = result.problem.message if result.problem else result.status
        return result

    async def _after_cell(
        self, code: Code, result: CellResult, kernel: Kernel
    ) -> tuple[Ending | None, list[str]]:
        """What a cell's end means for the run: an ending, or notes for the model."""
        self._drafted(result.content, result.ready)
        self._closing.coverage = result.coverage
        notes = [
            self._progress.saw_cell(code.code, result.shown, result.status == "ok"),
            self._budget_warnings.check(),
        ]
        if self.control.stop is not None:
            return None, notes
        if result.kernel_is_lost:
            notes.append(await self._restarted(kernel, result))
        if self._drafts.is_ready:
            _, fault = self._drafts.checked()
            cited = await self._closing.cited(lambda: self.control.stop is not None)
            objection = self._gate.objection(self._drafts.content, fault, result.coverage, cited)
            if not objection:
                return Ending(Stop.READY), []
            notes.append(objection)
        return None, notes

    async def _restarted(self, kernel: Kernel, result: CellResult) -> str:
        """Replace the kernel; what the model is told of it.

        Errors:  KernelError after the third time: something kills each kernel.
        """
        self._restarts += 1
        why = result.problem.message if result.problem else result.status
        if self._restarts > _KERNEL_RESTARTS:
            raise KernelError("the kernel was lost again and again", why, "Try `rlm doctor`.")
        restarted = await kernel.restart(why)
        self._sitting.lost = ""
        self._tree.session.emit(self._span, restarted)
        return briefing.restarted(restarted)

    def _ending_before(self, turn: int) -> Ending | None:
        if self.control.stop is not None:
            return Ending(self.control.stop)
        if self._progress.is_stuck:
            return Ending(Stop.NO_PROGRESS)
        limit = self._last_turn
        return Ending(Stop.MAX_TURNS) if limit is not None and turn > limit else None

    @property
    def _last_turn(self) -> int | None:
        """The number of the last turn that this question may have."""
        limit = self._tree.settings.limits.turns
        return None if limit is None else self._turns_before + limit

    def _turn_line(self, turn: int) -> str:
        return briefing.turn_line(turn, self._last_turn)

    def _drafted(self, value: Json, is_ready: bool) -> None:
        updated = self._drafts.update(value, is_ready)
        if updated is not None:
            self._tree.session.emit(self._span, updated)

    async def _child(self, span: str, call: RlmCall) -> CallReply:
        def make(corpus: Corpus) -> Run:
            asked = Asked(call.question, span, self._asked.depth + 1)
            return Run(self._tree, corpus, asked, recipe=self._tree.take_torn(call.question))

        return await run_child(self._tree, self._corpus, self._asked.depth, call, make)

    def _stop_step(self, force: int) -> None:
        if self._asked.depth == 0 and self.control.stop is Stop.INTERRUPTED:
            notice = Notice(level="info", code="stopping", text=_STOPPING[min(force, len(_STOPPING)) - 1])
            self._tree.session.emit(self._asked.span, notice)
        self._root.cancel()
        if self._scope is not None:
            self._scope.stop(Problem(kind=str(self.control.stop), message="the run is being stopped"))
            if force >= 2 and self._kernel is not None:
                self._kernel.interrupt(force - 1)

    async def _watch_deadline(self) -> None:
        seconds = self._tree.settings.limits.seconds
        if seconds is not None and self._asked.depth == 0:
            await self._tree.clock.sleep(seconds)
            self.control.request_stop(Stop.TIMEOUT, force=2)


def _read(reply: RootReply) -> Code | Malformed:
    if reply.is_cut:
        why = "Your reply was cut before its end, so nothing of it was run. Send a shorter cell."
        return Malformed(why, "")
    return read_reply(reply.text)
