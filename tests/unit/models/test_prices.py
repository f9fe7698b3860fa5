"""Prices: litellm's table as data, the settings' own above it, and the sum for one response."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from rlm_cli.base.errors import SettingsError
from rlm_cli.models.billing import facts_of
from rlm_cli.models.choose import PAIRS
from rlm_cli.models.naming import KEY_VARIABLES
from rlm_cli.models.prices import Card, PriceTable, Rates, Tokens

ROWS = {
    "sample_spec": {"input_cost_per_token": 0.0, "max_tokens": "a text"},
    "gpt-x": {
        "litellm_provider": "openai",
        "mode": "chat",
        "input_cost_per_token": 1e-6,
        "output_cost_per_token": 4e-6,
        "cache_read_input_token_cost": 1e-7,
        "cache_creation_input_token_cost": 2e-6,
        "input_cost_per_token_above_200k_tokens": 2e-6,
        "output_cost_per_token_above_200k_tokens": 6e-6,
        "max_input_tokens": 400_000,
        "max_output_tokens": 32_000,
        "supports_reasoning": True,
    },
    "groq/small": {
        "litellm_provider": "groq",
        "mode": "chat",
        "input_cost_per_token": 0,
        "output_cost_per_token": 0,
    },
    "claude-z-4-5": {
        "litellm_provider": "anthropic",
        "input_cost_per_token": 3e-6,
        "output_cost_per_token": 15e-6,
    },
    "no-price": {"litellm_provider": "openai", "mode": "chat", "max_tokens": 8192},
}


@pytest.fixture
def table(tmp_path: Path) -> PriceTable:
    path = tmp_path / "prices.json"
    path.write_text(json.dumps(ROWS), encoding="utf-8")
    return PriceTable(path=path)


def test_a_response_is_billed_by_plain_cached_and_written_tokens(table: PriceTable) -> None:
    usd = table.find("openai/gpt-x").usd(Tokens(1000, 100, cached=400, written=100))
    assert usd == pytest.approx(500 * 1e-6 + 400 * 1e-7 + 100 * 2e-6 + 100 * 4e-6)


def test_a_long_prompt_is_billed_at_its_tier(table: PriceTable) -> None:
    card = table.find("openai/gpt-x")
    assert card.usd(Tokens(200_000, 10)) == pytest.approx(0.2 + 10 * 4e-6)
    assert card.usd(Tokens(200_001, 10)) == pytest.approx(200_001 * 2e-6 + 10 * 6e-6)


def test_the_facts_bound_what_a_request_can_cost(table: PriceTable) -> None:
    card = table.find("openai/gpt-x")
    facts = facts_of("openai/gpt-x", "api.openai.com", card)
    assert (facts.context_tokens, facts.max_tokens_out) == (400_000, 32_000)
    for tokens in (
        Tokens(1000, 50),
        Tokens(1000, 50, written=1000),
        Tokens(300_000, 50),
        Tokens(9, 9, cached=9),
    ):
        paid, bound = card.usd(tokens), facts.usd_at_most(tokens.tokens_in, tokens.tokens_out)
        assert paid is not None and bound is not None
        assert paid <= bound + 1e-12


def test_unknown_is_not_free_and_free_is_not_unknown(table: PriceTable) -> None:
    assert table.find("openai/no-price").usd(Tokens(10, 10)) is None
    assert table.find("openai/never-heard-of").usd(Tokens(10, 10)) is None
    assert table.find("groq/small").usd(Tokens(10, 10)) == 0.0


def test_a_row_is_not_taken_for_another_provider_of_the_same_name(table: PriceTable) -> None:
    assert table.find("groq/gpt-x") == Card()


def test_openrouter_bills_what_the_models_own_provider_does(table: PriceTable) -> None:
    assert table.find("openrouter/openai/gpt-x").rates == table.find("openai/gpt-x").rates
    assert table.find("openrouter/anthropic/claude-z-4.5").rates == Rates(3e-6, 15e-6)


def test_the_settings_own_prices_stand_above_the_table(tmp_path: Path, table: PriceTable) -> None:
    own = PriceTable({"openai/gpt-x": {"in": 0.5, "out": 1.0}}, tmp_path / "prices.json")
    card = own.find("openai/gpt-x")
    assert card.usd(Tokens(1_000_000, 1_000_000)) == pytest.approx(1.5)
    assert card.context_tokens == 400_000


@pytest.mark.parametrize("row", [{"in": 1.0}, {"in": 1.0, "out": 2.0, "inn": 1.0}, {"in": -1.0, "out": 2.0}])
def test_own_prices_that_cannot_be_used_are_named(row: dict[str, float]) -> None:
    with pytest.raises(SettingsError, match="a/b"):
        PriceTable({"a/b": row})


def test_without_litellm_nothing_is_known_and_nothing_fails(tmp_path: Path) -> None:
    table = PriceTable(path=tmp_path / "missing.json")
    assert table.find("openai/gpt-4o") == Card()
    assert table.names("openai") == []


def test_the_names_of_a_provider_are_complete_names(table: PriceTable) -> None:
    assert table.names("groq") == ["groq/small"]
    assert table.names("openai") == ["openai/gpt-x", "openai/no-price"]


def test_every_provider_that_is_chosen_by_its_key_has_a_pair_with_known_prices() -> None:
    table = PriceTable()
    for provider, pairs in PAIRS.items():
        assert provider in KEY_VARIABLES
        names = [f"{provider}/{name}" for name in pairs[0]]
        assert [name for name in names if table.find(name).rates is None] == []
