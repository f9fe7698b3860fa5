"""What a run and all of its child runs may spend, kept by reserving before anything is sent.

A request is sent only when spent + reserved + its own upper bound stays within every ceiling. One that
does not fit while others are in flight waits for them to settle for less than they had reserved; one
that does not fit on its own is refused. So the ceiling holds, and is used up to the end.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from rlm_cli.base.text import money
from rlm_cli.events.values import Limits, Problem, Usage
from rlm_cli.ports import ModelFacts, Request

_TOKENS_PER_MESSAGE = 16


@dataclass(frozen=True)
class Bound:
    """The most that one request can cost.

    Units:   tokens in and out together; usd is None when the price is not known.
    """

    tokens: int
    usd: float | None
    is_sub_call: bool = True


def upper_bound(facts: ModelFacts, request: Request, is_sub_call: bool) -> Bound:
    """The bound of a request: every token stands for at least one byte of UTF-8.

    Source:  byte-pair encodings and SentencePiece with byte fallback never emit more tokens than bytes;
             chat templates add a few tokens a message.
    """
    tokens_in = sum(
        len(message.content.encode("utf-8", "surrogatepass")) + _TOKENS_PER_MESSAGE
        for message in request.messages
    )
    tokens_out = request.max_tokens_out or facts.max_tokens_out or 0
    usd = facts.usd_at_most(tokens_in, tokens_out)
    return Bound(tokens=tokens_in + tokens_out, usd=usd, is_sub_call=is_sub_call)


class Reservation:
    """Room for one request, until it is settled."""

    def __init__(self, bound: Bound) -> None:
        self.bound = bound
        self.is_open = True


class Budget:
    """The ledger of a run and its children. One instance for the whole tree."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.root = Usage()
        self.sub = Usage()
        self.sub_requests = 0
        self.headroom = Bound(tokens=0, usd=0.0)
        self._open: set[Reservation] = set()
        self._settled = asyncio.Condition()

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
        """Room for one request, or the limit that has none left."""
        async with self._settled:
            while True:
                problem = self._refusal(bound, with_reserved=True)
                if problem is None:
                    reservation = Reservation(bound)
                    self._open.add(reservation)
                    if bound.is_sub_call:
                        self.sub_requests += 1
                    return reservation
                if not self._open or self._refusal(bound, with_reserved=False) is not None:
                    return problem
                await self._settled.wait()

    async def settle(self, reservation: Reservation, usage: Usage, was_sent: bool = True) -> None:
        """Replace a reservation by what the request has really cost; one that was not sent costs nothing."""
        async with self._settled:
            if not reservation.is_open:
                return
            reservation.is_open = False
            self._open.discard(reservation)
            if reservation.bound.is_sub_call:
                self.sub += usage
                if not was_sent:
                    self.sub_requests -= 1
            else:
                self.root += usage
            self._settled.notify_all()

    def _refusal(self, bound: Bound, with_reserved: bool) -> Problem | None:
        open_bounds = [reservation.bound for reservation in self._open] if with_reserved else []
        keep = self.headroom if bound.is_sub_call else Bound(tokens=0, usd=0.0)
        limits, spent = self.limits, self.spent
        if bound.is_sub_call and limits.calls is not None and self.sub_requests >= limits.calls:
            return _refused("max_calls", f"the limit of {limits.calls:,} sub-calls is reached (--max-calls)")
        tokens = spent.tokens_in + spent.tokens_out + sum(each.tokens for each in open_bounds)
        if limits.tokens is not None and tokens + bound.tokens + keep.tokens > limits.tokens:
            return _refused(
                "max_tokens",
                f"{tokens:,} of {limits.tokens:,} tokens are spent, and this request could need "
                f"{bound.tokens:,} more (--max-tokens)",
            )
        if limits.usd is not None and bound.usd is not None:
            usd = (spent.usd or 0.0) + sum(each.usd or 0.0 for each in open_bounds)
            if usd + bound.usd + (keep.usd or 0.0) > limits.usd:
                return _refused(
                    "max_cost",
                    f"{money(usd)} of {money(limits.usd)} are spent, and this request could cost "
                    f"{money(bound.usd)} more (--max-cost)",
                )
        return None


def _refused(limit: str, message: str) -> Problem:
    return Problem(kind=limit, message=message)
