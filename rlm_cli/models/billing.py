"""What a model costs before it is called, and what a response has cost: its card as values of the port."""

from __future__ import annotations

from rlm_cli.base.text import tokens_estimate
from rlm_cli.events.values import Usage
from rlm_cli.models.prices import Card, Tokens
from rlm_cli.ports import ModelFacts, Request

_MOST_TOKENS = 10**9


def facts_of(name: str, endpoint: str, card: Card) -> ModelFacts:
    """The facts of a model from its card."""
    rates = card.rates
    return ModelFacts(
        name=name,
        endpoint=endpoint,
        context_tokens=card.context_tokens,
        max_tokens_out=card.max_tokens_out,
        usd_per_token_in=rates.tokens_in_at_most if rates else None,
        usd_per_token_out=rates.tokens_out_at_most if rates else None,
        tiers=card.price_tiers,
    )


def usage_of(card: Card, tokens: Tokens | None, request: Request, text: str) -> Usage:
    """The usage of one response; estimated, and marked so, when the provider did not report it."""
    is_estimated = tokens is None
    if tokens is not None:
        tokens = _sane(tokens)
    else:
        asked = sum(tokens_estimate(len(message.content)) + 4 for message in request.messages)
        tokens = Tokens(asked, tokens_estimate(len(text)))
    return Usage(
        calls=1,
        tokens_in=tokens.tokens_in,
        tokens_out=tokens.tokens_out,
        tokens_cached=tokens.cached,
        usd=card.usd(tokens),
        estimated=is_estimated,
    )


def _sane(tokens: Tokens) -> Tokens:
    """Counts that can be: what a server makes up must not pay back what others have cost."""
    tokens_in, tokens_out = _within(tokens.tokens_in, _MOST_TOKENS), _within(tokens.tokens_out, _MOST_TOKENS)
    cached = _within(tokens.cached, tokens_in)
    written = _within(tokens.written, tokens_in - cached)
    return Tokens(tokens_in, tokens_out, cached, written, _within(tokens.reasoning, tokens_out))


def _within(count: int, most: int) -> int:
    return max(0, min(count, most))
