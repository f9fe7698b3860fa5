"""A session as a notebook that runs: its cells over the documents as they are, its replies from the record.

The replies travel inside the notebook, packed; no model is asked when it is run.
"""

from __future__ import annotations

import base64
import textwrap
import zlib
from importlib import resources
from typing import Any

import msgspec

from rlm_cli.faces.export.story import Cell, Story

_WIDTH = 76


def to_notebook(story: Story, folders: list[tuple[str, str]]) -> bytes:
    """The notebook, as nbformat 4.5.

    Shape:   folders are the inputs of the run: the variable of each, and its path.
    """
    cells = [_markdown(_opening(story)), _code(_setup(story, folders), "setup")]
    turns = {turn.cell: turn for turn in story.turns if turn.cell}
    for cell in story.cells:
        if cell.run != "root":
            continue
        turn = turns.get(cell.span)
        head = f"### Turn {turn.number}" if turn else f"### Cell {cell.number}, run by the user"
        prose = f"\n\n{turn.prose}" if turn is not None and turn.prose else ""
        cells.append(_markdown(head + prose))
        cells.append(_code(_runnable(cell), f"cell-{cell.number}", cell))
    cells.append(_markdown("## The answer as it was recorded\n\n" + (story.answer or "There was none.")))
    notebook = {
        "cells": [{**cell, "id": f"rlm-{number}"} for number, cell in enumerate(cells)],
        "metadata": {
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
        },
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    return msgspec.json.format(msgspec.json.encode(notebook), indent=1)


def _opening(story: Story) -> str:
    facts = story.facts
    removed = "; ".join(story.removed) or "no secret was found"
    return (
        f"# {facts.title}\n\n{facts.question if facts.question != facts.title else ''}\n\n"
        f"Session {facts.session}. {facts.ending}. {facts.coverage}.\n\n"
        "The next cell opens the documents and the recorded replies of the sub-models; the others are the "
        "cells of the session. It needs `pip install rlm-terminal` and the documents. No model is asked. "
        "**A model wrote the cells, and here they run without the sandbox of `rlm`: read them first.**\n\n"
        f"Removed from this export: {removed}."
    )


def _setup(story: Story, folders: list[tuple[str, str]]) -> str:
    own = {cell.span for cell in story.cells if cell.run == "root"}
    replies = [
        {"op": call.op, "key": call.key, "text": call.text, "problem": call.problem}
        for call in story.calls
        if call.cell in own
    ]
    packed = base64.b64encode(zlib.compress(msgspec.json.encode(replies), 9)).decode("ascii")
    code = resources.files(__package__).joinpath("notebook_setup.py.txt").read_text("utf-8")
    lines = "\n".join(f'    "{line}"' for line in textwrap.wrap(packed, _WIDTH)) or '    ""'
    return code.replace("__INPUTS__", repr([path for _, path in folders])).replace("__REPLIES__", lines)


def _runnable(cell: Cell) -> str:
    """The code of a cell, as it was; one that had failed is marked, for it may fail again."""
    note = "" if cell.status == "ok" else f"# this cell ended with: {cell.status} {cell.problem}".rstrip()
    return f"{note}\n{cell.code}" if note else cell.code


def _markdown(text: str) -> dict[str, Any]:
    return {"cell_type": "markdown", "metadata": {}, "source": text.splitlines(keepends=True)}


def _code(text: str, tag: str, cell: Cell | None = None) -> dict[str, Any]:
    outputs: list[dict[str, Any]] = []
    if cell is not None and cell.output:
        outputs = [{"output_type": "stream", "name": "stdout", "text": cell.output.splitlines(keepends=True)}]
    metadata = {"tags": [tag, *(["raises-exception"] if cell is not None and cell.status != "ok" else [])]}
    return {
        "cell_type": "code",
        "execution_count": None,
        "metadata": metadata,
        "outputs": outputs,
        "source": text.splitlines(keepends=True),
    }
