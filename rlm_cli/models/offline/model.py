"""The offline model at the port: chooses between its two parts, and says what it is and is not."""

from __future__ import annotations

from collections.abc import AsyncGenerator

from rlm_cli.base.errors import RequestRefused
from rlm_cli.events.values import Usage
from rlm_cli.models.offline.extract import extract
from rlm_cli.models.offline.root import reply
from rlm_cli.ports import Delta, ModelFacts, Request, Response

_FACTS = ModelFacts(
    name="offline",
    endpoint="this machine",
    usd_per_token_in=0.0,
    usd_per_token_out=0.0,
    is_language_model=False,
)


class OfflineModel:
    """Works by search and extraction alone; free, and a pure function of the request's messages."""

    @property
    def facts(self) -> ModelFacts:
        """What is known of it."""
        return _FACTS

    async def stream(self, request: Request) -> AsyncGenerator[Delta | Response, None]:
        """One delta, then the Response: see `ports.Model`.

        Errors:  RequestRefused when a value of some schema is asked for: that takes a language model.
        """
        text = self._reply(request)
        yield Delta(text)
        yield Response(text=text, usage=Usage(calls=1), model=_FACTS.name)

    async def close(self) -> None:
        """Nothing is held."""

    def _reply(self, request: Request) -> str:
        messages = request.messages
        last = messages[-1].content if messages else ""
        wants_value = request.schema is not None or any(
            "satisfies this JSON Schema" in message.content for message in messages if message.role == "user"
        )
        if wants_value:
            raise RequestRefused(
                "offline cannot fill a schema",
                "it quotes, and does not write",
                "Configure a model: rlm help keys",
            )
        if any("<question>" in message.content for message in messages if message.role == "user"):
            return reply(messages)
        prompt, found, rest = last.partition("<context>\n")
        context = rest.rpartition("\n</context>")[0] if found else ""
        return extract(prompt, context)
