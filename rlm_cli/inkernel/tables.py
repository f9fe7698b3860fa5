"""Documents as tables: CSV, TSV, JSON, JSON Lines and sheets as rows; columns of fields are typed as wholes.

A column is of integers, numbers, dates or truth values when all of its fields are; otherwise it stays text.
"""

from __future__ import annotations

import csv
import datetime
import io
import json
import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any

_INTEGER = re.compile(r"[+-]?(?:0|[1-9]\d{0,17})")
_NUMBER = re.compile(r"[+-]?(?:(?:0|[1-9]\d{0,14})(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,3})?")
_FIELD_CHARACTERS = 1 << 27


class Table(list[dict[str, Any]]):
    """A list of rows, each a dict; .columns are the names, .problems the lines that could not be read.

    A column of numbers has int or float, of ISO dates date or datetime, of true and false bool; an empty
    field is None; a column with anything else, also leading zeros, stays text.

    >>> t = corpus["sales.csv"].table(); t.columns; sum(row["amount"] or 0 for row in t)
    >>> t.sql("SELECT region, sum(amount) AS total FROM t GROUP BY region"); t.frame()
    """

    columns: list[str]
    problems: list[tuple[int, str]]

    def column(self, name: str) -> list[Any]:
        """The values of one column, None where a row has none."""
        if name not in self.columns:
            raise KeyError(f"no column {name!r}; there are: {', '.join(self.columns)}")
        return [row.get(name) for row in self]

    def sql(self, query: str) -> Table:
        """The rows that an SQL query over this table, named `t`, gives.

        >>> table.sql("SELECT count(*) AS n FROM t WHERE amount > 1000")
        """
        from rlm_cli.inkernel.querying import query_tables

        return query_tables(query, {"t": self})

    def frame(self) -> Any:
        """The table as a pandas DataFrame.

        Errors:  ImportError where pandas is not installed: .sql() asks the same questions.
        """
        import importlib

        try:
            pandas = importlib.import_module("pandas")
        except ImportError:
            raise ImportError("pandas is not installed here; table.sql(…) asks the same questions") from None
        return pandas.DataFrame(list(self), columns=self.columns)

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
        found = _separated(text, "\t" if kind == "tsv" else None)
        found.problems = problems
        return found
    if kind == "jsonl":
        rows = list(_json_lines(text, problems))
    elif kind == "json":
        rows = _json_rows(text, path)
    else:
        raise ValueError(f"{path} is {kind}: only csv, tsv, json and jsonl documents have a table")
    table = Table(rows)
    table.columns = list(dict.fromkeys(name for row in rows for name in row))
    table.problems = problems
    return table


def sheet_table(text: str, parts: Sequence[Any], sheet: int | str, path: str) -> Table:
    """The rows of one sheet of a workbook, by its number or name; its first row has the names.

    Errors:  KeyError when there is no such sheet.
    """
    sheets = [part for part in parts if part.kind == "sheet"]
    ends = [part.start for part in sheets[1:]] + [len(text)]
    for number, (part, end) in enumerate(zip(sheets, ends, strict=True), 1):
        if sheet in (number, part.label):
            lines = text[part.start : end].split("\n")[1:]
            table = _table([line.split("\t") for line in lines if line])
            table.problems = []
            return table
    names = ", ".join(repr(part.label) for part in sheets)
    raise KeyError(f"{path} has no sheet {sheet!r}; there are: {names}")


def _table(lines: list[list[str]]) -> Table:
    """Rows of fields, the first of which has the names, as a table with typed columns."""
    width = max(map(len, lines), default=0)
    header = [*lines[0], *[""] * (width - len(lines[0]))] if lines else []
    names = [name.strip() or f"column_{number}" for number, name in enumerate(header, 1)]
    names = [name if name not in names[:at] else f"{name}_{at + 1}" for at, name in enumerate(names)]
    rows = lines[1:]
    columns = [_typed([row[at] if at < len(row) else "" for row in rows]) for at in range(width)]
    table = Table(dict(zip(names, values, strict=True)) for values in zip(*columns, strict=True))
    table.columns = names
    return table


def _separated(text: str, delimiter: str | None) -> Table:
    csv.field_size_limit(_FIELD_CHARACTERS)
    lines = csv.reader(io.StringIO(text), delimiter=delimiter or _delimiter(text))
    return _table([fields for fields in lines if fields])


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


def _typed(fields: list[str]) -> list[Any]:
    """The fields of a column as values of one type."""
    filled = [field.strip() for field in fields if field.strip()]
    for pattern, value_of in _TYPES:
        if filled and all(map(pattern.fullmatch, filled)):
            try:
                return [value_of(field.strip()) if field.strip() else None for field in fields]
            except ValueError:
                continue
    return [field if field.strip() else None for field in fields]


def _truth(field: str) -> bool:
    return field.lower() == "true"


_TYPES: tuple[tuple[re.Pattern[str], Callable[[str], Any]], ...] = (
    (_INTEGER, int),
    (_NUMBER, float),
    (re.compile(r"\d{4}-\d\d-\d\d"), datetime.date.fromisoformat),
    (
        re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d)?"),
        datetime.datetime.fromisoformat,
    ),
    (re.compile("true|false", re.IGNORECASE), _truth),
)
