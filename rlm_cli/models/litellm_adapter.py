"""The adapter to every provider that litellm knows.

Owns the translation of its arguments and errors, and the closing of its streams. Must never let it try
again by itself. Its import is `litellm_loading`'s.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import sys
from collections.abc import AsyncGenerator, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from rlm_cli.base.errors import ModelError
from rlm_cli.events.values import Message
from rlm_cli.models.billing import facts_of, usage_of
from rlm_cli.models.failures import Place, broken, no_reply, not_there, redirected, refused, unreachable
from rlm_cli.models.finishing import finish_of
from rlm_cli.models.litellm_loading import Elsewhere, load
from rlm_cli.models.patience import Patience
from rlm_cli.models.prices import Card, Tokens
from rlm_cli.models.request_body import checked_options, schema_instruction
from rlm_cli.ports import Delta, ModelFacts, Request, Response

_WRAPPING = re.compile(r"^(?:(?:litellm\.)?\w+(?:Error|Exception)(?:: | - ))+")
_OWN_TIMER_FIRST_SECONDS = 30.0


class LitellmModel:
    """A model of any provider, through litellm."""

    def __init__(
        self,
        name: str,
        card: Card,
        place: Place,
        *,
        address: Mapping[str, str] | None = None,
        patience: Patience | None = None,
    ) -> None:
        self._card = card
        self._place = place
        self._address = dict(address or {})
        patience = patience or Patience()
        self._first_seconds = patience.first(card.traits.get("reasoning", False))
        self._idle_seconds = patience.idle_seconds
        self._whole_seconds = patience.whole_seconds
        self._facts = facts_of(name, place.endpoint, card)

    @property
    def facts(self) -> ModelFacts:
        """What is known of it."""
        return self._facts

    async def stream(self, request: Request) -> AsyncGenerator[Delta | Response, None]:
        """Deltas, then the Response: see `ports.Model`."""
        arguments = self.arguments(request)
        litellm = await asyncio.to_thread(load)
        if not arguments["stream"]:
            response = await self._whole(litellm, arguments, request)
            if response.text:
                yield Delta(response.text)
            yield response
            return
        wrapper: Any = None
        gathered = _Gathered()
        try:
            opening = litellm.acompletion(**arguments)
            wrapper = await self._waited(opening, self._first_seconds, has_begun=False)
            while True:
                seconds = self._idle_seconds if gathered.pieces else self._first_seconds
                chunk = await self._waited(anext(wrapper, None), seconds, has_begun=True)
                if chunk is None:
                    break
                text = gathered.take(chunk)
                if text:
                    yield Delta(text)
            # litellm makes up a finish reason for a stream that ended without one; its own note is true.
            gathered.finish = getattr(wrapper, "received_finish_reason", gathered.finish)
            gathered.is_finished = gathered.finish is not None
            # It also makes up the figures that a server does not report.
            if not any(getattr(each, "usage", None) for each in getattr(wrapper, "chunks", ())):
                gathered.tokens = None
            yield self._response(request, gathered)
        finally:
            await _close(wrapper)

    async def _whole(self, litellm: Any, arguments: dict[str, Any], request: Request) -> Response:
        """The reply in one piece: nobody watches it, and a stream costs litellm 2 ms of CPU a chunk."""
        reply = await self._waited(litellm.acompletion(**arguments), self._whole_seconds, has_begun=False)
        gathered = _Gathered()
        gathered.take(reply)
        gathered.is_finished = gathered.finish is not None
        return self._response(request, gathered)

    def _response(self, request: Request, gathered: _Gathered) -> Response:
        if not gathered.is_finished:
            why = "the stream was cut before its end" if gathered.pieces else "the reply was empty"
            raise broken(self._place, why)
        text = "".join(gathered.pieces)
        usage = usage_of(self._card, gathered.tokens, request, text)
        finish = finish_of(gathered.finish)
        return Response(text=text, usage=usage, model=self._facts.name, finish=finish)

    async def close(self) -> None:
        """Give back connections: litellm keeps its clients for the whole process, so all of them go."""
        litellm = sys.modules.get("litellm")
        if litellm is not None:
            await litellm.close_litellm_async_clients()
            litellm.in_memory_llm_clients_cache.flush_cache()

    def arguments(self, request: Request) -> dict[str, Any]:
        """What litellm is called with."""
        provider = self._facts.name.partition("/")[0]
        messages = _messages(request.messages, _wants_markers(provider, self._facts.name))
        is_stream = request.purpose == "root"
        arguments: dict[str, Any] = {
            **checked_options(request.options),
            "model": self._facts.name,
            "messages": messages,
            "stream": is_stream,
            "stream_options": {"include_usage": True} if is_stream else None,
            "num_retries": 0,
            "max_retries": 0,
            "drop_params": True,
            "timeout": max(self._first_seconds, self._whole_seconds) + _OWN_TIMER_FIRST_SECONDS,
            "caching": False,
            "max_tokens": request.max_tokens_out,
            "temperature": request.temperature,
            "seed": request.seed,
            **self._address,
        }
        if request.schema is not None:
            if self._card.traits.get("response_schema") and isinstance(request.schema, dict):
                named = {"name": "reply", "schema": request.schema, "strict": False}
                arguments["response_format"] = {"type": "json_schema", "json_schema": named}
            else:
                _append(messages[-1], schema_instruction(request.schema))
        return {name: value for name, value in arguments.items() if value is not None}

    async def _waited(self, awaitable: Any, seconds: float, has_begun: bool) -> Any:
        try:
            async with asyncio.timeout(seconds) as limit:
                return await awaitable
        except Exception as error:
            if isinstance(error, TimeoutError) and limit.expired():
                raise broken(self._place, f"the stream was idle for {seconds:g} s") from error
            raise _translated(self._place, error, has_begun) from error


@dataclass
class _Gathered:
    """What of a reply has come so far."""

    pieces: list[str] = field(default_factory=list)
    finish: str | None = None
    tokens: Tokens | None = None
    is_finished: bool = False

    def take(self, chunk: Any) -> str:
        """Add a chunk of a stream, or a whole reply; gives back the text that it holds."""
        self.tokens = _tokens(getattr(chunk, "usage", None)) or self.tokens
        choices = getattr(chunk, "choices", None) or []
        if not choices:
            return ""
        part = getattr(choices[0], "delta", None) or getattr(choices[0], "message", None)
        own = getattr(choices[0], "provider_specific_fields", None) or {}
        finish = own.get("native_finish_reason") if isinstance(own, dict) else None
        self.finish = finish or getattr(choices[0], "finish_reason", None) or self.finish
        text = getattr(part, "content", None) or ""
        if text:
            self.pieces.append(text)
        return text


def _messages(messages: tuple[Message, ...], with_markers: bool) -> list[dict[str, Any]]:
    """The conversation; the prefix that never changes (system, first user message) is marked for caching."""
    written: list[dict[str, Any]] = [{"role": each.role, "content": each.content} for each in messages]
    if with_markers:
        for role in ("system", "user"):
            first = next((each for each in written if each["role"] == role), None)
            if first is not None and first["content"]:
                marker = {"type": "ephemeral"}
                first["content"] = [{"type": "text", "text": first["content"], "cache_control": marker}]
    return written


def _wants_markers(provider: str, name: str) -> bool:
    return provider == "anthropic" or (
        provider in ("bedrock", "bedrock_converse", "vertex_ai", "azure_ai", "openrouter", "databricks")
        and "claude" in name
    )


def _append(message: dict[str, Any], text: str) -> None:
    if isinstance(message["content"], list):
        message["content"][-1]["text"] += text
    else:
        message["content"] += text


def _tokens(usage: Any) -> Tokens | None:
    if usage is None or not getattr(usage, "prompt_tokens", None):
        return None
    prompt = getattr(usage, "prompt_tokens_details", None)
    completion = getattr(usage, "completion_tokens_details", None)
    return Tokens(
        tokens_in=int(usage.prompt_tokens),
        tokens_out=int(usage.completion_tokens or 0),
        cached=int(getattr(prompt, "cached_tokens", None) or 0),
        written=int(
            getattr(usage, "cache_creation_input_tokens", None)
            or getattr(prompt, "cache_write_tokens", None)
            or 0
        ),
        reasoning=int(getattr(completion, "reasoning_tokens", None) or 0),
    )


def _translated(place: Place, error: Exception, has_begun: bool) -> ModelError:
    """The error of our tree; one that comes when the reply has begun may have been billed."""
    elsewhere = _elsewhere(error)
    if elsewhere is not None and elsewhere.status == 200:
        return no_reply(place, elsewhere.content_type, elsewhere.begins)
    if elsewhere is not None:
        return redirected(place, elsewhere.status, elsewhere.location)
    name = type(error).__name__
    message = _WRAPPING.sub("", str(getattr(error, "message", "") or error))
    if name == "ContextWindowExceededError":
        return refused(place, 400, message, "context_length_exceeded")
    if name in ("Timeout", "APITimeoutError"):
        return broken(place, f"nothing came in time ({message})")
    if _could_not_connect(error):
        return unreachable(place, message)
    status = getattr(error, "status_code", None)
    if not isinstance(status, int) or status < 400 or name == "APIConnectionError":
        return broken(place, f"the connection or the stream failed ({message})")
    if has_begun and status >= 500:
        return broken(place, f"the stream was cut ({message})")
    if status == 404 and _is_no_error_object(message):
        return not_there(place, message)
    return refused(place, status, message, "", _headers(error))


def _is_no_error_object(message: str) -> bool:
    """Whether the text of a 404 is a page, or JSON of another shape than an error: litellm keeps no body."""
    body = re.sub(r"^\w+Exception - |^Error code: \d+ - |^b'", "", message.strip()).lstrip()
    body = re.sub(r"^Error code: \d+ - ", "", body)
    if body.startswith("{"):
        return "error" not in body
    return not body or body.startswith("<") or "404 page not found" in body or "Invalid URL" in body


def _could_not_connect(error: BaseException) -> bool:
    names = ("ConnectError", "ConnectTimeout", "ClientConnectorError", "gaierror")
    return any(type(each).__name__ in names for each in _causes(error))


def _elsewhere(error: BaseException) -> Elsewhere | None:
    return next((each for each in _causes(error) if isinstance(each, Elsewhere)), None)


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """An error and what it came from, as far as that is worth looking at."""
    seen = 0
    while error is not None and seen < 12:
        yield error
        error = error.__cause__ or error.__context__
        seen += 1


def _headers(error: Exception) -> Mapping[str, str]:
    headers = getattr(error, "litellm_response_headers", None)
    if headers is None:
        headers = getattr(getattr(error, "response", None), "headers", None)
    return {str(name): str(value) for name, value in dict(headers or {}).items()}


async def _close(wrapper: Any) -> None:
    """Close the connection below a stream, whatever litellm calls it for this provider."""
    stream = getattr(wrapper, "completion_stream", None)
    for owner in (stream, getattr(stream, "response", None)):
        for name in ("aclose", "close"):
            close = getattr(owner, name, None)
            if close is None:
                continue
            # The stream is being given up; what its library says about that concerns nobody.
            with contextlib.suppress(Exception):
                done = close()
                if asyncio.iscoroutine(done):
                    await done
            break
