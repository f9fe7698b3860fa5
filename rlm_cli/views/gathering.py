"""Many events of sub-calls at once: the same tree as event by event, at a quarter of the time.

For seeking in long sessions, where only the state at the end of a stretch is wanted. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from msgspec.structs import asdict

from rlm_cli.events import Event, parent_span
from rlm_cli.events.bodies import SubFinished, SubQueued, SubStarted
from rlm_cli.views.calls import STATES, Batch, Call, CallTree

SUB_EVENTS = (SubQueued, SubStarted, SubFinished)

_HEAD_CHARACTERS = 400
_SETTLED = ("ok", "recorded", "failed", "refused", "cancelled")


def gathered(tree: CallTree, events: Iterable[Event]) -> CallTree:
    """The tree after these events, all of the kinds of SUB_EVENTS: as if they were reduced one by one."""
    gathering = _Gathering(tree)
    for event in events:
        body = event.body
        if isinstance(body, SubQueued):
            gathering.queued(event, body)
        elif isinstance(body, SubStarted):
            gathering.started(event, body)
        elif isinstance(body, SubFinished):
            gathering.finished(event, body)
    return gathering.tree()


class _Gathering:
    """The changed calls and batches, as plain dictionaries that are made into values once."""

    def __init__(self, tree: CallTree) -> None:
        self._tree = tree
        self._calls: dict[str, dict[str, Any]] = {}
        self._batches: dict[str, dict[str, Any]] = {}
        self._count = len(tree.calls)

    def queued(self, event: Event, body: SubQueued) -> None:
        is_new = event.span not in self._calls and self._tree.calls.get(event.span) is None
        order = self._count
        self._count += is_new
        self._calls[event.span] = {
            "span": event.span,
            "order": order,
            "op": body.op,
            "prompt": body.prompt[:_HEAD_CHARACTERS],
            "model": body.model,
            "batch": body.batch,
            "index": body.index,
            "label": body.label,
            "queued": event.t,
            "state": "queued",
            "problem": None,
            "started": None,
        }
        batch = self._batch(parent_span(event.span), body, event.t)
        states = batch["states"]
        states["queued"] = states.get("queued", 0) + 1
        known = sum(states.values())
        batch["of"] = max(body.of, known) if body.batch else known
        batch["ended"] = None

    def started(self, event: Event, body: SubStarted) -> None:
        call = self._call(event.span)
        if call is None:
            return
        if call["started"] is None:
            call["started"] = event.t
        call["attempts"] = body.attempt
        self._move(call, "running" if body.attempt <= 1 else "retried", event.t)

    def finished(self, event: Event, body: SubFinished) -> None:
        call = self._call(event.span)
        if call is None:
            return
        batch = self._batches.get(self._key(call))
        if body.problem is not None and call["problem"] is None and batch is not None:
            kinds = batch["problems"]
            kinds[body.problem.kind] = kinds.get(body.problem.kind, 0) + 1
        call["finished"] = event.t
        call["text"] = body.text[:_HEAD_CHARACTERS]
        call["usage"], call["problem"] = body.usage, body.problem
        self._move(call, body.status if body.status in STATES else "failed", event.t)

    def tree(self) -> CallTree:
        """What was gathered, as values."""
        calls = {span: Call(**fields) for span, fields in self._calls.items()}
        batches = {key: _batch(fields) for key, fields in self._batches.items()}
        return CallTree(self._tree.calls.with_entries(calls), self._tree.batches.with_entries(batches))

    def _move(self, call: dict[str, Any], state: str, t: float) -> None:
        batch, before = self._batches.get(self._key(call)), call["state"]
        call["state"] = state
        if batch is None:
            return
        states = batch["states"]
        states[before] = states.get(before, 0) - 1
        states[state] = states.get(state, 0) + 1
        if sum(states.get(each, 0) for each in _SETTLED) >= batch["of"]:
            batch["ended"] = t

    def _call(self, span: str) -> dict[str, Any] | None:
        call = self._calls.get(span)
        if call is None:
            known = self._tree.calls.get(span)
            if known is None:
                return None
            call = self._calls[span] = asdict(known)
            key = self._key(call)
            batch = self._tree.batches.get(key)
            if batch is not None:
                self._batches.setdefault(key, _opened(batch))
        return call

    def _batch(self, cell_span: str, body: SubQueued, t: float) -> dict[str, Any]:
        key = f"{cell_span}#{body.batch}"
        batch = self._batches.get(key)
        if batch is None:
            known = self._tree.batches.get(key)
            fresh = Batch(cell_span, body.batch, 0, body.op, body.model, t)
            batch = self._batches[key] = _opened(known or fresh)
        return batch

    @staticmethod
    def _key(call: dict[str, Any]) -> str:
        return f"{parent_span(call['span'])}#{call['batch']}"


def _opened(batch: Batch) -> dict[str, Any]:
    return {**asdict(batch), "states": dict(batch.states), "problems": dict(batch.problems)}


def _batch(fields: dict[str, Any]) -> Batch:
    counts = {name: fields[name].items() for name in ("states", "problems")}
    sorted_counts = {name: tuple(sorted(each for each in items if each[1])) for name, items in counts.items()}
    return Batch(**{**fields, **sorted_counts})
