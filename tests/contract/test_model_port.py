"""What every adapter of the Model port promises: the same suite over fakes we ship and real HTTP."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import aclosing
from pathlib import Path

import pytest

from rlm_cli.base.errors import (
    ContextOverflow,
    CredentialsRefused,
    ModelError,
    ModelUnavailable,
    ModelUnreachable,
    RateLimited,
    RequestRefused,
)
from rlm_cli.events.values import Message, Usage
from rlm_cli.models.failures import Place
from rlm_cli.models.litellm_adapter import LitellmModel
from rlm_cli.models.litellm_loading import load
from rlm_cli.models.offline import OfflineModel
from rlm_cli.models.opening import ModelOptions, open_model
from rlm_cli.models.patience import Patience
from rlm_cli.models.prices import PriceTable, Tokens
from rlm_cli.models.recorded import Recorded, RecordedModel, Replies
from rlm_cli.models.scripted import ScriptedModel
from rlm_cli.ports import Delta, Model, ModelFacts, Request, Response, request_key
from tests.servers.openai_server import Answer, Server, always

ROOT = Path(__file__).resolve().parents[2]
KEY = "sk-test-4f9a1c77aa20"
NAME = "openai/gpt-4o-mini"
MESSAGES = (Message("system", "Be short."), Message("user", "Say three words, please."))
ASKED = Request(messages=MESSAGES, purpose="root")
ASKED_FOR_A_CELL = Request(messages=MESSAGES, purpose="sub")
PATIENT = Patience(first_seconds=20.0, idle_seconds=20.0)
HASTY = Patience(first_seconds=0.25, idle_seconds=0.25, whole_seconds=0.25)
TRANSPORTS = ("slim", "litellm")


@pytest.fixture(scope="module", autouse=True)
def _litellm_is_imported() -> None:
    """Its import and its first call take seconds; no test should measure its patience against them."""
    messages = [{"role": "user", "content": "x"}]
    load().completion(model="openai/x", messages=messages, mock_response="x", api_key="none")


@pytest.fixture
def server() -> Iterator[Server]:
    with Server("one two three") as running:
        yield running


def http_model(server: Server, transport: str, patience: Patience = PATIENT, name: str = NAME) -> Model:
    environ = {"OPENAI_API_KEY": KEY, "OPENAI_BASE_URL": server.base_url}
    environ |= {"MISTRAL_API_KEY": KEY, "MISTRAL_API_BASE": server.base_url}
    return open_model(name, ModelOptions(environ=environ, transport=transport, patience=patience))


async def heard(model: Model, request: Request = ASKED) -> tuple[list[str], Response]:
    """The deltas and the response; the connections are given back."""
    deltas: list[str] = []
    try:
        async for item in model.stream(request):
            if isinstance(item, Response):
                return deltas, item
            deltas.append(item.text)
    finally:
        await model.close()
    raise AssertionError("the stream ended without a response")


async def failure(model: Model, request: Request = ASKED) -> tuple[list[str], ModelError]:
    """What was streamed before the error, and the error."""
    deltas: list[str] = []
    try:
        async for item in model.stream(request):
            assert isinstance(item, Delta), f"a failed request must give no response, but gave {item}"
            deltas.append(item.text)
    except ModelError as error:
        return deltas, error
    finally:
        await model.close()
    raise AssertionError("the stream ended without an error")


def _scripted(_: Server) -> Model:
    return ScriptedModel("scripted:test", ["one two three"])


def _recorded(_: Server) -> Model:
    facts = ModelFacts(name=NAME)
    reply = Recorded("one two three", Usage(calls=1, tokens_in=5, tokens_out=3, usd=0.1), NAME)
    return RecordedModel(facts, Replies({request_key(NAME, ASKED): reply}))


EVERY: dict[str, Callable[[Server], Model]] = {
    "scripted": _scripted,
    "recorded": _recorded,
    "offline": lambda _: OfflineModel(),
    "slim": lambda server: http_model(server, "slim"),
    "litellm": lambda server: http_model(server, "litellm"),
}


@pytest.mark.parametrize("kind", EVERY)
async def test_the_deltas_joined_are_the_text_of_the_one_response_at_the_end(
    kind: str, server: Server
) -> None:
    model = EVERY[kind](server)
    items = [item async for item in model.stream(ASKED)]
    await model.close()
    responses = [item for item in items if isinstance(item, Response)]
    assert items[-1:] == responses
    assert "".join(item.text for item in items[:-1]) == responses[0].text != ""
    assert responses[0].model == model.facts.name


@pytest.mark.parametrize("kind", EVERY)
async def test_what_a_cell_asks_keeps_the_same_promises(kind: str, server: Server) -> None:
    deltas, response = await heard(EVERY[kind](server), ASKED_FOR_A_CELL)
    assert "".join(deltas) == response.text != ""


@pytest.mark.parametrize("kind", EVERY)
async def test_facts_cost_nothing_and_the_model_can_be_closed_twice(kind: str, server: Server) -> None:
    model = EVERY[kind](server)
    assert model.facts.name
    await model.close()
    await model.close()
    assert server.requests == []


@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_usage_and_cost_are_exactly_what_the_server_reported(transport: str, server: Server) -> None:
    server.script = always(Answer("one two three", cached_tokens=4))
    _, response = await heard(http_model(server, transport))
    # 4 a message and a word each: 4 + 2 and 4 + 4; prices of the table: 0.15, 0.075 and 0.60 a million.
    usd = (10 * 0.15 + 4 * 0.075 + 3 * 0.60) / 1_000_000
    assert response.usage == Usage(
        calls=1, tokens_in=14, tokens_out=3, tokens_cached=4, usd=pytest.approx(usd)
    )
    assert server.billed_tokens == 17


@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_usage_that_is_not_reported_is_estimated_and_says_so(transport: str, server: Server) -> None:
    server.script = always(Answer("one two three", usage=False))
    _, response = await heard(http_model(server, transport))
    assert response.usage.estimated
    assert response.usage.tokens_in > 0
    assert response.usage.usd is not None


@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_the_cost_of_a_model_without_a_price_is_unknown_and_not_zero(
    transport: str, server: Server
) -> None:
    model = http_model(server, transport, name="openai/nobody-knows-me")
    assert model.facts.usd_per_token_in is None
    _, response = await heard(model)
    assert response.usage.usd is None


@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_a_reply_at_its_maximum_of_tokens_finishes_with_length(transport: str, server: Server) -> None:
    request = Request(messages=MESSAGES, purpose="root", max_tokens_out=2, temperature=0.0, seed=7)
    _, response = await heard(http_model(server, transport), request)
    assert (response.text, response.finish) == ("one two", "length")
    sent = server.chats[0].body
    assert (sent["temperature"], sent["seed"]) == (0.0, 7)


@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_half_a_report_of_usage_is_no_report(transport: str, server: Server) -> None:
    server.script = always(Answer("one two three", reported={"prompt_tokens": 0, "completion_tokens": 0}))
    _, response = await heard(http_model(server, transport))
    assert response.usage.estimated
    assert response.usage.tokens_in > 0


@pytest.mark.parametrize("transport", TRANSPORTS)
@pytest.mark.parametrize("request_", [ASKED, ASKED_FOR_A_CELL], ids=["root", "cell"])
async def test_counts_that_cannot_be_are_not_booked(
    transport: str, request_: Request, server: Server
) -> None:
    details = {"cached_tokens": 10**12}
    usage = {"prompt_tokens": -500, "completion_tokens": -7, "total_tokens": -507}
    server.script = always(Answer("one two", reported={**usage, "prompt_tokens_details": details}))
    _, response = await heard(http_model(server, transport), request_)
    booked = response.usage
    assert (booked.tokens_in, booked.tokens_out, booked.tokens_cached, booked.usd) == (0, 0, 0, 0.0)


FINISHES = {
    "stop": "stop",
    "tool_calls": "stop",
    "length": "length",
    "content_filter": "content_filter",
    "insufficient_system_resource": "",
    "network_error": "",
}


@pytest.mark.parametrize("transport", TRANSPORTS)
@pytest.mark.parametrize("name", [NAME, "mistral/mistral-small-latest"])
@pytest.mark.parametrize("reason", FINISHES)
async def test_only_what_a_server_calls_whole_finishes_with_stop(
    transport: str, name: str, reason: str, server: Server
) -> None:
    server.script = always(Answer("one two three", finish=reason))
    for request in (ASKED, ASKED_FOR_A_CELL):
        _, response = await heard(http_model(server, transport, name=name), request)
        expected = {FINISHES[reason]} - {""} or {reason, "content_filter"}
        assert response.finish in expected


@pytest.mark.parametrize("transport", TRANSPORTS)
@pytest.mark.parametrize("request_", [ASKED, ASKED_FOR_A_CELL], ids=["root", "cell"])
@pytest.mark.parametrize("status", [301, 302, 307, 308])
async def test_a_redirect_is_told_and_nothing_is_sent_on(
    transport: str, request_: Request, status: int, server: Server
) -> None:
    with Server("stolen") as other:
        location = f"{other.base_url}/chat/completions"
        server.script = always(Answer(status=status, headers={"Location": location}))
        _, error = await failure(http_model(server, transport), request_)
        assert other.requests == []
    assert type(error) is RequestRefused
    assert server.base_url in str(error) and location in str(error) and "OPENAI_BASE_URL" in str(error)
    assert len(server.chats) == 1


async def test_no_provider_of_litellms_follows_a_redirect(server: Server) -> None:
    place = Place("anthropic/claude-haiku-4-5", "gateway")
    card = PriceTable().find(place.model)
    server.script = always(Answer(status=307, headers={"Location": "/v1/models"}))
    # Anthropic's own path is added below the address, so the script's only path is made the address.
    address = {"api_base": f"{server.base_url}/chat/completions#", "api_key": KEY}
    for request in (ASKED, ASKED_FOR_A_CELL):
        _, error = await failure(LitellmModel(place.model, card, place, address=address), request)
        assert "a redirect to /v1/models" in str(error)
    assert [seen.path for seen in server.requests] == ["/v1/chat/completions"] * 2


def test_litellms_clients_without_an_event_loop_stay_too(server: Server) -> None:
    place = {"api_base": server.base_url, "api_key": KEY, "num_retries": 0, "max_retries": 0}
    server.script = always(Answer(status=307, headers={"Location": "/v1/models"}))
    for name in (NAME, "mistral/mistral-small-latest"):
        with pytest.raises(Exception, match=r"(?i)connection error|307 /v1/models"):
            load().completion(model=name, messages=[{"role": "user", "content": "x"}], **place)
    assert [seen.path for seen in server.requests] == ["/v1/chat/completions"] * 2


@pytest.mark.parametrize("transport", TRANSPORTS)
@pytest.mark.parametrize("request_", [ASKED, ASKED_FOR_A_CELL], ids=["root", "cell"])
async def test_a_page_instead_of_a_reply_is_refused_at_once(
    transport: str, request_: Request, server: Server
) -> None:
    page = "<!DOCTYPE html><title>Sign in</title>"
    server.script = always(Answer(raw=page, content_type="text/html"))
    _, error = await failure(http_model(server, transport), request_)
    assert type(error) is RequestRefused
    assert not error.is_retryable
    for told in ("text/html", "OPENAI_BASE_URL", server.base_url):
        assert told in str(error)


@pytest.mark.parametrize("transport", TRANSPORTS)
@pytest.mark.parametrize(
    ("body", "content_type"),
    [("<html>nginx</html>", "text/html"), ('{"detail":"Not Found"}', "application/json")],
)
async def test_a_404_that_is_no_error_object_is_a_wrong_address(
    transport: str, body: str, content_type: str, server: Server
) -> None:
    server.script = always(Answer(status=404, raw=body, content_type=content_type))
    _, error = await failure(http_model(server, transport))
    assert type(error) is RequestRefused
    for told in (f"{server.base_url}/chat/completions", "OPENAI_BASE_URL", "/v1"):
        assert told in str(error)
    server.script = always(Answer("The model does not exist", status=404, error_code="model_not_found"))
    _, error = await failure(http_model(server, transport))
    assert "gpt-4o-mini was not found" in str(error)


STATUSES: list[tuple[int, type[ModelError]]] = [
    (400, RequestRefused),
    (401, CredentialsRefused),
    (403, CredentialsRefused),
    (404, RequestRefused),
    (408, ModelUnavailable),
    (422, RequestRefused),
    (429, RateLimited),
    (500, ModelUnavailable),
    (503, ModelUnavailable),
]


@pytest.mark.parametrize("transport", TRANSPORTS)
@pytest.mark.parametrize(("status", "expected"), STATUSES)
async def test_each_status_is_its_error_tried_once_and_without_the_key(
    transport: str, status: int, expected: type[ModelError], server: Server
) -> None:
    server.script = always(Answer(f"no, not with {KEY}", status=status, retry_after_seconds=3))
    _, error = await failure(http_model(server, transport))
    assert type(error) is expected
    assert KEY not in str(error)
    assert len(server.chats) == 1
    if status in (429, 503):
        assert error.retry_after_seconds == 3.0


@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_a_request_that_does_not_fit_is_a_context_overflow(transport: str, server: Server) -> None:
    text = "This model's maximum context length is 8192 tokens. Please reduce the length of the messages."
    server.script = always(Answer(text, status=400, error_code="context_length_exceeded"))
    _, error = await failure(http_model(server, transport))
    assert type(error) is ContextOverflow


@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_an_account_without_credit_is_refused_and_not_tried_again(
    transport: str, server: Server
) -> None:
    text = "You exceeded your current quota, please check your plan and billing details."
    server.script = always(Answer(text, status=429, error_code="insufficient_quota"))
    _, error = await failure(http_model(server, transport))
    assert type(error) is RequestRefused


BROKEN = ("cut", "no_finish", "garbage", "error_in_stream")


@pytest.mark.parametrize("transport", TRANSPORTS)
@pytest.mark.parametrize("fault", BROKEN)
async def test_half_a_reply_is_never_a_response(transport: str, fault: str, server: Server) -> None:
    server.script = always(Answer("one two three four five", fault=fault))
    deltas, error = await failure(http_model(server, transport))
    assert "".join(deltas) in ("one two", "")
    assert isinstance(error, ModelUnavailable)
    assert error.is_retryable
    assert error.may_be_billed


@pytest.mark.parametrize("transport", TRANSPORTS)
@pytest.mark.parametrize("fault", ["cut", "garbage", "empty", "no_headers"])
async def test_half_a_reply_to_a_cell_is_never_a_response(transport: str, fault: str, server: Server) -> None:
    server.script = always(Answer("one two three four five", fault=fault))
    _, error = await failure(http_model(server, transport, HASTY), ASKED_FOR_A_CELL)
    assert isinstance(error, ModelUnavailable)
    await server.until(lambda seen: seen.in_flight == 0)
    assert len(server.chats) == 1


@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_what_a_cell_asks_is_billed_exactly_too(transport: str, server: Server) -> None:
    _, response = await heard(http_model(server, transport), ASKED_FOR_A_CELL)
    assert (response.usage.tokens_in, response.usage.tokens_out) == (14, 3)


@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_an_empty_body_is_no_reply(transport: str, server: Server) -> None:
    server.script = always(Answer(fault="empty"))
    deltas, error = await failure(http_model(server, transport))
    assert deltas == []
    assert isinstance(error, ModelUnavailable)
    assert "empty" in str(error)


@pytest.mark.parametrize("transport", TRANSPORTS)
@pytest.mark.parametrize("fault", ["idle", "no_headers"])
async def test_silence_is_cut_and_the_connection_closed(transport: str, fault: str, server: Server) -> None:
    server.script = always(Answer("one two three", fault=fault))
    _, error = await failure(http_model(server, transport, HASTY))
    assert isinstance(error, ModelUnavailable)
    assert error.may_be_billed
    await server.until(lambda seen: seen.in_flight == 0)
    assert server.chats[0].disconnected


@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_cancelling_closes_the_connection(transport: str, server: Server) -> None:
    server.script = always(Answer("one two three", fault="idle"))
    model = http_model(server, transport)
    begun = asyncio.Event()

    async def listen() -> None:
        async for _ in model.stream(ASKED):
            begun.set()

    task = asyncio.create_task(listen())
    await asyncio.wait_for(begun.wait(), 10)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await server.until(lambda seen: seen.in_flight == 0)
    assert server.chats[0].disconnected
    await model.close()


@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_leaving_the_stream_early_closes_the_connection(transport: str, server: Server) -> None:
    server.script = always(Answer("one two three", fault="idle"))
    model = http_model(server, transport)
    async with aclosing(model.stream(ASKED)) as stream:
        assert isinstance(await anext(stream), Delta)
    await server.until(lambda seen: seen.in_flight == 0)
    assert server.chats[0].disconnected
    await model.close()


@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_a_server_that_is_not_there_is_unreachable(transport: str) -> None:
    with Server("x") as gone:
        pass
    _, error = await failure(http_model(gone, transport))
    assert type(error) is ModelUnreachable
    assert error.remedy


@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_many_at_once_each_get_their_own_reply_and_their_own_bill(
    transport: str, server: Server
) -> None:
    server.script = lambda body, _: Answer(body["messages"][-1]["content"])
    model = http_model(server, transport)

    async def one(number: int) -> Response:
        request = Request(messages=(Message("user", "word " * number),))
        items = [item async for item in model.stream(request)]
        assert isinstance(items[-1], Response)
        return items[-1]

    responses = await asyncio.gather(*(one(number) for number in range(1, 25)))
    await model.close()
    assert [response.usage.tokens_in for response in responses] == [4 + number for number in range(1, 25)]
    assert [response.usage.tokens_out for response in responses] == list(range(1, 25))
    assert sum(each.usage.tokens_in + each.usage.tokens_out for each in responses) == server.billed_tokens
    assert server.high_water > 1


@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_the_key_is_sent_as_the_protocol_says_and_nowhere_else(transport: str, server: Server) -> None:
    await heard(http_model(server, transport))
    seen = server.chats[0]
    assert seen.headers["Authorization"] == f"Bearer {KEY}"
    assert KEY not in str(seen.body)


@pytest.mark.parametrize(
    "name",
    ["openai/gpt-4o-mini", "openai/gpt-5-mini", "anthropic/claude-haiku-4-5", "deepseek/deepseek-chat"],
)
def test_the_cost_that_we_work_out_is_litellms_own(name: str) -> None:
    litellm = load()
    details = {"cached_tokens": 2000}
    usage = litellm.Usage(
        prompt_tokens=5000, completion_tokens=700, total_tokens=5700, prompt_tokens_details=details
    )
    theirs = sum(litellm.cost_per_token(model=name, usage_object=usage))
    assert PriceTable().find(name).usd(Tokens(5000, 700, cached=2000)) == pytest.approx(theirs)


async def test_litellm_prints_nothing_and_reads_no_env_file(server: Server, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("OPENAI_API_KEY=sk-from-a-file-123456\n", encoding="utf-8")
    code = (
        "import asyncio, os, sys\n"
        "from rlm_cli.models.opening import ModelOptions, open_model\n"
        "from rlm_cli.events.values import Message\n"
        "from rlm_cli.ports import Request\n"
        "async def main():\n"
        "    options = ModelOptions(environ={'OPENAI_BASE_URL': sys.argv[1]}, transport='litellm')\n"
        "    model = open_model('openai/gpt-4o-mini', options)\n"
        "    async for _ in model.stream(Request(messages=(Message('user', 'x'),), purpose='root')): pass\n"
        "    await model.close()\n"
        "    assert 'OPENAI_API_KEY' not in os.environ\n"
        "asyncio.run(main())\n"
    )
    environ = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", code, server.base_url]
    process = await asyncio.create_subprocess_exec(
        *command, cwd=tmp_path, env=environ, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    assert await process.communicate() == (b"", b"")
    assert process.returncode == 0
    assert len(server.chats) == 1


async def test_the_unchanging_prefix_is_marked_for_anthropics_cache() -> None:
    environ = {"ANTHROPIC_API_KEY": KEY}
    model = open_model("anthropic/claude-haiku-4-5", ModelOptions(environ=environ))
    assert isinstance(model, LitellmModel)
    messages = (*MESSAGES, Message("assistant", "One."), Message("user", "Turn 2/20"))
    sent = model.arguments(Request(messages=messages, purpose="root"))["messages"]
    marked = [
        "cache_control" in each["content"][0] if isinstance(each["content"], list) else False for each in sent
    ]
    assert marked == [True, True, False, False]
    assert sent[1]["content"][0]["text"] == MESSAGES[1].content
