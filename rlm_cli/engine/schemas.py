"""Values out of replies: the JSON in a text, checked against a JSON Schema."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from rlm_cli.base.errors import UsageError
from rlm_cli.events.values import Json

_MOST_STEPS = 50_000
_NAMED = {"properties", "patternProperties", "dependentSchemas", "$defs", "definitions"}
_DATA = {"enum", "const", "default", "examples", "required"}
_REFERENCES = ("$ref", "$dynamicRef", "$recursiveRef")
_FENCE = re.compile(r"```(?:json)?[ \t]*\n(.*?)\n?```", re.DOTALL)


class _Endless(Exception):
    """A schema takes more steps than any honest one."""


def check_schema(schema: Json) -> None:
    """Refuse what is not a JSON Schema, or refers to what it does not hold itself: nothing is ever fetched.

    Errors:  UsageError with the first fault that was found.
    """
    from jsonschema.exceptions import SchemaError
    from jsonschema.validators import validator_for
    from referencing.exceptions import Unresolvable

    if not isinstance(schema, dict | bool):
        raise UsageError("the schema is not a JSON Schema", "it is neither an object nor true or false")
    for reference in _values(schema, _REFERENCES):
        if not isinstance(reference, str) or not reference.startswith("#"):
            why = f"it refers to {str(reference)[:200]}, and nothing is fetched"
            raise UsageError("the schema is not complete", why, "Put it below $defs, and refer to #/$defs/…")
    try:
        validator_for(schema, default=_draft()).check_schema(schema)
    except (SchemaError, RecursionError) as error:
        why = getattr(error, "message", "it is nested too deeply")
        raise UsageError("the schema is not a JSON Schema", why) from error
    try:
        list(_validator(schema).iter_errors({}))
    except (Unresolvable, RecursionError, _Endless) as error:
        raise UsageError("the schema is not a JSON Schema", _why(error)) from error


def check_cell_schema(schema: Json) -> str:
    """Why a schema that a cell has named is not taken; empty when it is.

    A pattern could keep the program busy for ever, so a cell checks those itself.
    """
    try:
        check_schema(schema)
    except UsageError as error:
        return f"{error.what}: {error.why}"
    if next(_values(schema, ("pattern", "patternProperties")), None) is not None:
        return "a schema of a cell may not hold pattern or patternProperties: check with re in the cell"
    return ""


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
    from referencing.exceptions import Unresolvable

    try:
        error = best_match(_validator(schema).iter_errors(value))
    except (Unresolvable, RecursionError, _Endless) as problem:
        return f"it cannot be checked: {_why(problem)}"
    return "" if error is None else f"{error.json_path}: {error.message[:300]}"


def _validator(schema: Json) -> Any:
    """A validator that fetches nothing and gives up after so many steps."""
    from jsonschema.validators import extend, validator_for
    from referencing import Registry

    steps = itertools.count()

    def counted(check: Callable[..., Any]) -> Callable[..., Any]:
        def counting(*arguments: Any) -> Any:
            if next(steps) > _MOST_STEPS:
                raise _Endless
            return check(*arguments)

        return counting

    plain = validator_for(schema, default=_draft())
    bounded = extend(plain, {name: counted(check) for name, check in plain.VALIDATORS.items()})
    return bounded(schema, registry=Registry())


def _draft() -> Any:
    from jsonschema.validators import Draft202012Validator

    return Draft202012Validator


def _why(error: Exception) -> str:
    match error:
        case RecursionError():
            return "its references never end"
        case _Endless():
            return "it takes too many steps"
    return f"it refers to {getattr(error, 'ref', 'something')}, which is not in it"


def _values(schema: Json, keywords: Sequence[str]) -> Iterator[Any]:
    """What every schema inside of a schema says for these keywords."""
    below: list[Any] = [schema]
    while below:
        item = below.pop()
        if isinstance(item, list):
            below.extend(item)
        elif isinstance(item, dict):
            yield from (item[keyword] for keyword in keywords if keyword in item)
            for name, value in item.items():
                if name in _NAMED and isinstance(value, dict):
                    below.extend(value.values())
                elif name not in _DATA:
                    below.append(value)


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
