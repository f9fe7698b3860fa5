"""The slim adapter: models of every endpoint that speaks OpenAI's protocol, on aiohttp.

Owns one connection pool, and the mapping of what goes wrong on a connection. Knows neither turns nor
budgets, and never tries again.

Source:  `bench/model_calls.py`: what this costs a call beside litellm.
"""

from __future__ import annotations

import asyncio
import importlib
import math
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import TYPE_CHECKING

import msgspec

from rlm_cli.base.errors import ModelError
from rlm_cli.events.values import Usage
from rlm_cli.models.billing import facts_of, usage_of
from rlm_cli.models.endpoints import Address, model_of
from rlm_cli.models.failures import (
    Place,
    broke_off,
    broken,
    no_reply,
    not_there,
    redirected,
    refused,
    unreachable,
)
from rlm_cli.models.finishing import finish_of
from rlm_cli.models.openai_wire import (
    Assembly,
    EventStream,
    ProviderSaid,
    Unreadable,
    body_error,
    is_error_object,
)
from rlm_cli.models.patience import Patience
from rlm_cli.models.prices import Card, Rates
from rlm_cli.models.proxies import proxy_for
from rlm_cli.models.request_body import Dialect, checked_options
from rlm_cli.ports import Delta, ModelFacts, Request, Response

if TYPE_CHECKING:
    import aiohttp

__all__ = ["OpenAIModel", "Patience", "warm_up"]

_ERROR_BYTES = 64 * 1024
_CONNECT_SECONDS = 10.0
_TAIL_SECONDS = 0.1
_FIELDS = (b"data:", b":", b"event:", b"id:", b"retry:")


class OpenAIModel:
    """A model behind an OpenAI-compatible endpoint."""

    def __init__(self, name: str, address: Address, card: Card, patience: Patience | None = None) -> None:
        self._address = address
        self._card = _free(card) if _costs_nothing(name, address) else card
        patience = patience or Patience()
        is_slow = address.endpoint.is_local or card.traits.get("reasoning", False)
        self._first_seconds = patience.first(is_slow)
        self._idle_seconds = patience.idle_seconds
        self._dialect = Dialect(address.endpoint, model_of(address.endpoint, name), card)
        self._place = Place(
            model=name,
            endpoint=address.netloc,
            is_local=address.is_loopback,
            key_variable=address.endpoint.key_variable,
            secrets=(address.key,) if address.key else (),
            url=f"{address.base_url}/chat/completions",
            origin=address.origin,
        )
        self._session: aiohttp.ClientSession | None = None
        self._facts = facts_of(name, address.host, self._card)

    @property
    def facts(self) -> ModelFacts:
        """What is known of it."""
        return self._facts

    async def stream(self, request: Request) -> AsyncGenerator[Delta | Response, None]:
        """Deltas, then the Response: see `ports.Model`."""
        checked_options(request.options)
        response = await self._open(request)
        assembly = Assembly()
        try:
            async with aclosing(self._pieces(response, assembly)) as pieces:
                async for text in pieces:
                    yield Delta(text)
            if not assembly.is_finished:
                why = "the stream was cut before its end" if assembly.pieces else "the reply was empty"
                raise broken(self._place, why)
            await self._drain(response)
            yield self._response(request, assembly)
        finally:
            # A response that was read to its end has given its connection back; any other one closes it.
            response.close()

    async def close(self) -> None:
        """Give back connections."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def _open(self, request: Request) -> aiohttp.ClientResponse:
        while True:
            sent = self._dialect.body(request)
            response = await self._post(msgspec.json.encode(sent))
            if response.status == 200:
                return response
            try:
                data = await self._read_error(response)
            finally:
                response.close()
            if 300 <= response.status < 400:
                raise redirected(self._place, response.status, response.headers.get("Location", ""))
            message, code, parameter = body_error(data)
            if response.status == 404 and not is_error_object(data):
                raise not_there(self._place, message)
            if response.status not in (400, 422) or not self._dialect.adapt(parameter, message, sent):
                raise refused(self._place, response.status, message, code, response.headers)

    async def _post(self, body: bytes) -> aiohttp.ClientResponse:
        import aiohttp

        headers = {"Content-Type": "application/json", "Accept": "text/event-stream"}
        if self._address.key:
            headers["Authorization"] = f"Bearer {self._address.key}"
        url = self._place.url
        try:
            async with asyncio.timeout(self._first_seconds):
                session = self._open_session()
                # A redirect would hand the documents to a host that nobody named.
                return await session.post(
                    url, data=body, headers=headers, proxy=proxy_for(url), allow_redirects=False
                )
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError, aiohttp.InvalidURL) as error:
            raise unreachable(self._place, _text(error)) from error
        except TimeoutError as error:
            raise broken(self._place, f"nothing came for {self._first_seconds:g} s") from error
        except (aiohttp.ClientError, OSError) as error:
            raise broken(self._place, f"the connection was closed ({_text(error)})") from error

    async def _pieces(
        self, response: aiohttp.ClientResponse, assembly: Assembly
    ) -> AsyncGenerator[str, None]:
        """The text as it comes, one piece for what one read has brought."""
        events = EventStream()
        is_stream, is_first = "json" not in response.content_type, True
        while not assembly.is_done:
            data = await self._read(response, self._idle_seconds if assembly.pieces else self._first_seconds)
            if is_first and data and is_stream and response.content_type != "text/event-stream":
                is_stream = self._speaks(response.content_type, data)
            is_first = False
            if not is_stream:
                found = [data + await self._rest(response)] if data else []
            else:
                found = events.feed(data) if data else events.close()
            text = "".join([self._take(assembly, each) for each in found])
            if text:
                yield text
            if not data or not is_stream:
                assembly.is_done = assembly.is_done or (not is_stream and assembly.has_message)
                return

    def _speaks(self, content_type: str, data: bytes) -> bool:
        """Whether a body of another content type begins as an event stream does; False for JSON.

        Errors:  RequestRefused when it is neither: the page of a proxy or of a login, by its first bytes.
        """
        head = data.lstrip()
        if head.startswith(b"{"):
            return False
        if any(head.startswith(field) or field.startswith(head) for field in _FIELDS):
            return True
        raise no_reply(self._place, content_type, head[:200].decode("utf-8", "replace"))

    async def _read(self, response: aiohttp.ClientResponse, seconds: float) -> bytes:
        import aiohttp

        try:
            async with asyncio.timeout(seconds):
                return await response.content.readany()
        except TimeoutError as error:
            raise broken(self._place, f"the stream was idle for {seconds:g} s") from error
        except aiohttp.ClientPayloadError as error:
            raise broken(self._place, "the stream was cut before its end") from error
        except (aiohttp.ClientError, OSError) as error:
            raise broken(self._place, f"the stream was cut ({_text(error)})") from error

    async def _rest(self, response: aiohttp.ClientResponse) -> bytes:
        parts: list[bytes] = []
        while data := await self._read(response, self._idle_seconds):
            parts.append(data)
        return b"".join(parts)

    async def _read_error(self, response: aiohttp.ClientResponse) -> bytes:
        data = b""
        try:
            while len(data) < _ERROR_BYTES and (more := await self._read(response, self._idle_seconds)):
                data += more
        except ModelError:
            return data  # the status says enough
        return data

    async def _drain(self, response: aiohttp.ClientResponse) -> None:
        """Read the end of the body, so that the connection can be used again; not for long."""
        import aiohttp

        if response.content.at_eof():
            return
        try:
            async with asyncio.timeout(_TAIL_SECONDS):
                while await response.content.readany():
                    pass
        except (TimeoutError, aiohttp.ClientError, OSError):
            return

    def _take(self, assembly: Assembly, data: bytes) -> str:
        try:
            return assembly.take(data)
        except Unreadable as error:
            raise broken(self._place, str(error)) from error
        except ProviderSaid as said:
            raise broke_off(self._place, said.message, said.code) from said

    def _response(self, request: Request, assembly: Assembly) -> Response:
        text = "".join(assembly.pieces)
        tokens = assembly.usage.tokens() if assembly.usage else None
        usage = usage_of(self._card, tokens, request, text)
        reported = assembly.usage.cost if assembly.usage else None
        if (
            reported is not None
            and 0 <= reported < math.inf
            and self._address.endpoint.provider == "openrouter"
        ):
            usage = Usage(
                calls=1,
                tokens_in=usage.tokens_in,
                tokens_out=usage.tokens_out,
                tokens_cached=usage.tokens_cached,
                usd=reported,
                estimated=usage.estimated,
            )
        finish = "content_filter" if assembly.was_refused else finish_of(assembly.finish)
        return Response(text=text, usage=usage, model=self._facts.name, finish=finish)

    def _open_session(self) -> aiohttp.ClientSession:
        if self._session is None:
            import aiohttp

            # How many requests are in flight is the broker's to decide.
            connector = aiohttp.TCPConnector(limit=0, keepalive_timeout=30, ttl_dns_cache=300)
            patience = aiohttp.ClientTimeout(total=None, sock_connect=_CONNECT_SECONDS)
            cookies = aiohttp.DummyCookieJar()
            self._session = aiohttp.ClientSession(connector=connector, timeout=patience, cookie_jar=cookies)
        return self._session


def warm_up() -> None:
    """Import what a first call needs; meant for a thread that has nothing else to do."""
    importlib.import_module("aiohttp")


def _costs_nothing(name: str, address: Address) -> bool:
    return address.endpoint.is_local and not name.endswith(("-cloud", ":cloud"))


def _free(card: Card) -> Card:
    return Card(
        rates=card.rates or Rates(0.0, 0.0),
        context_tokens=card.context_tokens,
        max_tokens_out=card.max_tokens_out,
        traits=card.traits,
    )


def _text(error: BaseException) -> str:
    return str(error) or type(error).__name__
