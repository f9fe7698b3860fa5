"""A model that answers from what was recorded: for replay with verification, resume, fork and audit.

Owns the table from the content of a request to its reply. Never opens a connection by itself; a request
that was never made goes to the live model that it was given, or is refused.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, cast

from rlm_cli.base.errors import RequestRefused
from rlm_cli.events import Event
from rlm_cli.events.bodies import ReplyFinished, SubFinished, SubQueued
from rlm_cli.events.values import Usage
from rlm_cli.ports import Delta, Model, ModelFacts, Request, Response, request_key

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator


@dataclass(frozen=True)
class Recorded:
    """One reply as it was recorded, with what it cost when it was paid for."""

    text: str
    usage: Usage
    model: str
    finish: str = "stop"


@dataclass(frozen=True)
class Replies:
    """Recorded replies by the key of their request.

    Shape:   where the same request was made more than once, the last reply stands.
    """

    by_key: Mapping[str, Recorded] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.by_key)


def replies_of(events: Iterable[Event]) -> Replies:
    """The replies that stand in a session's events: of root models, and of sub-calls that succeeded."""
    found: dict[str, Recorded] = {}
    queued: dict[str, SubQueued] = {}
    for event in events:
        body = event.body
        if isinstance(body, ReplyFinished) and body.request:
            found[body.request] = Recorded(body.text, body.usage, body.model, body.finish)
        elif isinstance(body, SubQueued) and body.op == "llm":
            queued[event.span] = body
        elif isinstance(body, SubFinished):
            asked = queued.pop(event.span, None)
            if asked is not None and asked.request and body.status in ("ok", "recorded"):
                found[asked.request] = Recorded(body.text, body.usage, asked.model)
    return Replies(found)


class RecordedModel:
    """Answers from recorded replies under the name of the model that gave them."""

    def __init__(self, facts: ModelFacts, replies: Replies, live: Model | None = None) -> None:
        self._facts = facts
        self._replies = replies
        self._live = live

    @property
    def facts(self) -> ModelFacts:
        """Those of the model that was recorded."""
        return self._facts

    async def stream(self, request: Request) -> AsyncGenerator[Delta | Response, None]:
        """One delta, then the Response, marked as recorded; it costs nothing.

        Errors:  RequestRefused when the request was never recorded and there is no live model.
        """
        key = request_key(self._facts.name, request)
        reply = self._replies.by_key.get(key)
        if reply is None:
            async with aclosing(
                cast("AsyncGenerator[Delta | Response]", self._live_stream(request, key))
            ) as stream:
                async for item in stream:
                    yield item
            return
        if reply.text:
            yield Delta(reply.text)
        usage = Usage(calls=0, usd=0.0)
        yield Response(text=reply.text, usage=usage, model=reply.model, finish=reply.finish, recorded=True)

    async def close(self) -> None:
        """Give back the connections of the live model."""
        if self._live is not None:
            await self._live.close()

    def _live_stream(self, request: Request, key: str) -> AsyncIterator[Delta | Response]:
        if self._live is not None:
            return self._live.stream(request)
        raise RequestRefused(
            f"the record has no reply of {self._facts.name} for this request",
            f"request {key} is not among the {len(self._replies)} that were recorded",
            "Ask again with a live model",
        )
