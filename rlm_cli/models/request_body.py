"""Writes a request in OpenAI's protocol, in the dialect of its endpoint and its model.

Owns which field is called what, which may be sent at all, and what to change when a server says that it
does not know one. Knows no HTTP.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from rlm_cli.base.errors import SettingsError
from rlm_cli.events.values import Json
from rlm_cli.models.endpoints import Endpoint
from rlm_cli.models.prices import Card
from rlm_cli.ports import Request

_THINKS = re.compile(r"(?:^|/)(?:o\d|gpt-[5-9])(?!.*chat)")
_NOT_OPTIONS = frozenset(
    (
        *("model", "messages", "stream", "stream_options", "n", "tools", "tool_choice", "functions"),
        *("function_call", "response_format", "web_search_options", "max_tokens", "max_completion_tokens"),
        *("temperature", "seed", "random_seed", "api_key", "api_base", "base_url", "headers"),
        *("extra_headers", "default_headers", "custom_llm_provider", "callbacks", "success_callback"),
        *("failure_callback", "num_retries", "max_retries", "fallbacks", "mock_response", "metadata"),
        "timeout",
    )
)
_LIMITS = ("max_completion_tokens", "max_tokens")
_OPTIONAL_FIELDS = ("temperature", "seed", "random_seed", "stream_options", "response_format")


@dataclass
class Dialect:
    """How one model at one endpoint wants its requests; it learns from refusals.

    Shape:   dropped fields are not sent again to this model.
    """

    endpoint: Endpoint
    model: str
    card: Card = field(default_factory=Card)
    max_tokens_field: str = ""
    dropped: set[str] = field(default_factory=set)
    has_swapped: bool = False

    def __post_init__(self) -> None:
        self.max_tokens_field = self.max_tokens_field or self.endpoint.max_tokens_field
        if self.endpoint.provider == "openai" and _THINKS.search(self.model):
            # Models that think take neither another temperature than 1, nor `max_tokens`, behind any
            # address that speaks for OpenAI.
            self.dropped.add("temperature")
            self.max_tokens_field = "max_completion_tokens"
        if self.card.traits.get("sampling_params") is False:
            self.dropped.add("temperature")

    def body(self, request: Request) -> dict[str, Any]:
        """The request, ready to be encoded."""
        messages: list[dict[str, str]] = [
            {"role": message.role, "content": message.content} for message in request.messages
        ]
        body: dict[str, Any] = {"model": self.model, "messages": messages, "stream": True}
        if self.endpoint.asks_for_usage:
            body["stream_options"] = {"include_usage": True}
        if request.max_tokens_out is not None:
            body[self.max_tokens_field] = request.max_tokens_out
        if request.temperature is not None:
            body["temperature"] = request.temperature
        if request.seed is not None:
            body[self.endpoint.seed_field] = request.seed
        if request.schema is not None and not self._says_schema(body, request.schema):
            messages[-1]["content"] += schema_instruction(request.schema)
        for name in self.dropped:
            body.pop(name, None)
        return {**body, **request.options}

    def adapt(self, parameter: str, message: str, sent: Mapping[str, Any]) -> bool:
        """Learn from a refusal that names a field of what was sent; False when there is nothing to learn.

        Shape:   True also when another request, in flight at the same time, has taught it already.
        """
        blamed = [name for name in (*_LIMITS, *_OPTIONAL_FIELDS) if _blames(name, parameter, message)]
        for name in blamed:
            if name not in sent:
                continue
            if name not in _LIMITS:
                self.dropped.add(name)
                return True
            if self.max_tokens_field != name:
                return True
            if not self.has_swapped:
                self.has_swapped = True
                self.max_tokens_field = _LIMITS[1 - _LIMITS.index(name)]
                return True
        return False

    def _says_schema(self, body: dict[str, Any], schema: Json) -> bool:
        """Whether the server will hold the reply to the schema, so that the prompt need not ask for it."""
        is_object = isinstance(schema, dict) and schema.get("type") == "object"
        if "response_format" in self.dropped or not is_object:
            return False
        if self.endpoint.schema == "json_schema":
            named = {"name": "reply", "schema": schema, "strict": False}
            body["response_format"] = {"type": "json_schema", "json_schema": named}
            return True
        if self.endpoint.schema == "json_object":
            body["response_format"] = {"type": "json_object"}
        return False


def schema_instruction(schema: Json) -> str:
    """What is added to the last message when the provider does not take a schema itself."""
    written = msgspec.json.encode(schema).decode()
    return f"\n\nReply with one JSON value that satisfies this JSON Schema, and with nothing else:\n{written}"


def checked_options(options: Mapping[str, Any]) -> dict[str, Any]:
    """Options of the settings that may go into a request.

    Errors:  SettingsError for a name that would change where the request goes, or what the program
             itself decides.
    """
    for name in options:
        if name in _NOT_OPTIONS:
            raise SettingsError(
                f"the model option {name!r} cannot be set",
                "addresses, keys, messages, tools and limits are not options of a model",
                "See: rlm help config",
            )
    return dict(options)


def _blames(name: str, parameter: str, message: str) -> bool:
    if parameter:
        return parameter.split(".")[0] == name
    return re.search(rf"(?<![a-z_]){name}(?![a-z_])", message) is not None
