"""Jupyter notebooks to text: one part a cell, code fenced, text outputs below it. Runs in a worker."""

from __future__ import annotations

import json
from typing import Any

from rlm_cli.corpus.extract import TextOut
from rlm_cli.corpus.opening import Unreadable

_OUTPUT_CHARACTERS = 20_000


def extract(data: bytes, out: TextOut, hint: str) -> dict[str, Any]:
    """Write the cells in order.

    Errors:  Unreadable when it is not a notebook.
    """
    try:
        notebook = json.loads(data)
        cells = notebook.get("cells") or [c for sheet in notebook["worksheets"] for c in sheet["cells"]]
        language = str(notebook.get("metadata", {}).get("kernelspec", {}).get("language", "python"))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise Unreadable(f"not a notebook: {str(error)[:120]}") from error
    for number, cell in enumerate((c for c in cells if isinstance(c, dict)), 1):
        kind = str(cell.get("cell_type", "raw"))
        source = _joined(cell.get("source", cell.get("input", "")))
        out.part("cell", number, kind)
        out.write(f"```{language}\n{source}\n```\n" if kind == "code" else source + "\n")
        for output in cell.get("outputs") or []:
            text = _output(output)
            if text:
                out.write(f"[output]\n{text[:_OUTPUT_CHARACTERS].rstrip()}\n")
        out.write("\n")
    if not out.visible:
        raise Unreadable("no text in it")
    return {"cells": len(cells), "language": language}


def _output(output: Any) -> str:
    if not isinstance(output, dict):
        return ""
    if "data" in output:
        return _joined((output["data"] or {}).get("text/plain", ""))
    if "traceback" in output:
        return f"{output.get('ename', '')}: {output.get('evalue', '')}"
    return _joined(output.get("text", ""))


def _joined(value: Any) -> str:
    return "".join(str(piece) for piece in value) if isinstance(value, list) else str(value or "")
