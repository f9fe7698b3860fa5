"""Values out of replies: the JSON in a text, checked against a JSON Schema."""

from __future__ import annotations

import json
import re
from typing import Any

from rlm_cli.base.errors import UsageError
from rlm_cli.events.values import Json

_FENCE = re.compile(r"```(?:json)?[ \t]*\n(.*?)\n?```", re.DOTALL)


def check_schema(schema: Json) -> None:
    """Refuse what is not a JSON Schema.

    Errors:  UsageError with the first fault that was found.
    """
    from jsonschema.exceptions import SchemaError
    from jsonschema.validators import validator_for

    try:
        validator_for(schema).check_schema(schema)
    except SchemaError as error:
        raise UsageError("the schema is not a JSON Schema", error.message) from error


def value_of(text: str, schema: Json) -> tuple[Any, str]:
    """The value that a reply holds, and why it does not satisfy the schema (empty when it does)."""
    try:
        value = _parse(text)
    except ValueError as error:
        return None, f"the reply is not JSON: {error}"
    return value, fault_of(value, schema)


def fault_of(value: Any, schema: Json) -> str:
    """Why a value does not satisfy a schema, with the place; empty when it does."""
    from jsonschema.exceptions import best_match
    from jsonschema.validators import validator_for

    error = best_match(validator_for(schema)(schema).iter_errors(value))
    return "" if error is None else f"{error.json_path}: {error.message[:300]}"


def _parse(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        fenced = _FENCE.search(text)
        if fenced:
            return json.loads(fenced[1])
        starts = [at for at in (text.find("{"), text.find("[")) if at >= 0]
        if not starts:
            raise
        return json.JSONDecoder().raw_decode(text[min(starts) :])[0]
