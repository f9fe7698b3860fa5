"""A CellHost that records what a kernel tells it, and answers calls by a function."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from rlm_cli.events.values import Json
from rlm_cli.ports import CallReply, KernelCall, LlmCall, RlmCall

Answering = Callable[[KernelCall], Awaitable[CallReply]]


async def echo(call: KernelCall) -> CallReply:
    """Every call succeeds with what it asked."""
    if isinstance(call, LlmCall):
        return CallReply(text=f"re: {call.prompt}")
    return CallReply(text=f"re: {call.question}" if isinstance(call, RlmCall) else "[[cite:1]]")


class RecordingHost:
    """Shape:   `calls` in the order of their arrival, `drafts` as (content, ready), `pieces` as (stream,
    text); `cancelled` holds the calls that were cancelled; `asked` is set at the first call."""

    def __init__(self, answering: Answering = echo) -> None:
        self.calls: list[KernelCall] = []
        self.cancelled: list[KernelCall] = []
        self.drafts: list[tuple[Json, bool]] = []
        self.pieces: list[tuple[str, str]] = []
        self.asked = asyncio.Event()
        self.heard = asyncio.Event()
        self._answering = answering

    def output(self, stream: str, text: str) -> None:
        self.pieces.append((stream, text))
        self.heard.set()

    def drafted(self, content: Json, ready: bool) -> None:
        self.drafts.append((content, ready))

    async def call(self, call: KernelCall) -> CallReply:
        self.calls.append(call)
        self.asked.set()
        try:
            return await self._answering(call)
        except asyncio.CancelledError:
            self.cancelled.append(call)
            raise


async def never(call: KernelCall) -> CallReply:
    """No call is ever answered."""
    await asyncio.Event().wait()
    raise AssertionError
