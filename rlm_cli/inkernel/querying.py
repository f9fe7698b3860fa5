"""SQL over tables: rows go into a database in memory, and what a query gives comes back as a table.

SQLite of the standard library. It is opened afresh for each query and can reach no file.
"""

from __future__ import annotations

import datetime
import json
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from rlm_cli.inkernel.columns import uncollected
from rlm_cli.inkernel.tables import Table

_SECONDS = 60.0
_STEPS = 100_000
_AS_THEY_ARE = ("text", "number")


class QueryError(ValueError):
    """An SQL query that cannot be answered."""


def query_tables(query: str, tables: Mapping[str, Any]) -> Table:
    """The rows of a query over named tables: each a Table, a list of dicts, or a document that is a table.

    Errors:  QueryError with what is wrong and which columns there are.
    """
    import time

    deadline = time.monotonic() + _SECONDS
    database = sqlite3.connect(":memory:")
    try:
        with uncollected():
            known = {name: _filled(database, name, source) for name, source in tables.items()}
        database.set_authorizer(_read_only)
        database.set_progress_handler(lambda: time.monotonic() > deadline, _STEPS)
        cursor = database.execute(query)
        names = _distinct([column[0] for column in cursor.description or []])
        rows = Table(dict(zip(names, row, strict=True)) for row in cursor)
    except (sqlite3.Error, sqlite3.Warning) as error:
        told = "; ".join(f"{name}({', '.join(columns)})" for name, columns in known.items())
        raise QueryError(f"{error}; there are: {told}") from None
    finally:
        database.close()
    rows.columns, rows.problems, rows.types = names, [], {}
    return rows


def _filled(database: sqlite3.Connection, name: str, source: Any) -> list[str]:
    """Put a table into the database; the names of its columns."""
    columns, rows = _rows_of(source)
    if not columns:
        raise QueryError(f"{name} has no columns")
    names = ", ".join(_quoted(each) for each in _distinct(columns))
    database.execute(f"CREATE TABLE {_quoted(name)} ({names})")
    database.executemany(
        f"INSERT INTO {_quoted(name)} VALUES ({', '.join('?' * len(columns))})",
        rows,
    )
    return columns


def _rows_of(source: Any) -> tuple[list[str], Iterator[Sequence[Any]]]:
    """The names of the columns of a source, and its rows as SQLite takes them."""
    if isinstance(source, list):
        names = list(getattr(source, "columns", None) or dict.fromkeys(key for row in source for key in row))
        return names, ([_plain(row.get(name)) for name in names] for row in source)
    columns = source.columns()
    values = [
        column if columns.types[name] in _AS_THEY_ARE else [_plain(value) for value in column]
        for name, column in zip(columns.names, columns.values, strict=True)
    ]
    return columns.names, zip(*values, strict=True)


def _plain(value: Any) -> Any:
    """A value as SQLite holds it: dates as ISO text, truth as 0 and 1, lists and dicts as JSON."""
    if value is None or isinstance(value, (str, float, bytes)):
        return value
    if isinstance(value, int):
        return int(value) if -(2**63) <= value < 2**63 else str(value)
    if isinstance(value, (datetime.date, datetime.datetime)):
        return value.isoformat()
    if isinstance(value, Decimal):
        return float(value)
    return json.dumps(value, ensure_ascii=False, default=str)


def _distinct(names: list[str]) -> list[str]:
    """The names, numbered where SQLite (which ignores case) would take two for one."""
    seen: dict[str, int] = {}
    found = []
    for name in names:
        number = seen[name.lower()] = seen.get(name.lower(), 0) + 1
        found.append(name if number == 1 else f"{name}_{number}")
    return found


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _read_only(action: int, *_: Any) -> int:
    is_outside = action in (sqlite3.SQLITE_ATTACH, sqlite3.SQLITE_DETACH, sqlite3.SQLITE_PRAGMA)
    return sqlite3.SQLITE_DENY if is_outside else sqlite3.SQLITE_OK
