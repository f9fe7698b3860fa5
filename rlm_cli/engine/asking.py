"""Asking the root model: the request, its stream as events, its whole reply, or why there is none."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import msgspec

from rlm_cli.engine.budget import upper_bound
from rlm_cli.engine.calling import Answered, Unanswered, Watcher
from rlm_cli.engine.control import Control
from rlm_cli.engine.stops import Ending, Stop
from rlm_cli.engine.tree import Tree
from rlm_cli.events.bodies import ReplyDelta, ReplyFinished
from rlm_cli.events.values import Json, Message, Usage
from rlm_cli.ports import CallReply, Request, request_key


@dataclass(frozen=True)
class RootReply:
    """A reply of the root model; `finish` as in `ports.Response`."""

    text: str
    finish: str = "stop"

    @property
    def is_cut(self) -> bool:
        """Whether it ended before its end, at a limit or by a filter."""
        return self.finish != "stop"


class RootModel:
    """The root model of one run.

    Shape:   is_sub_call is True in child runs: what they spend counts as the parent's sub-calls.
    """

    def __init__(self, tree: Tree, control: Control, is_sub_call: bool) -> None:
        self._tree = tree
        self._control = control
        self._is_sub_call = is_sub_call
        self._under_way: asyncio.Task[Answered | Unanswered] | None = None
        self.usage = Usage()

    def cancel(self) -> None:
        """Give up the request that is under way."""
        if self._under_way is not None:
            self._under_way.cancel()

    async def ask(
        self, span: str, messages: tuple[Message, ...], unsent: list[Message], schema: Json = None
    ) -> RootReply | Ending:
        """The reply to a conversation; `unsent` are those of its messages that no event has told yet."""
        model = self._tree.models.root
        request = self._request(messages, schema)
        key = request_key(model.facts.name, request)
        self._tree.budget.keep_for_root(upper_bound(model.facts, request, is_sub_call=False))
        known = self._tree.record.find(key)
        if known is not None:
            self._tree.session.emit(span, _from_record(known, model.facts.name, key, unsent))
            return RootReply(known.text)
        outcome = await self._send(span, request)
        if isinstance(outcome, Ending):
            return outcome
        response = outcome.response
        self.usage += outcome.usage
        finished = ReplyFinished(
            text=response.text,
            model=response.model,
            usage=outcome.usage,
            request=key,
            messages=unsent,
            finish=response.finish,
            attempts=outcome.attempts,
            seconds=outcome.seconds,
        )
        self._tree.session.emit(span, finished)
        return RootReply(response.text, response.finish)

    def take(self, span: str, known: ReplyFinished, unsent: list[Message]) -> RootReply:
        """A reply of the record in place of a request; it costs nothing."""
        again = msgspec.structs.replace(known, usage=Usage(), messages=unsent, attempts=0, recorded=True)
        self._tree.session.emit(span, again)
        return RootReply(known.text, known.finish)

    async def _send(self, span: str, request: Request) -> Answered | Ending:
        session = self._tree.session
        watcher = Watcher(on_delta=lambda text, attempt: session.emit(span, ReplyDelta(text, attempt)))
        task = asyncio.create_task(
            self._tree.caller.call(self._tree.models.root, request, self._is_sub_call, watcher)
        )
        self._under_way = task
        try:
            await asyncio.wait([task])
        finally:
            self._under_way = None
            task.cancel()
        if task.cancelled():
            return Ending(self._control.stop or Stop.INTERRUPTED)
        outcome = task.result()
        if isinstance(outcome, Answered):
            return outcome
        self.usage += outcome.usage
        if outcome.error is not None:
            return Ending(Stop.PROVIDER, outcome.problem, outcome.error.exit_code)
        is_limit = outcome.problem.kind in {stop.value for stop in Stop}
        return Ending(Stop(outcome.problem.kind) if is_limit else Stop.PROVIDER, outcome.problem)

    def _request(self, messages: tuple[Message, ...], schema: Json) -> Request:
        settings = self._tree.settings
        longest = self._tree.models.root.facts.max_tokens_out or settings.root_tokens_out
        return Request(
            messages=messages,
            purpose="root",
            max_tokens_out=min(settings.root_tokens_out, longest),
            temperature=settings.temperature,
            seed=settings.seed,
            schema=schema,
            options=dict(settings.options),
        )


def _from_record(known: CallReply, model: str, key: str, unsent: list[Message]) -> ReplyFinished:
    return ReplyFinished(
        text=known.text, model=model, usage=Usage(), request=key, messages=unsent, attempts=0, recorded=True
    )
