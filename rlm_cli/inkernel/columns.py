"""Columns of fields as values of one type: integers, numbers, dates, truth values; otherwise text.

A column has a type when all of its fields have it; a field with nothing in it is None. Leading zeros are
kept: `007` is text.
"""

from __future__ import annotations

import contextlib
import datetime
import gc
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

_SAMPLE = 100
_EMPTY = '""'
_INTEGER = re.compile(r"[+-]?(?:0|[1-9]\d{0,17})")
_NUMBER = re.compile(r"[+-]?(?:(?:0|[1-9]\d{0,14})(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,3})?")
_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_TIME = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d)?")
_TRUTH = re.compile("true|false", re.IGNORECASE)


@dataclass
class Columns:
    """A table by columns.

    Shape:   types says by name what a column holds: integer, number, decimal, date, datetime, boolean, text,
             other; problems are the lines that could not be read.
    """

    names: list[str]
    values: list[list[Any]]
    types: dict[str, str]
    problems: list[tuple[int, str]] = field(default_factory=list)


@contextlib.contextmanager
def uncollected() -> Iterator[None]:
    """Keep the garbage collector from rows that are being made: half of the time would go there."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def typed_columns(names: list[str], fields: list[list[str]]) -> Columns:
    """Columns of fields, each with the type that all of its fields have."""
    typed = [_typed(column) for column in fields]
    kinds = {name: kind for name, (kind, _) in zip(names, typed, strict=True)}
    return Columns(names, [values for _, values in typed], kinds)


def columns_as(names: list[str], kinds: list[str], fields: list[list[str]]) -> Columns:
    """Columns of fields whose types are known."""
    values = [_as(kind, column) for kind, column in zip(kinds, fields, strict=True)]
    return Columns(names, values, dict(zip(names, kinds, strict=True)))


def columns_of_rows(rows: list[dict[str, Any]]) -> Columns:
    """The columns of rows that have values already, but for dates, which JSON has as text."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    values, kinds = [], {}
    for name in names:
        column = [row.get(name) for row in rows]
        kinds[name], column = _with_dates(column, _kind_of(column))
        values.append(column)
    return Columns(names, values, kinds)


def _typed(fields: list[str]) -> tuple[str, list[Any]]:
    stripped = [each.strip() for each in fields]
    filled = [each for each in stripped if each]
    for kind, pattern, value_of in _KINDS:
        sample = filled[:_SAMPLE]
        if not sample or not all(map(pattern.fullmatch, sample)) or not all(map(pattern.fullmatch, filled)):
            continue
        try:
            return kind, [value_of(each) if each else None for each in stripped]
        except ValueError:
            continue
    return "text", [each if bare else None for each, bare in zip(fields, stripped, strict=True)]


def _as(kind: str, fields: list[str]) -> list[Any]:
    if kind == "text":
        return [None if not each else "" if each == _EMPTY else each for each in fields]
    value_of = _READERS.get(kind, _plain)
    try:
        return [value_of(each) if each else None for each in fields]
    except (ValueError, ArithmeticError):
        return [each or None for each in fields]


def _kind_of(column: list[Any]) -> str:
    kinds = {type(value) for value in column if value is not None}
    if kinds == {int, float}:
        return "number"
    return _OF_PYTHON.get(next(iter(kinds)), "other") if len(kinds) == 1 else "other"


def _with_dates(column: list[Any], kind: str) -> tuple[str, list[Any]]:
    filled = [value for value in column if value is not None]
    for name, pattern, value_of in _KINDS[2:4] if kind == "text" else ():
        if all(map(pattern.fullmatch, filled[:_SAMPLE])) and all(map(pattern.fullmatch, filled)):
            try:
                return name, [None if value is None else value_of(value) for value in column]
            except ValueError:
                continue
    return kind, column


def _truth(text: str) -> bool:
    return text.lower() == "true"


def _plain(text: str) -> Any:
    try:
        return json.loads(text) if text[:1] in '[{"' else text
    except ValueError:
        return text


_KINDS: tuple[tuple[str, re.Pattern[str], Callable[[str], Any]], ...] = (
    ("integer", _INTEGER, int),
    ("number", _NUMBER, float),
    ("date", _DATE, datetime.date.fromisoformat),
    ("datetime", _TIME, datetime.datetime.fromisoformat),
    ("boolean", _TRUTH, _truth),
)
_READERS: dict[str, Callable[[str], Any]] = {
    **{kind: value_of for kind, _, value_of in _KINDS},
    "decimal": Decimal,
}
_OF_PYTHON = {int: "integer", float: "number", str: "text", bool: "boolean"}
