"""The definitions of cells: imports, functions and classes, remembered so that a fresh kernel can have them.

A definition is a statement at the top of a cell that can be run again without harm; what else a cell did is
never repeated. It knows code, not values: those are for `checkpoint`.
"""

from __future__ import annotations

import ast
import linecache
import types
from collections.abc import Callable, Iterator
from typing import Any

_KEPT_CHARACTERS = 2_000_000
_DEFINED = (types.FunctionType, type, types.ModuleType)

Saved = list[tuple[int, str, list[int]]]
"""(cell, its code, which of its statements): what is needed to run the definitions again."""


class Definitions:
    """What cells have defined, the last definition of each name.

    Shape:   `transform` turns what a model writes (with `%magic` lines) into Python; `listed` is told the
             code of each cell whose definitions are run again, and gives its file name.
    """

    def __init__(self, transform: Callable[[str], str], listed: Callable[[int, str], str]) -> None:
        self._transform = transform
        self._listed = listed
        self._codes: dict[int, str] = {}
        self._places: dict[str, tuple[int, int]] = {}

    def ran(self, cell: int, code: str) -> None:
        """A cell has run, as far as it came."""
        found = False
        for index, statement in enumerate(_statements(self._transform, code)):
            for name in bound_by(statement):
                self._places[name] = (cell, index)
                found = True
        if found:
            self._codes[cell] = code
        self._forget_what_is_hidden()

    def live(self, namespace: dict[str, Any]) -> tuple[Saved, set[str]]:
        """The definitions that still stand, in the order of their cells, and the names that they give."""
        wanted: dict[int, set[int]] = {}
        names = set()
        left = _KEPT_CHARACTERS
        for name, (cell, index) in self._places.items():
            if not (name.startswith("*") or isinstance(namespace.get(name), _DEFINED)):
                continue
            if cell not in wanted:
                left -= len(self._codes[cell])
            if left >= 0:
                wanted.setdefault(cell, set()).add(index)
                names.add(name)
        return [(cell, self._codes[cell], sorted(wanted[cell])) for cell in sorted(wanted)], names

    def again(self, saved: Saved) -> list[Definition]:
        """The definitions of another kernel, ready to be run in this one, and remembered as its own."""
        found = []
        for cell, code, indices in saved:
            statements = _statements(self._transform, code)
            file = self._listed(cell, code)
            linecache.cache[file] = (len(code), None, code.splitlines(keepends=True), file)
            self._codes[cell] = code
            for index in indices:
                if index < len(statements):
                    names = list(bound_by(statements[index]))
                    self._places.update(dict.fromkeys(names, (cell, index)))
                    found.append(Definition(statements[index], file, names))
        return found

    def _forget_what_is_hidden(self) -> None:
        used = {cell for cell, _ in self._places.values()}
        for cell in [each for each in self._codes if each not in used]:
            del self._codes[cell]


class Definition:
    """One statement that defines; `names` are those that it gives."""

    def __init__(self, statement: ast.stmt, file: str, names: list[str]) -> None:
        self.names = names
        self._statement = statement
        self._file = file

    def run(self, namespace: dict[str, Any]) -> None:
        """Define it in a namespace.

        Errors:  whatever the statement raises.
        """
        module = ast.Module([self._statement], [])
        exec(compile(module, self._file, "exec"), namespace)


def bound_by(statement: ast.stmt) -> Iterator[str]:
    """The names that a statement defines; none when it is no definition. `from m import *` gives `*m`."""
    match statement:
        case ast.Import(names=aliases):
            yield from (alias.asname or alias.name.partition(".")[0] for alias in aliases)
        case ast.ImportFrom(names=aliases, module=module):
            yield from (
                f"*{module}" if alias.name == "*" else alias.asname or alias.name for alias in aliases
            )
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            yield name
        case ast.Assign(targets=[ast.Name(id=name)], value=ast.Lambda()):
            yield name
        case ast.Try(body=body, handlers=handlers) if all(any(True for _ in bound_by(each)) for each in body):
            yield from (name for each in body for name in bound_by(each))
            yield from (name for handler in handlers for each in handler.body for name in bound_by(each))


def _statements(transform: Callable[[str], str], code: str) -> list[ast.stmt]:
    try:
        return ast.parse(transform(code)).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []
