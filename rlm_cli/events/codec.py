"""Bodies to plain objects and back, without losing what this version does not know."""

from __future__ import annotations

from typing import Any

import msgspec

from rlm_cli.events.bodies import BODY_TYPES, Body, Unknown

_FIELDS: dict[str, frozenset[str]] = {
    kind: frozenset(body.__struct_fields__) | {"kind"} for kind, body in BODY_TYPES.items()
}


def kind_of(body: Body) -> str:
    """The wire name of a body, such as `cell.finished`."""
    return body.kind if isinstance(body, Unknown) else str(type(body).__struct_config__.tag)


def encode_body(body: Body, extra: dict[str, Any] | None = None) -> dict[str, Any]:
    """The body as an object that JSON can hold, `kind` first, unknown fields put back."""
    if isinstance(body, Unknown):
        return {"kind": body.kind, **body.fields}
    fields: dict[str, Any] = msgspec.to_builtins(body)
    return {**fields, **extra} if extra else fields


def decode_body(fields: dict[str, Any]) -> tuple[Body, dict[str, Any] | None]:
    """The body that an object stands for, and those of its fields that are not known here.

    Errors:  a known kind whose fields have the wrong types is read as `Unknown`: one bad line must not
             make a session unreadable.
    """
    kind = str(fields.get("kind", ""))
    body_type = BODY_TYPES.get(kind)
    if body_type is None:
        return _unknown(kind, fields), None
    try:
        body = msgspec.convert(fields, body_type)
    except msgspec.ValidationError:
        return _unknown(kind, fields), None
    known = _FIELDS[kind]
    extra = {name: value for name, value in fields.items() if name not in known}
    return body, extra or None


def _unknown(kind: str, fields: dict[str, Any]) -> Unknown:
    return Unknown(kind=kind, fields={name: value for name, value in fields.items() if name != "kind"})
