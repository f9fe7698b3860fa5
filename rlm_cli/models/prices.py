"""What models cost and how much they take, read as data from litellm's own table, without importing it.

Owns the reading of that table, the settings' own prices above it, and the sum for one response. A price
that is not in the table is not known (None), which is never the same as free (0.0).

Source:  `model_prices_and_context_window_backup.json` in litellm's package folder, about 3 MB; its rows
         are left undecoded until they are asked for (5 ms against 20 ms for all of it).
"""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from rlm_cli.base.errors import SettingsError
from rlm_cli.ports import PriceTier

_TABLE = "model_prices_and_context_window_backup.json"
_MILLION = 1_000_000
_TIER = re.compile(r"^(input|output)_cost_per_token_above_(\d+)k_tokens$")
_OWN_FIELDS = ("in", "out", "cached", "context_tokens", "max_tokens_out")


@dataclass(frozen=True)
class Tokens:
    """What one response was billed for.

    Units:   tokens; in counts all of the prompt, cached and written are parts of it (read from and
             written to the provider's cache); reasoning is a part of out.
    """

    tokens_in: int
    tokens_out: int
    cached: int = 0
    written: int = 0
    reasoning: int = 0


@dataclass(frozen=True)
class Rates:
    """Dollars a token. None where the table has no figure."""

    tokens_in: float
    tokens_out: float
    cached: float | None = None
    written: float | None = None
    reasoning: float | None = None

    def usd(self, tokens: Tokens) -> float:
        """What so many tokens cost."""
        plain = max(0, tokens.tokens_in - tokens.cached - tokens.written)
        spoken = max(0, tokens.tokens_out - tokens.reasoning)
        return (
            plain * self.tokens_in
            + tokens.cached * _or(self.cached, self.tokens_in)
            + tokens.written * _or(self.written, self.tokens_in)
            + spoken * self.tokens_out
            + tokens.reasoning * _or(self.reasoning, self.tokens_out)
        )

    @property
    def tokens_in_at_most(self) -> float:
        """The price of a token of the prompt when it is also written to the provider's cache."""
        return max(self.tokens_in, _or(self.written, 0.0))

    @property
    def tokens_out_at_most(self) -> float:
        """The price of a token of the reply, thought or said, whichever costs more."""
        return max(self.tokens_out, _or(self.reasoning, 0.0))


@dataclass(frozen=True)
class Card:
    """What the table knows of one model.

    Shape:   rates is None when the price is not known; tiers are (above so many tokens in, rates),
             rising; traits holds the row's `supports_…` flags without that prefix.
    """

    rates: Rates | None = None
    tiers: tuple[tuple[int, Rates], ...] = ()
    context_tokens: int | None = None
    max_tokens_out: int | None = None
    mode: str = ""
    traits: Mapping[str, bool] = field(default_factory=dict)
    deprecated: str = ""

    def usd(self, tokens: Tokens) -> float | None:
        """What a response cost, by the tier of its prompt; None when the price is not known."""
        if self.rates is None:
            return None
        rates = self.rates
        for above, dearer in self.tiers:
            if tokens.tokens_in > above:
                rates = dearer
        return rates.usd(tokens)

    @property
    def price_tiers(self) -> tuple[PriceTier, ...]:
        """The tiers as upper bounds, as a port carries them."""
        return tuple(
            PriceTier(above, rates.tokens_in_at_most, rates.tokens_out_at_most) for above, rates in self.tiers
        )


class PriceTable:
    """litellm's table below the settings' own prices; read when it is first asked.

    Shape:   own is `{"provider/model": {"in": …, "out": …, "cached": …}}` in dollars a million tokens.
    """

    def __init__(
        self, own: Mapping[str, Mapping[str, float]] | None = None, path: Path | None = None
    ) -> None:
        self._own = {name: _own_card(name, row) for name, row in (own or {}).items()}
        self._path = path
        self._rows: dict[str, msgspec.Raw] | None = None
        self._cards: dict[str, Card] = {}

    def find(self, name: str) -> Card:
        """What is known of `provider/model`; an empty card when nothing is."""
        if name in self._own:
            return self._over_table(name, self._own[name])
        if name not in self._cards:
            self._cards[name] = self._look_up(name)
        return self._cards[name]

    def names(self, provider: str) -> list[str]:
        """The chat models of a provider, as `provider/model`, in the order of the table."""
        found: dict[str, None] = {}
        for key, raw in self._table().items():
            row = _row(raw)
            if row.get("litellm_provider") == provider and row.get("mode") in ("chat", "responses"):
                found[key if key.startswith(provider + "/") else f"{provider}/{key}"] = None
        return list(found)

    def providers(self) -> set[str]:
        """Every provider that the table names."""
        return {str(_row(raw).get("litellm_provider", "")) for raw in self._table().values()} - {""}

    def _over_table(self, name: str, own: Card) -> Card:
        below = self._look_up(name)
        return Card(
            rates=own.rates,
            context_tokens=own.context_tokens or below.context_tokens,
            max_tokens_out=own.max_tokens_out or below.max_tokens_out,
            mode=below.mode,
            traits=below.traits,
            deprecated=below.deprecated,
        )

    def _look_up(self, name: str) -> Card:
        provider, _, model = name.partition("/")
        table = self._table()
        if name in table:
            return _card(_row(table[name]))
        row = _row(table[model]) if model in table else {}
        if str(row.get("litellm_provider", "")).startswith(provider):
            return _card(row)
        if provider == "openrouter" and model:
            # OpenRouter bills what the model's own provider does; it writes 4.5 where others write 4-5.
            return max((self._look_up(model), self._look_up(model.replace(".", "-"))), key=_is_known)
        return Card()

    def _table(self) -> dict[str, msgspec.Raw]:
        if self._rows is None:
            path = self._path or table_path()
            data = path.read_bytes() if path is not None and path.is_file() else b"{}"
            self._rows = msgspec.json.decode(data, type=dict[str, msgspec.Raw])
            self._rows.pop("sample_spec", None)
        return self._rows


def table_path() -> Path | None:
    """Where litellm keeps its table; None when litellm is not installed. Does not import it."""
    spec = importlib.util.find_spec("litellm")
    return Path(spec.origin).parent / _TABLE if spec is not None and spec.origin else None


def _own_card(name: str, row: Mapping[str, float]) -> Card:
    unknown = [key for key in row if key not in _OWN_FIELDS]
    if unknown or "in" not in row or "out" not in row:
        what = f"the prices of {name} cannot be used"
        why = f"there is no field {unknown[0]!r}" if unknown else "`in` and `out` are both needed"
        raise SettingsError(
            what, why, f"Fields: {', '.join(_OWN_FIELDS)}; prices in dollars a million tokens"
        )
    if any(not isinstance(value, int | float) or value < 0 for value in row.values()):
        raise SettingsError(f"the prices of {name} cannot be used", "each must be a number of 0 or more")
    cached = row.get("cached")
    return Card(
        rates=Rates(
            tokens_in=row["in"] / _MILLION,
            tokens_out=row["out"] / _MILLION,
            cached=None if cached is None else cached / _MILLION,
        ),
        context_tokens=_whole(row.get("context_tokens")),
        max_tokens_out=_whole(row.get("max_tokens_out")),
    )


def _card(row: Mapping[str, Any]) -> Card:
    base = _rates(row, "")
    steps = sorted({int(match[2]) for key in row if (match := _TIER.match(key))})
    tiers = [(step * 1000, _rates({**row}, f"_above_{step}k_tokens", base)) for step in steps]
    prefix = "supports_"
    return Card(
        rates=base,
        tiers=tuple((above, rates) for above, rates in tiers if rates is not None),
        context_tokens=_whole(row.get("max_input_tokens")) or _whole(row.get("max_tokens")),
        max_tokens_out=_whole(row.get("max_output_tokens")) or _whole(row.get("max_tokens")),
        mode=str(row.get("mode") or ""),
        traits={key.removeprefix(prefix): bool(row[key]) for key in row if key.startswith(prefix)},
        deprecated=str(row.get("deprecation_date") or ""),
    )


def _rates(row: Mapping[str, Any], suffix: str, base: Rates | None = None) -> Rates | None:
    def figure(name: str, otherwise: float | None) -> float | None:
        value = row.get(name + suffix)
        return float(value) if isinstance(value, int | float) else otherwise

    tokens_in = figure("input_cost_per_token", base.tokens_in if base else None)
    tokens_out = figure("output_cost_per_token", base.tokens_out if base else None)
    if tokens_in is None or tokens_out is None:
        return None
    return Rates(
        tokens_in=tokens_in,
        tokens_out=tokens_out,
        cached=figure("cache_read_input_token_cost", base.cached if base else None),
        written=figure("cache_creation_input_token_cost", base.written if base else None),
        reasoning=figure("output_cost_per_reasoning_token", base.reasoning if base else None),
    )


def _row(raw: msgspec.Raw) -> dict[str, Any]:
    value = msgspec.json.decode(raw)
    return value if isinstance(value, dict) else {}


def _whole(value: Any) -> int | None:
    return int(value) if isinstance(value, int | float) and value > 0 else None


def _or(value: float | None, otherwise: float) -> float:
    return otherwise if value is None else value


def _is_known(card: Card) -> bool:
    return card.rates is not None
