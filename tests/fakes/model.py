"""A Model that a test plays: replies by a function of the request, with the number of the call."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable

from rlm_cli.base.errors import ModelError
from rlm_cli.events.values import Usage
from rlm_cli.ports import Delta, ModelFacts, Request, Response

Play = Callable[[Request, int], "str | Response | ModelError"]


class FakeModel:
    """Counts what it is asked, and how many requests are in flight at once.

    Units:   each token of its usage is one word; prices are dollars a token.
    """

    def __init__(
        self,
        play: Play | list[str],
        name: str = "fake/root",
        usd_per_token: float | None = None,
        context_tokens: int | None = None,
        gate: asyncio.Event | None = None,
    ) -> None:
        self._play = play if callable(play) else lambda request, number: play[min(number, len(play)) - 1]
        self.facts = ModelFacts(
            name=name,
            usd_per_token_in=usd_per_token,
            usd_per_token_out=usd_per_token,
            context_tokens=context_tokens,
        )
        self._gate = gate
        self._arrival = asyncio.Event()
        self.requests: list[Request] = []
        self.in_flight = 0
        self.most_in_flight = 0

    async def stream(self, request: Request) -> AsyncGenerator[Delta | Response, None]:
        self.requests.append(request)
        number = len(self.requests)
        self.in_flight += 1
        self._arrival.set()
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        try:
            await (self._gate.wait() if self._gate else asyncio.sleep(0))
            outcome = self._play(request, number)
            if isinstance(outcome, ModelError):
                yield Delta("half a ")
                raise outcome
            response = outcome if isinstance(outcome, Response) else self._response(request, outcome)
            yield Delta(response.text)
            yield response
        finally:
            self.in_flight -= 1

    async def arrived(self, requests: int) -> None:
        """Wait until so many requests are in flight."""
        while self.in_flight < requests:
            self._arrival.clear()
            await self._arrival.wait()

    async def close(self) -> None:
        return None

    def _response(self, request: Request, text: str) -> Response:
        words_in = sum(len(message.content.split()) for message in request.messages)
        words_out = len(text.split())
        price = self.facts.usd_per_token_in
        usd = None if price is None else (words_in + words_out) * price
        usage = Usage(calls=1, tokens_in=words_in, tokens_out=words_out, usd=usd)
        return Response(text=text, usage=usage, model=self.facts.name)
