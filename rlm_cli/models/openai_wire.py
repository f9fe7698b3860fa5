"""Reads what OpenAI-compatible servers write: the event stream, its chunks, and the usage in them.

Owns the wire's types and the assembling of one reply out of its chunks. Knows no HTTP and no prices.

Source:  WHATWG server-sent events, of which these servers use `data:` lines and comments only.
"""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Struct

from rlm_cli.models.finishing import finish_of
from rlm_cli.models.prices import Tokens

DONE = b"[DONE]"


class PromptDetails(Struct):
    """How much of the prompt came from, or went into, the provider's cache."""

    cached_tokens: int | None = None
    cache_write_tokens: int | None = None


class CompletionDetails(Struct):
    """How much of the reply was thought and not said."""

    reasoning_tokens: int | None = None


class WireUsage(Struct):
    """A usage object; `prompt_cache_hit_tokens` is DeepSeek's, `cost` OpenRouter's (in dollars)."""

    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    total_tokens: int | None = None
    prompt_tokens_details: PromptDetails | None = None
    completion_tokens_details: CompletionDetails | None = None
    prompt_cache_hit_tokens: int | None = None
    cost: float | None = None

    def tokens(self) -> Tokens | None:
        """What was billed; None when a figure is missing: half a report is none.

        Source:  xAI counts reasoning outside of completion_tokens, but inside of total_tokens.
        """
        if not self.prompt_tokens or (self.completion_tokens is None and self.total_tokens is None):
            return None
        said = self.completion_tokens or 0
        tokens_out = max(said, (self.total_tokens or 0) - max(0, self.prompt_tokens))
        details = self.prompt_tokens_details or PromptDetails()
        thought = self.completion_tokens_details or CompletionDetails()
        return Tokens(
            tokens_in=self.prompt_tokens,
            tokens_out=tokens_out,
            cached=details.cached_tokens or self.prompt_cache_hit_tokens or 0,
            written=details.cache_write_tokens or 0,
            reasoning=min(tokens_out, thought.reasoning_tokens or 0),
        )


class Part(Struct):
    """A piece of a choice: streamed as `delta`, whole as `message`."""

    content: str | list[Any] | None = None
    refusal: str | None = None

    def text(self) -> str:
        """The text that was said; parts of another type than text (thinking) are left out."""
        if isinstance(self.content, str):
            return self.content
        parts = [part for part in self.content or [] if isinstance(part, dict) and part.get("type") == "text"]
        return "".join(str(part.get("text", "")) for part in parts)


class Choice(Struct):
    """One choice; only the first is ever asked for."""

    delta: Part | None = None
    message: Part | None = None
    finish_reason: str | None = None


class Chunk(Struct):
    """A chunk of a stream, or a whole reply: both have this shape."""

    choices: list[Choice] = []
    usage: WireUsage | None = None
    error: Any = None


_CHUNK = msgspec.json.Decoder(Chunk)


class Unreadable(Exception):
    """What came is not what the protocol says."""


class ProviderSaid(Exception):
    """The server sent an error object where a chunk should be."""

    def __init__(self, message: str, code: str) -> None:
        super().__init__(message)
        self.message = message
        self.code = code


class EventStream:
    """Cuts bytes, as they come, into the data of events."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes) -> list[bytes]:
        """The data lines that are whole after these bytes; comments and other fields are dropped."""
        lines = (self._rest + data).split(b"\n")
        self._rest = lines.pop()
        return [line[5:].strip() for line in lines if line.startswith(b"data:")]

    def close(self) -> list[bytes]:
        """The last data line, when the stream ended without a newline."""
        return self.feed(b"\n") if self._rest else []


class Assembly:
    """One reply as it is put together. `is_finished` only when the server said so."""

    def __init__(self) -> None:
        self.pieces: list[str] = []
        self.finish: str | None = None
        self.usage: WireUsage | None = None
        self.is_done = False
        self.was_refused = False
        self.has_message = False

    @property
    def is_finished(self) -> bool:
        """Whether the server has said that the reply is whole."""
        return self.finish is not None or self.is_done

    def take(self, data: bytes) -> str:
        """Add the data of one event, or a whole body; gives back the text that it holds.

        Errors:  Unreadable when it is no chunk, ProviderSaid when it is an error object.
        """
        if data == DONE:
            self.is_done = True
            return ""
        try:
            chunk = _CHUNK.decode(data)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise Unreadable(f"a chunk is not readable ({error})") from error
        if chunk.error:
            raise ProviderSaid(*error_text(chunk.error))
        if chunk.usage is not None:
            self.usage = chunk.usage
        return "".join([self._choice(choice) for choice in chunk.choices[:1]])

    def _choice(self, choice: Choice) -> str:
        if choice.message is not None:
            self.has_message = True
        if choice.finish_reason:
            self.finish = finish_of(choice.finish_reason)
        part = choice.delta or choice.message
        if part is None:
            return ""
        if part.refusal:
            self.was_refused = True
        text = part.text() or part.refusal or ""
        if text:
            self.pieces.append(text)
        return text


def error_text(error: Any) -> tuple[str, str]:
    """Message and code of an error object, whatever shape it has."""
    if isinstance(error, dict):
        inner = error.get("error", error)
        if isinstance(inner, dict):
            message = inner.get("message") or inner.get("detail") or msgspec.json.encode(inner).decode()
            return str(message), str(inner.get("code") or inner.get("type") or "")
        return str(inner or error.get("message") or error.get("detail") or ""), ""
    return str(error), ""


def is_error_object(data: bytes) -> bool:
    """Whether a body is an error object of the protocol, about the request and not about its address."""
    try:
        value = msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return False
    if isinstance(value, list) and len(value) == 1:  # Google wraps its own
        value = value[0]
    if not isinstance(value, dict):
        return False
    inner = value if value.get("object") == "error" else value.get("error")
    message = inner.get("message") if isinstance(inner, dict) else None
    # OpenAI itself answers so when /v1 is missing.
    return bool(message) and not str(message).lower().startswith("invalid url")


def body_error(data: bytes) -> tuple[str, str, str]:
    """Message, code and the parameter that is at fault, of the body of a status other than 200."""
    try:
        value = msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return data[:2000].decode("utf-8", "replace"), "", ""
    if not isinstance(value, dict):
        return str(value), "", ""
    message, code = error_text(value.get("error") or value)
    inner = value.get("error")
    parameter = str(inner.get("param") or "") if isinstance(inner, dict) else ""
    return message, code, parameter
