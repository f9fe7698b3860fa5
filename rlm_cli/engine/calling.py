"""One request to a model, whole or not at all: reserved, limited, retried, settled.

The only place of the program that sends a request. A reply that did not arrive whole is an error here,
so nothing above can act on half a reply.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from contextlib import aclosing
from dataclasses import dataclass, field

from rlm_cli.base.errors import ModelError, ModelUnavailable, ModelUnreachable, RateLimited
from rlm_cli.base.text import tokens_estimate
from rlm_cli.engine.budget import NOTHING, Bound, Budget, cost_of, upper_bound
from rlm_cli.engine.limiter import Limiter
from rlm_cli.events.values import Problem, Usage
from rlm_cli.ports import Clock, Model, Request, Response

MAX_ATTEMPTS = 6
_FIRST_DELAY_SECONDS = 1.0
_LONGEST_DELAY_SECONDS = 60.0
_UNREACHABLE_DELAY_SECONDS = 0.2
_BREAKER_FAILURES = 5
_BREAKER_SECONDS = 30.0


@dataclass(frozen=True)
class Answered:
    """A whole response, after so many attempts.

    Units:   usage is that of all attempts together, failed ones included.
    """

    response: Response
    usage: Usage
    attempts: int
    seconds: float


@dataclass(frozen=True)
class Unanswered:
    """No response: a limit refused it, or the provider failed for good."""

    problem: Problem
    attempts: int
    seconds: float
    usage: Usage
    error: ModelError | None = None


@dataclass
class Watcher:
    """What the caller wants to hear while a request is under way."""

    on_delta: Callable[[str, int], None] = lambda text, attempt: None
    on_attempt: Callable[[int], None] = lambda attempt: None


@dataclass
class _Breaker:
    failures: int = 0
    open_until: float = 0.0
    reached: set[str] = field(default_factory=set)


class Caller:
    """Sends requests for the whole tree of runs."""

    def __init__(self, clock: Clock, budget: Budget, concurrency: int) -> None:
        self._clock = clock
        self._budget = budget
        self.limiter = Limiter(concurrency, clock)
        self._breaker = _Breaker()
        self._random = random.Random()

    async def call(
        self, model: Model, request: Request, is_sub_call: bool, watcher: Watcher | None = None
    ) -> Answered | Unanswered:
        """Send a request until it is answered, refused for good, or not worth trying again.

        Source:  full jitter (AWS Architecture Blog, "Exponential Backoff And Jitter"), 1 s to 60 s.
        """
        watcher = watcher or Watcher()
        started = self._clock.now()
        bound = upper_bound(model.facts, request, is_sub_call)
        spent = Usage()
        error: ModelError | None = None
        attempt = 0
        while attempt < MAX_ATTEMPTS:
            attempt += 1
            outcome, usage = await self._attempt(model, request, bound, attempt, watcher)
            spent = spent + usage
            if isinstance(outcome, Response):
                return Answered(outcome, spent, attempt, self._clock.now() - started)
            if isinstance(outcome, Problem):
                return Unanswered(outcome, attempt - 1, self._clock.now() - started, spent, error)
            error = outcome
            if not self._is_worth_another(error, model, attempt):
                break
            await self._clock.sleep(self._delay(error, attempt))
        assert error is not None
        self._note_failure(error)
        return Unanswered(problem_of(error), attempt, self._clock.now() - started, spent, error)

    async def _attempt(
        self, model: Model, request: Request, bound: Bound, attempt: int, watcher: Watcher
    ) -> tuple[Response | Problem | ModelError, Usage]:
        async with self.limiter.slot():
            if self._clock.now() < self._breaker.open_until:
                return Problem(
                    kind="provider_down", message="the provider failed five times in a row"
                ), Usage()
            reservation = await self._budget.reserve(bound)
            if isinstance(reservation, Problem):
                return reservation, Usage()
            received = 0
            usage, cost = _broken_off(model, request, received), bound
            try:
                watcher.on_attempt(attempt)
                async with aclosing(model.stream(request)) as pieces:
                    async for piece in pieces:
                        if isinstance(piece, Response):
                            usage, cost = piece.usage, cost_of(model.facts, request, piece, bound)
                            self._note_success(model)
                            return piece, usage
                        received += len(piece.text.encode("utf-8", "surrogatepass"))
                        usage = _broken_off(model, request, received)
                        if piece.text:
                            watcher.on_delta(piece.text, attempt)
                return ModelUnavailable(f"{model.facts.name} sent no response", "the stream was empty"), usage
            except ModelError as error:
                if not received and not error.may_be_billed:
                    usage, cost = Usage(calls=1), NOTHING
                if isinstance(error, RateLimited):
                    self.limiter.slowed(error.retry_after_seconds)
                return error, usage
            finally:
                self._budget.settle(reservation, usage, cost)

    def _is_worth_another(self, error: ModelError, model: Model, attempt: int) -> bool:
        if not error.is_retryable:
            return False
        if isinstance(error, ModelUnreachable) and model.facts.name not in self._breaker.reached:
            return attempt < 2
        return True

    def _delay(self, error: ModelError, attempt: int) -> float:
        if error.retry_after_seconds is not None:
            return min(error.retry_after_seconds, _LONGEST_DELAY_SECONDS) + self._random.uniform(0, 0.25)
        if isinstance(error, ModelUnreachable):
            return _UNREACHABLE_DELAY_SECONDS
        longest = min(_LONGEST_DELAY_SECONDS, _FIRST_DELAY_SECONDS * 2 ** (attempt - 1))
        return self._random.uniform(0, longest)

    def _note_success(self, model: Model) -> None:
        self._breaker.failures = 0
        self._breaker.reached.add(model.facts.name)
        self.limiter.succeeded()

    def _note_failure(self, error: ModelError) -> None:
        if not error.is_retryable:
            return
        self._breaker.failures += 1
        if self._breaker.failures >= _BREAKER_FAILURES:
            self._breaker.failures = 0
            self._breaker.open_until = self._clock.now() + _BREAKER_SECONDS


def problem_of(error: ModelError) -> Problem:
    """A provider's failure as data, with a stable kind."""
    kinds = {
        "CredentialsRefused": "credentials",
        "ContextOverflow": "context_overflow",
        "RequestRefused": "refused",
        "RateLimited": "rate_limit",
        "ModelUnreachable": "unreachable",
        "ModelUnavailable": "unavailable",
    }
    return Problem(kind=kinds.get(type(error).__name__, "provider"), message=str(error))


def _broken_off(model: Model, request: Request, received_bytes: int) -> Usage:
    """What an attempt that broke off has probably cost: its whole prompt, and what had arrived."""
    tokens_in = sum(tokens_estimate(len(message.content)) for message in request.messages)
    tokens_out = tokens_estimate(received_bytes)
    usd = model.facts.usd_at_most(tokens_in, tokens_out)
    return Usage(calls=1, tokens_in=tokens_in, tokens_out=tokens_out, usd=usd, estimated=True)
