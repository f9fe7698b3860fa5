"""What a run and all of its child runs may spend, kept by reserving before anything is sent.

A request is sent only when spent + reserved + its own upper bound stays within every ceiling. One that
does not fit while others are in flight waits for them to settle for less than they had reserved; one
that does not fit on its own is refused. So the ceiling holds, and is used up to the end.
"""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass

from rlm_cli.base.text import money
from rlm_cli.events.values import Limits, Problem, Usage
from rlm_cli.ports import ModelFacts, Request, Response

_TOKENS_PER_MESSAGE = 16


@dataclass(frozen=True)
class Bound:
    """The most that one request can cost, or has cost.

    Units:   tokens in and out together; usd is None when the price is not known.
    """

    tokens: int
    usd: float | None
    is_sub_call: bool = True


NOTHING = Bound(tokens=0, usd=0.0)
"""What a request has cost that was not sent, or that nobody bills."""


def upper_bound(facts: ModelFacts, request: Request, is_sub_call: bool) -> Bound:
    """The bound of a request: every token stands for at least one byte of UTF-8.

    Source:  byte-pair encodings and SentencePiece with byte fallback never emit more tokens than bytes;
             chat templates add a few tokens a message.
    """
    tokens_out = request.max_tokens_out or facts.max_tokens_out or 0
    return _bound(facts, _most_tokens_in(request), tokens_out, is_sub_call)


def cost_of(facts: ModelFacts, request: Request, response: Response, bound: Bound) -> Bound:
    """The most that a whole response has cost: as reported, or by its bytes where nothing was reported."""
    usage = response.usage
    if not usage.estimated:
        tokens = usage.tokens_in + usage.tokens_out
        usd = usage.usd if usage.usd is not None else facts.usd_at_most(usage.tokens_in, usage.tokens_out)
        return Bound(tokens, usd, bound.is_sub_call)
    tokens_out = len(response.text.encode("utf-8", "surrogatepass")) + _TOKENS_PER_MESSAGE
    return _bound(facts, _most_tokens_in(request), tokens_out, bound.is_sub_call)


def _bound(facts: ModelFacts, tokens_in: int, tokens_out: int, is_sub_call: bool) -> Bound:
    usd = facts.usd_at_most(tokens_in, tokens_out)
    return Bound(tokens=tokens_in + tokens_out, usd=usd, is_sub_call=is_sub_call)


def _most_tokens_in(request: Request) -> int:
    return sum(
        len(message.content.encode("utf-8", "surrogatepass")) + _TOKENS_PER_MESSAGE
        for message in request.messages
    )


class Reservation:
    """Room for one request, until it is settled."""

    def __init__(self, bound: Bound) -> None:
        self.bound = bound
        self.is_open = True


@dataclass(frozen=True)
class _Waiting:
    bound: Bound
    answer: asyncio.Future[Reservation | Problem]


class Budget:
    """The ledger of a run and its children. One instance for the whole tree.

    Two accounts: what people are told (`root`, `sub`), where an unknown price makes the sum unknown; and
    what counts towards the ceilings, where a request whose usage nobody has reported counts with the most
    that it can have cost.
    """

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.root = Usage()
        self.sub = Usage()
        self.sub_requests = 0
        self.headroom = Bound(tokens=0, usd=0.0)
        self._charged_tokens = 0
        self._charged_usd = 0.0
        self._in_flight = 0
        self._reserved_tokens = 0
        self._reserved_usd = 0.0
        self._queue: deque[_Waiting] = deque()

    def restore(self, root: Usage, sub: Usage, sub_requests: int) -> None:
        """Begin with what the question has cost before: its ceilings hold for all of it."""
        self.root, self.sub, self.sub_requests = root, sub, sub_requests
        self._charged_tokens = self.spent.tokens_in + self.spent.tokens_out
        self._charged_usd = (root.usd or 0.0) + (sub.usd or 0.0)

    @property
    def spent(self) -> Usage:
        """Everything that was paid so far, in the whole tree."""
        return self.root + self.sub

    def keep_for_root(self, bound: Bound) -> None:
        """Sub-calls leave this much, so that the root model can still write its answer.

        A bound of more than half of a ceiling is not kept: the run would have nothing left to work with.
        """
        tokens, usd = bound.tokens, bound.usd or 0.0
        self.headroom = Bound(
            tokens=tokens if self.limits.tokens is None or tokens * 2 <= self.limits.tokens else 0,
            usd=usd if self.limits.usd is None or usd * 2 <= self.limits.usd else 0.0,
        )

    async def reserve(self, bound: Bound) -> Reservation | Problem:
        """Room for one request, or the limit that has none left; first come, first served."""
        answer: asyncio.Future[Reservation | Problem] = asyncio.get_running_loop().create_future()
        self._queue.append(_Waiting(bound, answer))
        self._serve()
        try:
            return await answer
        except asyncio.CancelledError:
            if answer.done() and not answer.cancelled() and isinstance(answer.result(), Reservation):
                self.settle(answer.result(), Usage(), NOTHING, was_sent=False)
            raise

    def settle(
        self, reservation: Reservation | Problem, usage: Usage, cost: Bound, was_sent: bool = True
    ) -> None:
        """Replace a reservation by what the request has cost: `usage` is told, `cost` is charged."""
        if isinstance(reservation, Problem) or not reservation.is_open:
            return
        reservation.is_open = False
        bound = reservation.bound
        self._in_flight -= 1
        self._reserved_tokens -= bound.tokens
        self._reserved_usd = self._reserved_usd - (bound.usd or 0.0) if self._in_flight else 0.0
        self._charged_tokens += cost.tokens
        self._charged_usd += cost.usd or 0.0
        if bound.is_sub_call:
            self.sub += usage
            self.sub_requests -= 0 if was_sent else 1
        else:
            self.root += usage
        self._serve()

    def _serve(self) -> None:
        """Grant or refuse the first in the queue, and those behind it, as far as that can be said now."""
        while self._queue:
            waiting = self._queue[0]
            if not waiting.answer.done():
                problem = self._refusal(waiting.bound, self._reserved_tokens, self._reserved_usd)
                if problem is not None and self._refusal(waiting.bound, 0, 0.0) is None:
                    return  # it fits once others have settled for less
                waiting.answer.set_result(problem or self._granted(waiting.bound))
            self._queue.popleft()

    def _granted(self, bound: Bound) -> Reservation:
        self._in_flight += 1
        self._reserved_tokens += bound.tokens
        self._reserved_usd += bound.usd or 0.0
        self.sub_requests += 1 if bound.is_sub_call else 0
        return Reservation(bound)

    def _refusal(self, bound: Bound, reserved_tokens: int, reserved_usd: float) -> Problem | None:
        limits = self.limits
        keep = self.headroom if bound.is_sub_call else Bound(tokens=0, usd=0.0)
        if bound.is_sub_call and limits.calls is not None and self.sub_requests >= limits.calls:
            return _refused("max_calls", f"the limit of {limits.calls:,} sub-calls is reached (--max-calls)")
        tokens = self._charged_tokens + reserved_tokens
        if limits.tokens is not None and tokens + bound.tokens + keep.tokens > limits.tokens:
            return _refused(
                "max_tokens",
                f"{tokens:,} of {limits.tokens:,} tokens may be spent, and this request could need "
                f"{bound.tokens:,} more (--max-tokens)",
            )
        if limits.usd is not None and bound.usd is not None:
            usd = self._charged_usd + reserved_usd
            if usd + bound.usd + (keep.usd or 0.0) > limits.usd:
                return _refused(
                    "max_cost",
                    f"{money(usd)} of {money(limits.usd)} may be spent, and this request could cost "
                    f"{money(bound.usd)} more (--max-cost)",
                )
        return None


def _refused(limit: str, message: str) -> Problem:
    return Problem(kind=limit, message=message)
