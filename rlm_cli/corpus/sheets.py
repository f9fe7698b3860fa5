"""Workbooks (XLSX, XLSM, XLSB, XLS, ODS) to text: a line a row, cells parted by tabs. Runs in a worker.

The map: a part `sheet` for each sheet, then a part `row` wherever the rows of the sheet begin or go on after
a gap, so that the line and the column of any character give the address of its cell.
"""

from __future__ import annotations

import datetime
import io
from typing import Any

from rlm_cli.corpus.extract import TextOut
from rlm_cli.corpus.opening import Unreadable
from rlm_cli.corpus.places import column_letters

_BREAKS = str.maketrans({"\t": " ", "\n": " ", "\r": " ", "\v": " ", "\f": " "})


def extract(data: bytes, out: TextOut, hint: str) -> dict[str, Any]:
    """Write every sheet: its name as a heading, then its rows; empty rows are left out.

    Shape:   numbers as they are stored, dates as ISO 8601, a formula as its last value.
    Errors:  Unreadable when the workbook is damaged, locked or empty.
    """
    from python_calamine import CalamineError, CalamineWorkbook

    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(data))
        names = list(book.sheet_names)
        rows = sum(_write(book.get_sheet_by_name(name), name, n, out) for n, name in enumerate(names, 1))
    except CalamineError as error:
        told = str(error)[:120] or type(error).__name__
        is_locked = type(error).__name__ == "PasswordError" or "password" in told.lower()
        raise Unreadable(
            "encrypted: it needs a password" if is_locked else f"damaged workbook: {told}"
        ) from error
    if not rows:
        raise Unreadable("no cell has a value")
    return {"sheets": names[:1000], "rows": rows}


def _write(sheet: Any, name: str, number: int, out: TextOut) -> int:
    """How many rows of a sheet were written."""
    first_row, first_column = sheet.start or (0, 0)
    out.part("sheet", number, name)
    out.write(f"# {name.translate(_BREAKS)}\n")
    written, is_gap = 0, True
    for row, cells in enumerate(sheet.to_python(skip_empty_area=True), first_row + 1):
        line = "\t".join(map(_cell, cells)).rstrip("\t")
        if not line:
            is_gap = True
            continue
        if is_gap:
            out.part("row", row, f"{column_letters(first_column + 1)}{row}")
            is_gap = False
        out.write(line + "\n")
        written += 1
    out.write("\n")
    return written


def _cell(value: Any) -> str:
    if isinstance(value, str):
        return value.translate(_BREAKS)
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    if isinstance(value, datetime.datetime) and value.time() == datetime.time():
        return value.date().isoformat()
    if isinstance(value, datetime.datetime | datetime.date | datetime.time):
        return value.isoformat()
    return str(value)
