"""The record of replies by content: the same request is never paid twice in a session.

A request that is under way is shared by all that ask for it; one that was answered is answered from here.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from rlm_cli.ports import CallReply


class Record:
    """Replies by request key, for the whole tree of runs."""

    def __init__(self, known: dict[str, CallReply] | None = None) -> None:
        self._known = dict(known or {})
        self._under_way: dict[str, asyncio.Future[CallReply | None]] = {}

    def find(self, key: str) -> CallReply | None:
        """The reply that was recorded for this key, free of charge."""
        return self._known.get(key)

    async def answer(self, key: str, ask: Callable[[], Awaitable[CallReply]]) -> tuple[CallReply, bool]:
        """The reply for a key, and whether it came from the record. Only whole, good replies are kept."""
        while True:
            known = self._known.get(key)
            if known is not None:
                return known, True
            under_way = self._under_way.get(key)
            if under_way is None:
                break
            await asyncio.shield(under_way)
            if key not in self._known:
                break
        waiting: asyncio.Future[CallReply | None] = asyncio.get_running_loop().create_future()
        self._under_way[key] = waiting
        try:
            reply = await ask()
            if reply.problem is None:
                self._known[key] = reply
            return reply, False
        finally:
            if self._under_way.get(key) is waiting:
                del self._under_way[key]
            waiting.set_result(None)
