"""The tree of sub-calls: every call and child run of every cell, and the state of each batch."""

from __future__ import annotations

from msgspec import Struct
from msgspec.structs import replace

from rlm_cli.events import Event, parent_span
from rlm_cli.events.bodies import RunResumed, RunStarted, SubFinished, SubQueued, SubStarted
from rlm_cli.events.values import Problem, Usage
from rlm_cli.views.table import Table

STATES = {
    "queued": "·",
    "running": "■",
    "retried": "↻",
    "ok": "✓",
    "recorded": "▒",
    "failed": "✗",
    "refused": "✗",
    "cancelled": "✗",
}
"""Every state of a call, and the glyph that stands for it."""

_HEAD_CHARACTERS = 400


class Call(Struct, frozen=True):
    """A sub-call (`llm`) or a child run (`rlm`).

    Units:   the times are seconds since the run began, None until it happened.
    Shape:   order counts the calls of the run from 0; prompt and text are the first 400 characters.
    """

    span: str
    order: int
    op: str
    prompt: str
    model: str
    batch: int
    index: int
    label: str
    queued: float
    state: str = "queued"
    started: float | None = None
    finished: float | None = None
    attempts: int = 0
    text: str = ""
    usage: Usage = Usage()
    problem: Problem | None = None


class Batch(Struct, frozen=True):
    """The calls that one cell made at once; batch 0 gathers its single calls.

    Units:   the times are seconds since the run began.
    Shape:   `of` is how many there will be; `states` counts by state; `problems` counts failures by kind.
    """

    cell_span: str
    number: int
    of: int
    op: str
    model: str
    began: float
    ended: float | None = None
    states: tuple[tuple[str, int], ...] = ()
    problems: tuple[tuple[str, int], ...] = ()

    def count(self, *states: str) -> int:
        """How many calls are in any of these states."""
        return sum(number for state, number in self.states if state in states)

    @property
    def settled(self) -> int:
        """How many calls have ended, whatever way."""
        return self.count("ok", "recorded", "failed", "refused", "cancelled")

    @property
    def is_over(self) -> bool:
        """Whether every call of the batch has ended."""
        return self.settled >= self.of


class CallTree(Struct, frozen=True):
    """All calls by span, all batches by `cell span#number`."""

    calls: Table[Call] = Table()
    batches: Table[Batch] = Table()

    def batch_of(self, call: Call) -> Batch | None:
        """The batch that a call belongs to."""
        return self.batches.get(_key(parent_span(call.span), call.batch))

    def batches_of(self, cell_span: str) -> list[Batch]:
        """The batches of a cell, in order."""
        found = [batch for batch in self.batches.values() if batch.cell_span == cell_span]
        return sorted(found, key=lambda batch: batch.number)

    def below(self, span: str) -> list[Call]:
        """The calls below a span, in the order in which they were asked for."""
        found = [call for call in self.calls.values() if call.span.startswith(span + "/")]
        return sorted(found, key=lambda call: call.order)


def reduce_calls(tree: CallTree, event: Event) -> CallTree:
    """The tree after an event."""
    match event.body:
        case RunStarted() if not parent_span(event.span):
            return CallTree()
        case RunResumed(cell=cell):
            return _before(tree, cell)
        case SubQueued() as queued:
            return _queued(tree, event, queued)
        case SubStarted(attempt=attempt):
            state = "running" if attempt <= 1 else "retried"
            call = tree.calls.get(event.span)
            started = event.t if call is None or call.started is None else call.started
            return _changed(tree, event, {"state": state, "attempts": attempt, "started": started})
        case SubFinished() as finished:
            changes = {
                "state": finished.status if finished.status in STATES else "failed",
                "finished": event.t,
                "text": finished.text[:_HEAD_CHARACTERS],
                "usage": finished.usage,
                "problem": finished.problem,
            }
            return _changed(tree, event, changes)
    return tree


def _before(tree: CallTree, cell: int) -> CallTree:
    """The calls of the cells before this one: those behind it are taken back, and may come again."""
    kept = CallTree()
    for call in tree.calls.values():
        if _cell_of(call.span) < cell:
            kept = replace(kept, calls=kept.calls.with_entry(call.span, call))
    for batch in tree.batches.values():
        if _cell_of(f"{batch.cell_span}/") < cell:
            kept = replace(kept, batches=kept.batches.with_entry(_key(batch.cell_span, batch.number), batch))
    return kept


def _cell_of(span: str) -> int:
    """The number of the root run's cell below which a span stands; 0 for none."""
    parts = [part[1:] for part in span.split("/")[1:3] if part[:1] == "c"]
    return int(parts[0]) if parts and parts[0].isdigit() else 0


def _queued(tree: CallTree, event: Event, queued: SubQueued) -> CallTree:
    call = Call(
        span=event.span,
        order=len(tree.calls),
        op=queued.op,
        prompt=queued.prompt[:_HEAD_CHARACTERS],
        model=queued.model,
        batch=queued.batch,
        index=queued.index,
        label=queued.label,
        queued=event.t,
    )
    cell_span = parent_span(event.span)
    key = _key(cell_span, queued.batch)
    batch = tree.batches.get(key) or Batch(cell_span, queued.batch, 0, queued.op, queued.model, event.t)
    known = sum(number for _, number in batch.states) + 1
    of = max(queued.of, known) if queued.batch else known
    batch = replace(batch, of=of, ended=None, states=_counted(batch.states, "queued", 1))
    return CallTree(tree.calls.with_entry(event.span, call), tree.batches.with_entry(key, batch))


def _changed(tree: CallTree, event: Event, changes: dict[str, object]) -> CallTree:
    call = tree.calls.get(event.span)
    if call is None:
        return tree
    changed = replace(call, **changes)
    calls = tree.calls.with_entry(event.span, changed)
    batch = tree.batch_of(call)
    if batch is None:
        return replace(tree, calls=calls)
    states = _counted(_counted(batch.states, call.state, -1), changed.state, 1)
    problems = batch.problems
    if changed.problem is not None and call.problem is None:
        problems = _counted(problems, changed.problem.kind, 1)
    batch = replace(batch, states=states, problems=problems)
    if batch.is_over:
        batch = replace(batch, ended=event.t)
    return CallTree(calls, tree.batches.with_entry(_key(batch.cell_span, batch.number), batch))


def _counted(counts: tuple[tuple[str, int], ...], name: str, change: int) -> tuple[tuple[str, int], ...]:
    numbers = dict(counts)
    numbers[name] = numbers.get(name, 0) + change
    return tuple(sorted((each, number) for each, number in numbers.items() if number))


def _key(cell_span: str, batch: int) -> str:
    return f"{cell_span}#{batch}"
