"""Parquet to text: a line of column names, then a line a row, fields parted by tabs. Runs in a worker.

What the columns hold goes into the metadata, so that a table made of the text has the types of the file.
"""

from __future__ import annotations

import io
import json
from typing import Any

from rlm_cli.corpus.extract import TextOut
from rlm_cli.corpus.opening import Unreadable

_BREAKS = str.maketrans({"\t": " ", "\n": " ", "\r": " ", "\v": " ", "\f": " "})
_EMPTY = '""'
"""Stands for a text without characters; a field with nothing in it is null."""
_COLUMNS_TOLD = 1000
_TYPES = (
    ("Bool", "boolean"),
    ("Int", "integer"),
    ("UInt", "integer"),
    ("Float", "number"),
    ("Decimal", "decimal"),
    ("Date", "date"),
    ("Timestamp", "datetime"),
    ("Utf8", "text"),
    ("LargeUtf8", "text"),
)
"""By the beginning of Arrow's name of a type; everything else is JSON, or text as it is written."""


def extract(data: bytes, out: TextOut, hint: str) -> dict[str, Any]:
    """Write every row.

    Shape:   dates as ISO 8601, lists and structures as JSON, null as nothing, an empty text as `""`.
    Errors:  Unreadable when the file is damaged, encrypted or has no column.
    """
    try:
        return _written(data, out)
    except Unreadable:
        raise
    except BaseException as error:
        # A panic of the library is no Exception; it costs this file alone.
        if isinstance(error, MemoryError | OSError) or not (
            isinstance(error, Exception) or type(error).__name__ == "PanicException"
        ):
            raise
        raise Unreadable(f"damaged Parquet file: {str(error)[:120]}") from error


def _written(data: bytes, out: TextOut) -> dict[str, Any]:
    from arro3.io import read_parquet

    reader = read_parquet(io.BytesIO(data))
    schema: Any = reader.schema
    columns = [(field.name, _type_of(str(field.type))) for field in schema]
    if not columns:
        raise Unreadable("it has no column")
    out.write("\t".join(name.translate(_BREAKS) for name, _ in columns) + "\n")
    rows = 0
    for batch in reader:
        fields = [[_field(value) for value in column.to_pylist()] for column in batch.columns]
        out.write("".join("\t".join(row) + "\n" for row in zip(*fields, strict=True)))
        rows += batch.num_rows
    return {"columns": [list(column) for column in columns[:_COLUMNS_TOLD]], "rows": rows}


def _type_of(arrow: str) -> str:
    named = arrow.removeprefix("arro3.core.DataType<").strip()
    if named.startswith("Dictionary(") and "Utf8" in named:
        return "text"
    return next((ours for theirs, ours in _TYPES if named.startswith(theirs)), "other")


def _field(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return value.translate(_BREAKS) or _EMPTY
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, bytes):
        return f"<{len(value)} bytes>"
    if isinstance(value, list | dict | tuple):
        return json.dumps(value, ensure_ascii=False, default=str).translate(_BREAKS)
    if hasattr(value, "isoformat"):
        return str(value.isoformat())
    return repr(value) if isinstance(value, float) else str(value)
