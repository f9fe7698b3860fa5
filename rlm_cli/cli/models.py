"""`rlm models`: which models would be used, what is known of a model, and short names for models."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rlm_cli.base.errors import UsageError
from rlm_cli.cli.commands import new_app
from rlm_cli.cli.options import AsJson, Profile
from rlm_cli.cli.screen import note, rows, say, say_json

if TYPE_CHECKING:
    from rlm_cli.models.prices import Card

app = new_app("List models, show one, name one.", is_group=True)

_MILLION = 1_000_000


@app.command("list")
def list_(
    provider: Annotated[
        str | None, typer.Argument(metavar="[PROVIDER]", help="All models of this provider that are known.")
    ] = None,
    as_json: AsJson = False,
    profile: Profile = None,
) -> int:
    """List the models that can be used here, or all that are known of a provider."""
    return _of_provider(provider, as_json) if provider else _usable(as_json, profile)


@app.command("show")
def show(
    name: Annotated[str, typer.Argument(metavar="MODEL", help="provider/model, or an alias.")],
    as_json: AsJson = False,
    profile: Profile = None,
) -> int:
    """Show what is known of a model before it is called."""
    from rlm_cli.cli.planning import plan_without_question
    from rlm_cli.models.naming import canonical, is_own, missing_key
    from rlm_cli.runs.from_settings import price_table

    plan = plan_without_question({}, profile)
    table = price_table(plan.settings)
    full = canonical(plan.settings.models.full_name(name), table)
    card = table.find(full)
    missing = missing_key(full, plan.environ)
    facts = {
        "name": full,
        **_card_object(card),
        "key": "not needed"
        if is_own(full)
        else f"{missing} is not set"
        if missing
        else "found, or not needed",
    }
    if as_json:
        say_json(facts)
        return 0
    for line in rows([(label.replace("_", " "), _shown(value)) for label, value in facts.items()]):
        say(line)
    return 0


@app.command("alias")
def alias(
    name: Annotated[str | None, typer.Argument(metavar="[NAME]", help="The short name.")] = None,
    model: Annotated[str | None, typer.Argument(metavar="[MODEL]", help="provider/model.")] = None,
    remove: Annotated[bool, typer.Option("--rm", help="Forget the short name.")] = False,
    profile: Profile = None,
) -> int:
    """List short names for models, give one, or forget one."""
    from rlm_cli.cli.planning import plan_without_question
    from rlm_cli.models.naming import canonical
    from rlm_cli.runs.from_settings import price_table
    from rlm_cli.settings.editing import set_value, unset_value
    from rlm_cli.settings.locations import shown

    plan = plan_without_question({}, profile)
    aliases = plan.settings.models.aliases
    file = plan.directories.config_file
    label = shown(file, os.environ)
    if name is None:
        for line in rows(sorted(aliases.items())):
            say(line)
        return 0
    if remove:
        if not unset_value(file, label, f"models.aliases.{name}", profile):
            raise UsageError(f"{name} is no alias in {label}", "", "rlm models alias")
        return 0
    if model is None:
        if name not in aliases:
            raise UsageError(f"{name} is no alias", "", f"rlm models alias {name} PROVIDER/MODEL")
        say(aliases[name])
        return 0
    if "/" in name:
        raise UsageError(
            f"{name} cannot be an alias", "a name with / is a model", "rlm models alias fast MODEL"
        )
    set_value(file, label, f"models.aliases.{name}", [canonical(model, price_table(plan.settings))], profile)
    return 0


def _usable(as_json: bool, profile: str | None) -> int:
    from rlm_cli.cli.planning import plan_without_question
    from rlm_cli.models.choose import choose
    from rlm_cli.runs.from_settings import chosen_models, price_table

    plan = plan_without_question({}, profile)
    table = price_table(plan.settings)
    chosen = chosen_models(plan.settings, plan.environ, table)
    others = chosen.candidates or choose(None, None, plan.environ, table=table).candidates
    pairs = [(chosen.root, chosen.sub, chosen.why), *((each.root, each.sub, each.why) for each in others)]
    pairs = list(dict.fromkeys(pairs))
    if as_json:
        say_json(
            {
                "chosen": {"root": chosen.root, "sub": chosen.sub, "why": chosen.why},
                "others": [{"root": root, "sub": sub, "why": why} for root, sub, why in pairs[1:]],
                "aliases": dict(plan.settings.models.aliases),
            }
        )
        return 0
    marks = ["used"] + [""] * len(pairs)
    for line in rows(
        [("", "root model", "sub-model", "why"), *((m, *p) for m, p in zip(marks, pairs, strict=False))]
    ):
        say(line)
    for short, full in sorted(plan.settings.models.aliases.items()):
        say(f"{short} is {full}")
    note("all models of a provider: rlm models list PROVIDER")
    return 0


def _of_provider(provider: str, as_json: bool) -> int:
    import difflib

    from rlm_cli.models.naming import providers
    from rlm_cli.models.prices import PriceTable

    table = PriceTable()
    names = table.names(provider)
    if not names and provider not in providers(table):
        near = difflib.get_close_matches(provider, sorted(providers(table)), n=1)
        why = f"did you mean {near[0]}?" if near else ""
        raise UsageError(
            f"there is no provider {provider}", why, f"rlm models list {near[0]}" if near else ""
        )
    if as_json:
        say_json([{"name": name, **_card_object(table.find(name))} for name in names])
        return 0
    header = ("model", "context", "$/M in", "$/M out")
    lines = [(name, *_columns(table.find(name))) for name in names]
    for line in rows([header, *lines]):
        say(line)
    if not names:
        note(f"no model of {provider} is in the list; name one as {provider}/MODEL")
    return 0


def _columns(card: Card) -> tuple[str, str, str]:
    price = card.rates
    return (
        f"{card.context_tokens:,}" if card.context_tokens else "?",
        f"{price.tokens_in * _MILLION:g}" if price else "?",
        f"{price.tokens_out * _MILLION:g}" if price else "?",
    )


def _card_object(card: Card) -> dict[str, Any]:
    price = card.rates
    return {
        "context_tokens": card.context_tokens,
        "max_tokens_out": card.max_tokens_out,
        "usd_per_million_in": price.tokens_in * _MILLION if price else None,
        "usd_per_million_out": price.tokens_out * _MILLION if price else None,
        "usd_per_million_cached": price.cached * _MILLION if price and price.cached is not None else None,
        "deprecated": card.deprecated or None,
    }


def _shown(value: Any) -> str:
    if value is None:
        return "not known"
    return (
        f"{value:,}" if isinstance(value, int) else f"{value:g}" if isinstance(value, float) else str(value)
    )
