"""The protocol of OpenAI-compatible endpoints: what is sent, what is read, what is learnt from refusals."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from rlm_cli.base.errors import ModelUnavailable, RequestRefused, SettingsError
from rlm_cli.events.values import Message
from rlm_cli.models.endpoints import ENDPOINTS, address_of, model_of
from rlm_cli.models.openai_wire import (
    Assembly,
    EventStream,
    ProviderSaid,
    Unreadable,
    body_error,
    is_error_object,
)
from rlm_cli.models.opening import ModelOptions, open_model
from rlm_cli.models.prices import Card
from rlm_cli.models.request_body import Dialect, checked_options
from rlm_cli.ports import Request, Response
from tests.servers.openai_server import Answer, Server

MESSAGES = (Message("system", "s"), Message("user", "u"))
SCHEMA = {"type": "object", "properties": {"a": {"type": "string"}}}


def body_for(provider: str, model: str, request: Request) -> dict[str, Any]:
    return Dialect(ENDPOINTS[provider], model).body(request)


@pytest.fixture
def server() -> Iterator[Server]:
    with Server("fine") as running:
        yield running


async def response_of(server: Server, request: Request, name: str = "openai/gpt-4o-mini") -> Response:
    environ = {"OPENAI_API_KEY": "sk-test-12345678", "OPENAI_BASE_URL": server.base_url}
    model = open_model(name, ModelOptions(environ=environ))
    try:
        items = [item async for item in model.stream(request)]
    finally:
        await model.close()
    assert isinstance(items[-1], Response)
    return items[-1]


# --- what is sent ---------------------------------------------------------------------------------------


def test_openai_gets_its_new_name_for_the_maximum_and_the_others_the_old_one() -> None:
    request = Request(messages=MESSAGES, max_tokens_out=9)
    assert body_for("openai", "gpt-4o", request)["max_completion_tokens"] == 9
    assert body_for("groq", "llama", request)["max_tokens"] == 9


@pytest.mark.parametrize("model", ["o3", "o4-mini", "gpt-5-mini", "gpt-6.1-sol"])
def test_models_that_think_get_no_temperature(model: str) -> None:
    request = Request(messages=MESSAGES, temperature=0.2, max_tokens_out=9)
    body = body_for("openai", model, request)
    assert "temperature" not in body
    assert body["max_completion_tokens"] == 9
    assert body_for("openai", "gpt-4.1", request)["temperature"] == 0.2


def test_a_schema_goes_to_the_provider_where_it_takes_one_and_into_the_prompt_where_not() -> None:
    request = Request(messages=MESSAGES, schema=SCHEMA)
    taken = body_for("openai", "gpt-4o", request)
    assert taken["response_format"]["json_schema"]["schema"] == SCHEMA
    assert taken["messages"][-1]["content"] == "u"
    asked = body_for("deepseek", "deepseek-chat", request)
    assert asked["response_format"] == {"type": "json_object"}
    assert json.dumps(SCHEMA, separators=(",", ":")) in asked["messages"][-1]["content"]
    listed = body_for("openai", "gpt-4o", Request(messages=MESSAGES, schema={"type": "array"}))
    assert "response_format" not in listed
    assert '{"type":"array"}' in listed["messages"][-1]["content"]


def test_options_are_passed_on_but_never_those_that_change_where_a_request_goes() -> None:
    body = body_for("openai", "gpt-4o", Request(messages=MESSAGES, options={"top_p": 0.5}))
    assert body["top_p"] == 0.5
    for name in ("api_base", "base_url", "extra_headers", "tools", "messages", "stream", "api_key"):
        with pytest.raises(SettingsError, match=name):
            checked_options({name: "x"})


def test_mistral_is_spoken_to_in_its_own_words() -> None:
    body = body_for("mistral", "mistral-small-latest", Request(messages=MESSAGES, seed=3))
    assert body["random_seed"] == 3
    assert "stream_options" not in body


async def test_a_refused_field_is_left_out_from_then_on(server: Server) -> None:
    def script(body: dict[str, Any], _: int) -> Answer:
        if "temperature" in body:
            return Answer("Unsupported value: 'temperature' does not support 0.2", status=400)
        if "max_tokens" in body:
            return Answer("Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens'.", status=400)
        return Answer("fine")

    server.script = script
    request = Request(messages=MESSAGES, temperature=0.2, max_tokens_out=5)
    response = await response_of(server, request)
    assert response.text == "fine"
    assert [
        sorted(seen.body.keys() & {"temperature", "max_tokens", "max_completion_tokens"})
        for seen in server.chats
    ] == [
        ["max_tokens", "temperature"],
        ["max_tokens"],
        ["max_completion_tokens"],
    ]


async def test_a_refusal_that_nothing_can_be_learnt_from_is_told_at_once(server: Server) -> None:
    server.script = lambda _body, _before: Answer("the temperature of the room is wrong", status=400)
    with pytest.raises(RequestRefused):
        await response_of(server, Request(messages=MESSAGES))
    assert len(server.chats) == 1


def test_a_second_request_in_flight_learns_what_the_first_was_taught() -> None:
    dialect = Dialect(ENDPOINTS["groq"], "m")
    request = Request(messages=MESSAGES, temperature=0.5)
    one, other = dialect.body(request), dialect.body(request)
    assert dialect.adapt("temperature", "", one)
    assert dialect.adapt("temperature", "", other)
    assert not dialect.adapt("temperature", "", dialect.body(request))


# --- what is read ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("split", [1, 2, 3, 7, 64, 10_000])
async def test_a_stream_is_read_the_same_however_its_bytes_are_cut(split: int, server: Server) -> None:
    text = "Ünïcode “quotes” and 漢字 🙂 over\nseveral lines."
    server.script = lambda _body, _before: Answer(text, split_bytes=split)
    response = await response_of(server, Request(messages=MESSAGES))
    assert response.text == text


def test_comments_blank_lines_and_carriage_returns_are_no_data() -> None:
    events = EventStream()
    assert events.feed(b': keep-alive\r\n\r\nevent: x\r\ndata: {"a":1}\r\n\r\ndata:[DONE]') == [b'{"a":1}']
    assert events.close() == [b"[DONE]"]


async def test_a_server_that_does_not_stream_is_understood_too(server: Server) -> None:
    message = {"role": "assistant", "content": "all at once"}
    reply = {
        "choices": [{"message": message, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 7, "completion_tokens": 3},
    }
    server.script = lambda _body, _before: Answer(raw=json.dumps(reply))
    response = await response_of(server, Request(messages=MESSAGES))
    assert (response.text, response.usage.tokens_in, response.usage.tokens_out) == ("all at once", 7, 3)


@pytest.mark.parametrize("content_type", ["application/json", "text/plain"])
async def test_a_whole_reply_without_a_finish_reason_is_finished(content_type: str, server: Server) -> None:
    reply = {"choices": [{"message": {"role": "assistant", "content": "all of it"}}]}
    server.script = lambda _body, _before: Answer(raw=json.dumps(reply), content_type=content_type)
    response = await response_of(server, Request(messages=MESSAGES))
    assert (response.text, response.finish) == ("all of it", "stop")


async def test_a_stream_under_another_content_type_is_read_and_an_empty_page_is_tried_again(
    server: Server,
) -> None:
    event = {"choices": [{"delta": {"content": "said"}, "finish_reason": "stop"}]}
    stream = f": hello\n\ndata: {json.dumps(event)}\n\ndata: [DONE]\n\n"
    server.script = lambda _body, _before: Answer(raw=stream, content_type="text/plain")
    assert (await response_of(server, Request(messages=MESSAGES))).text == "said"
    server.script = lambda _body, _before: Answer(raw="", content_type="text/html")
    with pytest.raises(ModelUnavailable, match="empty"):
        await response_of(server, Request(messages=MESSAGES))


def test_thinking_is_not_text_and_a_refusal_is() -> None:
    assembly = Assembly()
    parts = [{"type": "thinking", "thinking": []}, {"type": "text", "text": "said"}]
    assert assembly.take(json.dumps({"choices": [{"delta": {"content": parts}}]}).encode()) == "said"
    assert assembly.take(b'{"choices":[{"delta":{"reasoning_content":"hm"}}]}') == ""
    assert assembly.take(b'{"choices":[{"delta":{"refusal":"No."},"finish_reason":"stop"}]}') == "No."
    assert assembly.was_refused and assembly.is_finished


def test_tokens_of_every_dialect_are_counted() -> None:
    assembly = Assembly()
    usage = {"prompt_tokens": 100, "completion_tokens": 5, "total_tokens": 125, "prompt_cache_hit_tokens": 60}
    assembly.take(json.dumps({"choices": [], "usage": usage}).encode())
    tokens = assembly.usage and assembly.usage.tokens()
    assert tokens is not None
    assert (tokens.tokens_in, tokens.tokens_out, tokens.cached) == (100, 25, 60)


@pytest.mark.parametrize("data", [b"{", b"null", b'{"choices": 3}', b"\xff\xfe", b'"text"'])
def test_what_is_no_chunk_is_unreadable(data: bytes) -> None:
    with pytest.raises(Unreadable):
        Assembly().take(data)


def test_an_error_object_in_a_stream_is_told_with_its_code() -> None:
    with pytest.raises(ProviderSaid, match="overloaded") as told:
        Assembly().take(b'{"error":{"message":"overloaded","code":529}}')
    assert told.value.code == "529"


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b'{"error":{"message":"m","code":"c","param":"p"}}', ("m", "c", "p")),
        (b'{"error":"plain"}', ("plain", "", "")),
        (b'{"detail":"fastapi"}', ("fastapi", "", "")),
        (b"<html>Bad Gateway</html>", ("<html>Bad Gateway</html>", "", "")),
        (b"", ("", "", "")),
    ],
)
def test_error_bodies_of_every_shape_give_their_message(data: bytes, expected: tuple[str, str, str]) -> None:
    assert body_error(data) == expected


@pytest.mark.parametrize(
    ("data", "is_one"),
    [
        (b'{"error":{"message":"The model `x` does not exist","code":"model_not_found"}}', True),
        (b'{"object":"error","message":"The model `x` does not exist.","code":404}', True),
        (b'[{"error":{"message":"models/x is not found","code":404}}]', True),
        (b'{"error":{"message":"Invalid URL (POST /chat/completions)"}}', False),
        (b'{"detail":"Not Found"}', False),
        (b'{"error":"Unexpected endpoint or method"}', False),
        (b"404 page not found", False),
        (b"", False),
    ],
)
def test_an_error_object_is_told_from_what_a_wrong_address_answers(data: bytes, is_one: bool) -> None:
    assert is_error_object(data) is is_one


# --- where it goes --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("provider", "environ", "url"),
    [
        ("openai", {}, "https://api.openai.com/v1"),
        ("openai", {"OPENAI_BASE_URL": "https://gateway.example/v1/"}, "https://gateway.example/v1"),
        ("openai", {"OPENAI_BASE_URL": "https://gw.example/v1/chat/completions/"}, "https://gw.example/v1"),
        ("ollama", {"OLLAMA_HOST": "http://gpu:1/v1/chat/completions"}, "http://gpu:1/v1"),
        ("ollama", {"OLLAMA_API_BASE": "http://10.0.0.4:11434"}, "http://10.0.0.4:11434/v1"),
        ("ollama", {"OLLAMA_HOST": "0.0.0.0:11434"}, "http://127.0.0.1:11434/v1"),
        ("hosted_vllm", {"HOSTED_VLLM_API_BASE": "http://gpu:8000/v1"}, "http://gpu:8000/v1"),
    ],
)
def test_addresses_come_from_the_environment(provider: str, environ: dict[str, str], url: str) -> None:
    assert address_of(ENDPOINTS[provider], environ).base_url == url


def test_a_key_is_never_shown_with_its_address() -> None:
    address = address_of(ENDPOINTS["openai"], {"OPENAI_API_KEY": "sk-secret-1234567890"})
    assert address.key == "sk-secret-1234567890"
    assert "sk-secret" not in repr(address)
    assert "sk-secret" not in repr(ModelOptions(environ={"OPENAI_API_KEY": "sk-secret-1234567890"}))


def test_fireworks_short_names_become_its_paths() -> None:
    assert model_of(ENDPOINTS["fireworks_ai"], "fireworks_ai/glm-5") == "accounts/fireworks/models/glm-5"
    full = "fireworks_ai/accounts/fireworks/models/glm-5"
    assert model_of(ENDPOINTS["fireworks_ai"], full) == "accounts/fireworks/models/glm-5"


def test_a_local_server_costs_nothing_and_a_cloud_model_behind_it_is_unknown() -> None:
    local = open_model("ollama/qwen3:8b", ModelOptions(environ={}))
    assert (local.facts.usd_per_token_in, local.facts.endpoint) == (0.0, "this machine")
    for name in ("ollama/no-such-model:cloud", "ollama/no-such-model:1t-cloud"):
        assert open_model(name, ModelOptions(environ={})).facts.usd_per_token_in is None


def test_a_card_without_sampling_takes_no_temperature() -> None:
    dialect = Dialect(ENDPOINTS["openrouter"], "m", Card(traits={"sampling_params": False}))
    assert "temperature" not in dialect.body(Request(messages=MESSAGES, temperature=0.1))
