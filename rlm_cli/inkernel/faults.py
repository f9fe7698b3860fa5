"""An exception of a cell as a few useful lines: what, where in the cell, which names are near.

Frames of libraries are left out, except the innermost. It knows the sources of cells, never what a cell
is for.
"""

from __future__ import annotations

import ast
import builtins
import difflib
import types
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_MESSAGE_CHARACTERS = 2_000
_FRAMES = 4
_OURS = str(Path(__file__).parent)


@dataclass(frozen=True)
class Fault:
    """A failure of a cell: `line` counts from 1 in the cell that was running; `text` is for the model."""

    kind: str
    message: str
    line: int | None
    text: str


@dataclass(frozen=True)
class _Place:
    """One frame of the traceback."""

    file: str
    line: int
    function: str
    frame: types.FrameType
    columns: tuple[int, int] | None


class Sources:
    """The code of every cell, by the file name that its frames carry."""

    def __init__(self) -> None:
        self._lines: dict[str, list[str]] = {}

    def add(self, cell: int, code: str) -> str:
        """Remember a cell's code; returns its file name, such as `<cell 3>`."""
        name = f"<cell {cell}>"
        self._lines[name] = code.splitlines()
        return name

    def knows(self, file: str) -> bool:
        """Whether a file name is that of a cell."""
        return file in self._lines

    def line(self, file: str, number: int) -> str:
        """One line of a cell, without its indentation."""
        lines = self._lines.get(file, [])
        return lines[number - 1].strip()[:160] if 0 < number <= len(lines) else ""


def describe(error: BaseException, running: str, sources: Sources, namespace: Mapping[str, Any]) -> Fault:
    """The fault that an exception is.

    Shape:   `running` is the file name of the cell that ran; `namespace` holds the names of cells.
    """
    if isinstance(error, SyntaxError) and (error.filename is None or sources.knows(error.filename)):
        return _syntax(error, running, sources)
    places = _places(error.__traceback__)
    ours = [place for place in places if sources.knows(place.file)]
    line = next((place.line for place in ours if place.file == running), None)
    kind, message = _kind_and_message(error)
    lines = [_at(place, running, sources) for place in ours[-_FRAMES:]]
    lines += _inside_library(places, ours)
    lines.append(f"{kind}: {message}" if message else kind)
    hint = _hint(error, ours[-1] if ours else None, namespace)
    lines += [hint] if hint else []
    lines += _causes(error)
    told = ". ".join(filter(None, [message.rstrip("."), hint]))
    return Fault(kind, told, line, "\n".join(lines) + "\n")


def _kind_and_message(error: BaseException) -> tuple[str, str]:
    """The class and message, short; cancelling a cell that awaits is an interrupt."""
    kind = type(error).__name__
    if kind == "CancelledError":
        return "KeyboardInterrupt", ""
    try:
        is_sentence = isinstance(error, KeyError) and len(error.args) == 1 and " " in str(error.args[0])
        message = str(error.args[0]) if is_sentence else str(error)
    except Exception:  # noqa: BLE001 - the class of the exception is the cell's own
        message = "(its message cannot be shown)"
    if len(message) > _MESSAGE_CHARACTERS:
        message = f"{message[:_MESSAGE_CHARACTERS]}… ({len(message):,} characters)"
    return kind, message


def _syntax(error: SyntaxError, running: str, sources: Sources) -> Fault:
    kind, message, line = type(error).__name__, error.msg, error.lineno or 0
    source = sources.line(running, line)
    shown = [f"line {line}: {source}" if source else f"line {line}"]
    text = (error.text or "").rstrip("\n")
    if source and error.offset and text.strip().startswith(source[:40]):
        column = error.offset - 1 - (len(text) - len(text.lstrip()))
        shown.append(" " * (len(f"line {line}: ") + max(column, 0)) + "^")
    shown.append(f"{kind}: {message}")
    return Fault(kind, message, line or None, "\n".join(shown) + "\n")


def _places(trace: types.TracebackType | None) -> list[_Place]:
    places = []
    while trace is not None:
        code = trace.tb_frame.f_code
        columns = None
        positions = list(code.co_positions())
        if 0 <= trace.tb_lasti // 2 < len(positions):
            first, last, start, end = positions[trace.tb_lasti // 2]
            if first == last and start is not None and end is not None:
                columns = (start, end)
        places.append(_Place(code.co_filename, trace.tb_lineno, code.co_name, trace.tb_frame, columns))
        trace = trace.tb_next
    return places


def _at(place: _Place, running: str, sources: Sources) -> str:
    where = f"line {place.line}" if place.file == running else f"{place.file[1:-1]}, line {place.line}"
    function = "" if place.function == "<module>" else f" in {place.function}"
    return f"{where}{function}: {sources.line(place.file, place.line)}"


def _inside_library(places: list[_Place], ours: list[_Place]) -> list[str]:
    """The innermost frame, when it is in a library that is not ours."""
    if not places or not ours or places[-1] is ours[-1] or places[-1].file.startswith(_OURS):
        return []
    last = places[-1]
    return [f"  inside {'/'.join(Path(last.file).parts[-2:])}, line {last.line}, in {last.function}"]


def _causes(error: BaseException) -> list[str]:
    lines = []
    if isinstance(error, BaseExceptionGroup):
        lines += ["  with {}: {}".format(*_kind_and_message(each)) for each in error.exceptions[:3]]
    cause = error.__cause__
    if cause is not None:
        lines.append("caused by {}: {}".format(*_kind_and_message(cause)))
    return lines


def _hint(error: BaseException, place: _Place | None, namespace: Mapping[str, Any]) -> str:
    near: list[str] = []
    if isinstance(error, ModuleNotFoundError):
        return "Only the standard library and what is installed here can be imported; there is no network."
    if isinstance(error, NameError) and error.name:
        near = _near(error.name, [*namespace, *dir(builtins), *(place.frame.f_locals if place else ())])
    elif isinstance(error, AttributeError) and error.name:
        near = _near(error.name, dir(error.obj))
    elif type(error) is KeyError and error.args and place is not None:
        near = _near_keys(error.args[0], place)
    elif isinstance(error, SystemExit):
        return "A cell cannot end the kernel. To finish, set answer['ready'] = True."
    elif isinstance(error, RuntimeError) and "running event loop" in str(error):
        return "Cells run in an event loop already: write `await main()` instead of `asyncio.run(main())`."
    if near:
        return "Near names: " + ", ".join(near)
    return ""


def _near(name: str, candidates: Iterable[str]) -> list[str]:
    is_public = [each for each in set(candidates) if not each.startswith("_") or name.startswith("_")]
    return difflib.get_close_matches(name, sorted(is_public), n=3, cutoff=0.6)


def _near_keys(key: Any, place: _Place) -> list[str]:
    """Keys near to the one that is missing, when the cell says `name[...]` of a plain dict."""
    subject = _subscripted(place)
    if type(subject) is not dict or not subject:
        return []
    shown = [each for each, _ in zip(subject, range(10_000), strict=False) if isinstance(each, str)]
    near = difflib.get_close_matches(str(key), shown, n=3, cutoff=0.6) or shown[:5]
    return [repr(each) for each in near]


def _subscripted(place: _Place) -> Any:
    """The object that the failing expression takes an item of, when it is a plain variable."""
    import linecache

    if place.columns is None:
        return None
    line = linecache.getline(place.file, place.line).encode()
    try:
        tree = ast.parse(line[slice(*place.columns)].decode("utf-8", "replace"), mode="eval").body
    except (SyntaxError, ValueError):
        return None
    if not (isinstance(tree, ast.Subscript) and isinstance(tree.value, ast.Name)):
        return None
    name = tree.value.id
    return place.frame.f_locals.get(name, place.frame.f_globals.get(name))
