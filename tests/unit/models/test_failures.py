"""What a provider says instead of a reply, and the keys that must not be in it."""

from __future__ import annotations

import pytest

from rlm_cli.base.errors import (
    ContextOverflow,
    CredentialsRefused,
    ModelUnavailable,
    RateLimited,
    RequestRefused,
)
from rlm_cli.models.failures import Place, broke_off, refused, retry_after_seconds
from rlm_cli.models.redaction import REMOVED, redact

PLACE = Place("openai/gpt-x", "api.openai.com", "OPENAI_API_KEY", secrets=("topsecretvalue",))


def test_a_refused_key_names_the_variable_and_not_the_key() -> None:
    error = refused(PLACE, 401, "Incorrect API key provided: topsecretvalue")
    assert isinstance(error, CredentialsRefused)
    assert "topsecretvalue" not in str(error)
    assert "OPENAI_API_KEY" in error.remedy


@pytest.mark.parametrize(
    "message",
    [
        "This model's maximum context length is 8192 tokens",
        "prompt is too long: 250000 tokens > 200000 maximum",
        "The input token count (2000000) exceeds the maximum number of tokens allowed (1048576)",
        "the request exceeds the available context size, try increasing it",
    ],
)
def test_every_way_of_saying_too_long_is_an_overflow(message: str) -> None:
    assert isinstance(refused(PLACE, 400, message), ContextOverflow)


def test_a_rate_limit_carries_the_wait_and_no_credit_is_no_rate_limit() -> None:
    limited = refused(PLACE, 429, "slow down", headers={"retry-after": "7"})
    assert isinstance(limited, RateLimited)
    assert limited.retry_after_seconds == 7.0
    assert isinstance(refused(PLACE, 429, "…", "insufficient_quota"), RequestRefused)
    assert isinstance(refused(PLACE, 402, "Insufficient Balance"), RequestRefused)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"Retry-After": "2.5"}, 2.5),
        ({"retry-after-ms": "250", "retry-after": "9"}, 0.25),
        ({"Retry-After": "Sat, 21 Nov 2026 12:00:30 GMT", "Date": "Sat, 21 Nov 2026 12:00:00 GMT"}, 30.0),
        ({"Retry-After": "Sat, 21 Nov 2026 11:00:00 GMT", "Date": "Sat, 21 Nov 2026 12:00:00 GMT"}, 0.0),
        ({"Retry-After": "soon"}, None),
        ({"Retry-After": "-3"}, None),
    ],
)
def test_retry_after_is_a_number_or_a_date_by_the_servers_own_clock(
    headers: dict[str, str], seconds: float | None
) -> None:
    assert retry_after_seconds(headers) == seconds


def test_an_error_in_the_middle_may_have_been_billed() -> None:
    for code, kind in (
        ("429", RateLimited),
        ("rate_limit_exceeded", RateLimited),
        ("server_error", ModelUnavailable),
    ):
        error = broke_off(PLACE, "upstream said no", code)
        assert type(error) is kind
        assert error.may_be_billed
    assert isinstance(broke_off(PLACE, "…", "context_length_exceeded"), ContextOverflow)


@pytest.mark.parametrize(
    "secret",
    [
        "sk-proj-abcdEFGH12345678_x-y",
        "sk-ant-api03-AAAAbbbbCCCC",
        "gsk_abcdefgh12345678",
        "xai-abcdefghijkl1234",
        "AIzaSyA1234567890abcdefg",
        "hf_abcdefghijklmnop",
    ],
)
def test_what_looks_like_a_key_goes_even_if_nobody_knows_it(secret: str) -> None:
    assert redact(f"key {secret}, sorry") == f"key {REMOVED}, sorry"


def test_headers_queries_and_passwords_in_addresses_go_too() -> None:
    text = redact(
        "Authorization: Bearer abc.def.ghi; https://me:hunter22@proxy:1 https://x/?key=abcdef123&a=1"
    )
    for secret in ("abc.def.ghi", "hunter22", "abcdef123"):
        assert secret not in text
    assert "a=1" in text


def test_known_secrets_go_whatever_they_look_like_and_placeholders_stay() -> None:
    assert redact("the correct horse is here", ["correct horse"]) == f"the {REMOVED} is here"
    assert redact("there are none of those", ["none"]) == "there are none of those"


def test_ordinary_text_is_left_alone() -> None:
    text = "skeleton keys and risk-adjusted pk tasks; token=1; bearer of news"
    assert redact(text) == text
