"""Bodies to plain objects and back, without losing what this version does not know."""

from __future__ import annotations

import functools
from typing import Any

import msgspec

from rlm_cli.events.bodies import BODY_TYPES, Body, Unknown
from rlm_cli.events.intact import Shape, restored, shape_of, surplus


@functools.cache
def _shape(kind: str) -> Shape:
    return shape_of(BODY_TYPES[kind])


def kind_of(body: Body) -> str:
    """The wire name of a body, such as `cell.finished`."""
    return body.kind if isinstance(body, Unknown) else str(type(body).__struct_config__.tag)


def encode_body(body: Body, extra: dict[str, Any] | None = None) -> dict[str, Any]:
    """The body as an object that JSON can hold, `kind` first, unknown fields put back."""
    if isinstance(body, Unknown):
        return {"kind": body.kind, **body.fields}
    fields: dict[str, Any] = msgspec.to_builtins(body)
    if not extra:
        return fields
    whole: dict[str, Any] = restored(fields, extra)
    return whole


def decode_body(fields: dict[str, Any]) -> tuple[Body, dict[str, Any] | None]:
    """The body that an object stands for, and those of its fields, at any depth, that are not known here.

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
    return body, surplus(fields, _shape(kind)) or None


def _unknown(kind: str, fields: dict[str, Any]) -> Unknown:
    return Unknown(kind=kind, fields={name: value for name, value in fields.items() if name != "kind"})
