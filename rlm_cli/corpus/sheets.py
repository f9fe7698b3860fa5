"""Workbooks (XLSX, XLSM, XLSB, XLS, ODS) to text: a line a row, cells parted by tabs. Runs in a worker.

The map: a part `sheet` for each sheet, then a part `row` wherever the rows of the sheet begin or go on after
a gap, so that the line and the column of any character give the address of its cell.
"""

from __future__ import annotations

import datetime
import io
import re
from typing import Any

from rlm_cli.corpus.extract import TextOut
from rlm_cli.corpus.opening import Unreadable
from rlm_cli.corpus.places import column_letters

_ROWS_AT_ONCE = 500
_ENDS = re.compile(r"[\n\r\v\f]")
_BREAKS = str.maketrans({"\t": " ", "\n": " ", "\r": " ", "\v": " ", "\f": " "})


def extract(data: bytes, out: TextOut, hint: str) -> dict[str, Any]:
    """Write every sheet: its name as a heading, then its rows; empty rows are left out.

    Shape:   numbers as they are stored, dates as ISO 8601, a formula as its last value.
    Errors:  Unreadable when the workbook is damaged, locked or empty.
    """
    from python_calamine import CalamineError, CalamineWorkbook, SheetVisibleEnum

    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(data))
        sheets = [(each.name, each.visible is not SheetVisibleEnum.Visible) for each in book.sheets_metadata]
        rows = 0
        for number, (name, is_hidden) in enumerate(sheets, 1):
            out.part("sheet", number, name)
            out.write(f"# {name.translate(_BREAKS)}{' (hidden sheet)' if is_hidden else ''}\n")
            rows += _write(book.get_sheet_by_name(name), out)
    except CalamineError as error:
        told = str(error)[:120] or type(error).__name__
        is_locked = type(error).__name__ == "PasswordError" or "password" in told.lower()
        raise Unreadable(
            "encrypted: it needs a password" if is_locked else f"damaged workbook: {told}"
        ) from error
    if not rows:
        raise Unreadable("no cell has a value")
    hidden = [name for name, is_hidden in sheets if is_hidden]
    more = {"hidden_sheets": hidden[:1000]} if hidden else {}
    return {"sheets": [name for name, _ in sheets][:1000], "rows": rows, **more}


def _write(sheet: Any, out: TextOut) -> int:
    """How many rows of a sheet were written."""
    _, first_column = sheet.start or (0, 0)
    letters = column_letters(first_column + 1)
    written, is_gap = 0, True
    lines: list[str] = []
    for row, cells in enumerate(sheet.iter_rows(), 1):
        line = _line(cells)
        if not line:
            is_gap = True
            continue
        if is_gap:
            out.write("".join(lines))
            lines.clear()
            out.part("row", row, f"{letters}{row}")
            is_gap = False
        lines.append(line + "\n")
        written += 1
        if len(lines) >= _ROWS_AT_ONCE:
            out.write("".join(lines))
            lines.clear()
    out.write("".join(lines) + "\n")
    return written


def _line(cells: list[Any]) -> str:
    """A row as a line. A cell's own tabs and line ends are spaces, so that every tab parts two cells."""
    values = [value if type(value) is str else _cell(value) for value in cells]
    line = "\t".join(values)
    if line.count("\t") >= len(values) or _ENDS.search(line):
        line = "\t".join([value.translate(_BREAKS) for value in values])
    return line.rstrip("\t")


def _cell(value: Any) -> str:
    kind = type(value)
    if kind is float:
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    if kind is bool:
        return "TRUE" if value else "FALSE"
    if kind is datetime.datetime and value.time() == datetime.time():
        return str(value.date().isoformat())
    if kind in (datetime.datetime, datetime.date, datetime.time):
        return str(value.isoformat())
    return str(value)
