"""Documents as tables: CSV, TSV, JSON and JSON Lines as rows with light typing. Standard library only."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator
from typing import Any

_INTEGER = re.compile(r"[+-]?(?:0|[1-9]\d{0,17})")
_DECIMAL = re.compile(r"[+-]?(?:0|[1-9]\d*)?\.\d+(?:[eE][+-]?\d+)?|[+-]?\d+[eE][+-]?\d+")
_FIELD_CHARACTERS = 1 << 27


class Table(list[dict[str, Any]]):
    """A list of rows, each a dict; .columns are the names, .problems the lines that could not be read.

    Numbers are int or float, an empty field is None; values with leading zeros stay text.

    >>> t = corpus["sales.csv"].table(); t.columns; sum(row["amount"] or 0 for row in t)
    """

    columns: list[str]
    problems: list[tuple[int, str]]

    def column(self, name: str) -> list[Any]:
        """The values of one column, None where a row has none."""
        if name not in self.columns:
            raise KeyError(f"no column {name!r}; there are: {', '.join(self.columns)}")
        return [row.get(name) for row in self]

    def __repr__(self) -> str:
        lines = [f"Table: {len(self):,} rows, columns: {', '.join(self.columns)}"]
        lines += [str(dict(row))[:300] for row in self[:5]]
        if len(self) > 5:
            lines.append(f"… {len(self) - 5:,} more rows")
        if self.problems:
            lines.append(f"{len(self.problems):,} lines could not be read, the first: {self.problems[0]}")
        return "\n".join(lines)


def table_of(text: str, kind: str, path: str) -> Table:
    """The rows of a document.

    Errors:  ValueError when the document is no table.
    """
    problems: list[tuple[int, str]] = []
    if kind in ("csv", "tsv"):
        rows = list(_separated(text, "\t" if kind == "tsv" else None))
    elif kind == "jsonl":
        rows = list(_json_lines(text, problems))
    elif kind == "json":
        rows = _json_rows(text, path)
    else:
        raise ValueError(f"{path} is {kind}: only csv, tsv, json and jsonl documents have a table")
    table = Table(rows)
    table.columns = list(dict.fromkeys(name for row in rows for name in row))
    table.problems = problems
    return table


def _separated(text: str, delimiter: str | None) -> Iterator[dict[str, Any]]:
    csv.field_size_limit(_FIELD_CHARACTERS)
    lines = csv.reader(io.StringIO(text), delimiter=delimiter or _delimiter(text))
    header = next(lines, [])
    names = [name.strip() or f"column_{number}" for number, name in enumerate(header, 1)]
    for fields in lines:
        if fields:
            extra = [f"column_{number}" for number in range(len(names) + 1, len(fields) + 1)]
            yield {name: _typed(value) for name, value in zip([*names, *extra], fields, strict=False)}


def _delimiter(text: str) -> str:
    """The separator that divides the first lines most evenly."""
    lines = [line for line in text[:20_000].split("\n")[:20] if line]
    best, most = ",", 0
    for candidate in ",;\t|":
        counts = [line.count(candidate) for line in lines]
        evenness = min(counts, default=0) * 1000 + sum(counts)
        if evenness > most:
            best, most = candidate, evenness
    return best


def _json_lines(text: str, problems: list[tuple[int, str]]) -> Iterator[dict[str, Any]]:
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            try:
                yield _row(json.loads(line))
            except (ValueError, RecursionError) as error:
                problems.append((number, str(error)))


def _json_rows(text: str, path: str) -> list[dict[str, Any]]:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{path} is not valid JSON: {error}") from None
    if isinstance(value, dict):
        lists = [inner for inner in value.values() if isinstance(inner, list) and inner]
        value = lists[0] if len(lists) == 1 and isinstance(lists[0][0], dict) else [value]
    return [_row(each) for each in value] if isinstance(value, list) else [_row(value)]


def _row(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {"value": value}


def _typed(value: str) -> Any:
    field = value.strip()
    if not field:
        return None
    if _INTEGER.fullmatch(field):
        return int(field)
    if _DECIMAL.fullmatch(field):
        return float(field)
    return value
