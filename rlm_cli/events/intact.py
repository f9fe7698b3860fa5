"""What an object holds beyond the fields that this version knows, at any depth, and how it is put back.

Fields may be added to a body and to the values in it within a schema number; a session that is read and
written again by an older program must not lose them.
"""

from __future__ import annotations

import typing
from dataclasses import dataclass
from typing import Any

import msgspec


@dataclass(frozen=True)
class Shape:
    """The fields of a struct that are known, and the shapes of those that hold structs or lists of them."""

    known: frozenset[str]
    nested: dict[str, Shape]


def shape_of(struct: type[Any]) -> Shape:
    """The shape of a struct type, its tag included."""
    hints = typing.get_type_hints(struct)
    fields = msgspec.structs.fields(struct)
    nested = {field.encode_name: _nested(hints[field.name]) for field in fields}
    return Shape(
        known=frozenset({*nested, *filter(None, [struct.__struct_config__.tag_field])}),
        nested={name: shape for name, shape in nested.items() if shape is not None},
    )


def surplus(fields: dict[str, Any], shape: Shape) -> dict[str, Any]:
    """The fields that a shape does not know, as an object of the same form; empty when there are none.

    Shape:   inside of lists the surplus of item 3 stands under the key "3".
    """
    found: dict[str, Any] = {}
    if not fields.keys() <= shape.known:
        found = {name: value for name, value in fields.items() if name not in shape.known}
    for name, inner in shape.nested.items():
        value = fields.get(name)
        if not value:
            continue
        extra = _of_items(value, inner) if isinstance(value, list) else surplus(value, inner)
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
    found = {str(index): surplus(item, shape) for index, item in enumerate(items)}
    return {index: extra for index, extra in found.items() if extra}


def _nested(hint: Any) -> Shape | None:
    for part in (hint, *typing.get_args(hint)):
        if isinstance(part, type) and issubclass(part, msgspec.Struct):
            return shape_of(part)
    return None
