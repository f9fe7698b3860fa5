"""What an object holds beyond the fields that this version knows, at any depth, and how it is put back.

Fields may be added to a body and to the values in it within a schema number; a session that is read and
written again by an older program must not lose them.
"""

from __future__ import annotations

import typing
from typing import Any

import msgspec

Shape = dict[str, "Shape | None"]
"""The known fields of a struct; a field that holds a struct, or a list of them, has a shape of its own."""


def shape_of(struct: type[Any]) -> Shape:
    """The known fields of a struct type, nested ones included."""
    hints = typing.get_type_hints(struct)
    return {field.encode_name: _nested(hints[field.name]) for field in msgspec.structs.fields(struct)}


def surplus(fields: dict[str, Any], shape: Shape, known: frozenset[str] = frozenset()) -> dict[str, Any]:
    """The fields that a shape does not know, as an object of the same form; empty when there are none.

    Shape:   inside of lists the surplus of item 3 stands under the key "3".
    """
    found: dict[str, Any] = {}
    for name, value in fields.items():
        if name not in shape:
            if name not in known:
                found[name] = value
            continue
        inner = shape[name]
        if inner is None:
            continue
        if isinstance(value, dict):
            extra = surplus(value, inner)
        elif isinstance(value, list):
            extra = _of_items(value, inner)
        else:
            continue
        if extra:
            found[name] = extra
    return found


def restored(fields: Any, extra: dict[str, Any]) -> Any:
    """An object with its surplus put back."""
    if isinstance(fields, list):
        return [restored(item, extra[str(i)]) if str(i) in extra else item for i, item in enumerate(fields)]
    whole = dict(fields)
    for name, value in extra.items():
        is_inside = name in whole and isinstance(value, dict) and isinstance(whole[name], dict | list)
        whole[name] = restored(whole[name], value) if is_inside else value
    return whole


def _of_items(items: list[Any], shape: Shape) -> dict[str, Any]:
    found = {}
    for index, item in enumerate(items):
        extra = surplus(item, shape) if isinstance(item, dict) else None
        if extra:
            found[str(index)] = extra
    return found


def _nested(hint: Any) -> Shape | None:
    for part in (hint, *typing.get_args(hint)):
        if isinstance(part, type) and issubclass(part, msgspec.Struct):
            return shape_of(part)
    return None
