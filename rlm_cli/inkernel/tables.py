"""Documents as tables: CSV, TSV, JSON, JSON Lines, Parquet and sheets as rows with typed values."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Sequence
from typing import Any

from rlm_cli.inkernel.columns import Columns, columns_as, columns_of_rows, typed_columns

_FIELD_CHARACTERS = 1 << 27


class Table(list[dict[str, Any]]):
    """A list of rows, each a dict; .columns are the names, .types what they hold.

    A column of numbers has int or float, of ISO dates date or datetime, of true and false bool; an empty
    field is None; a column with anything else, also leading zeros, stays text. .problems are the lines that
    could not be read.

    >>> t = corpus["sales.csv"].table(); t.types; sum(row["amount"] or 0 for row in t)
    >>> t.sql("SELECT region, sum(amount) AS total FROM t GROUP BY region"); t.frame()
    """

    columns: list[str]
    types: dict[str, str]
    problems: list[tuple[int, str]]

    @classmethod
    def of(cls, columns: Columns) -> Table:
        """The rows of some columns."""
        names = columns.names
        table = cls(dict(zip(names, row, strict=True)) for row in zip(*columns.values, strict=True))
        table.columns, table.types, table.problems = names, columns.types, columns.problems
        return table

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
        """The table as a pandas DataFrame: Int64, float, boolean, datetime64 and text, with nulls.

        Errors:  ImportError where pandas is not installed: .sql() asks the same questions.
        """
        import importlib

        try:
            pandas = importlib.import_module("pandas")
        except ImportError:
            raise ImportError("pandas is not installed here; table.sql(…) asks the same questions") from None
        frame = pandas.DataFrame(list(self), columns=self.columns)
        for name, kind in self.types.items():
            if kind in ("date", "datetime"):
                frame[name] = pandas.to_datetime(frame[name], format="ISO8601", errors="coerce")
            elif kind in _FRAME_TYPES:
                frame[name] = frame[name].astype(_FRAME_TYPES[kind])
        return frame

    def __repr__(self) -> str:
        held = (f"{name} ({self.types[name]})" if name in self.types else name for name in self.columns)
        lines = [f"Table: {len(self):,} rows, columns: {', '.join(held)}"]
        lines += [str(dict(row))[:300] for row in self[:5]]
        if len(self) > 5:
            lines.append(f"… {len(self) - 5:,} more rows")
        if self.problems:
            lines.append(f"{len(self.problems):,} lines could not be read, the first: {self.problems[0]}")
        return "\n".join(lines)


_FRAME_TYPES = {"integer": "Int64", "number": "Float64", "boolean": "boolean", "text": "string"}


def columns_of(text: str, kind: str, path: str) -> Columns:
    """The columns of a document.

    Errors:  ValueError when the document is no table.
    """
    if kind in ("csv", "tsv"):
        return _separated(text, "\t" if kind == "tsv" else None)
    if kind == "json":
        return columns_of_rows(_json_rows(text, path))
    if kind != "jsonl":
        kinds = "csv, tsv, json, jsonl, parquet and workbook"
        raise ValueError(f"{path} is {kind}: only {kinds} documents have a table")
    problems: list[tuple[int, str]] = []
    columns = columns_of_rows(list(_json_lines(text, problems)))
    columns.problems = problems
    return columns


def sheet_columns(text: str, parts: Sequence[Any], sheet: int | str, path: str) -> Columns:
    """The columns of one sheet of a workbook, by its number or name; its first row has the names.

    Errors:  KeyError when there is no such sheet.
    """
    sheets = [part for part in parts if part.kind == "sheet"]
    ends = [part.start for part in sheets[1:]] + [len(text)]
    for number, (part, end) in enumerate(zip(sheets, ends, strict=True), 1):
        if sheet in (number, part.label):
            lines = text[part.start : end].split("\n")[1:]
            return _named([line.split("\t") for line in lines if line])
    names = ", ".join(repr(part.label) for part in sheets)
    raise KeyError(f"{path} has no sheet {sheet!r}; there are: {names}")


def parquet_columns(text: str, told: Sequence[Sequence[str]]) -> Columns:
    """The columns of a Parquet file, whose names and types its metadata tells."""
    lines = text.split("\n")[1:-1]
    rows = [line.split("\t") for line in lines]
    names, kinds = [each[0] for each in told], [each[1] for each in told]
    fields = [list(column) for column in zip(*rows, strict=True)] or [[] for _ in names]
    return columns_as(_distinct(names), kinds, fields[: len(names)])


def _named(lines: list[list[str]]) -> Columns:
    """Rows of fields, the first of which has the names, as typed columns."""
    width = max(map(len, lines), default=0)
    header = [*lines[0], *[""] * (width - len(lines[0]))] if lines else []
    rows = lines[1:]
    if any(len(row) != width for row in rows):
        rows = [[*row, *[""] * (width - len(row))] for row in rows]
    fields = [list(column) for column in zip(*rows, strict=True)] or [[] for _ in header]
    names = [name.strip() or f"column_{number}" for number, name in enumerate(header, 1)]
    return typed_columns(_distinct(names), fields)


def _distinct(names: list[str]) -> list[str]:
    return [name if name not in names[:at] else f"{name}_{at + 1}" for at, name in enumerate(names)]


def _separated(text: str, delimiter: str | None) -> Columns:
    csv.field_size_limit(_FIELD_CHARACTERS)
    lines = csv.reader(io.StringIO(text), delimiter=delimiter or _delimiter(text))
    return _named([fields for fields in lines if fields])


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
