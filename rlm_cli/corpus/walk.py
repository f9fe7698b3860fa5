"""The walk: every file below the inputs in a fixed order, and every entry that is left out, with the reason.

Only names and stat results are read here, never contents. The order is that of names, folder by folder, so
that two walks of one tree can be merged without holding either.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from rlm_cli.base.text import one_line
from rlm_cli.corpus.inputs import Source
from rlm_cli.corpus.names import printable
from rlm_cli.corpus.options import ReadOptions
from rlm_cli.corpus.rules import IGNORE_FILES, Rules, rules_for


class Found(NamedTuple):
    """A file that may be read.

    Shape:   path is what people see (relative to its input); location is what the system opens, None
             for stdin; variable is that of the input.
    Units:   size_bytes and mtime_ns as stat gave them.
    """

    path: str
    location: str | None
    source: int
    size_bytes: int
    mtime_ns: int
    inode: int


@dataclass(frozen=True, slots=True)
class LeftOut:
    """An entry that is not read, and why. `is_rule` tells a choice (hidden, ignored) from a problem."""

    path: str
    why: str
    is_rule: bool


def walk(sources: Sequence[Source], options: ReadOptions) -> Iterator[Found | LeftOut]:
    """Every entry of every input, in a fixed order; a file below two inputs is found once."""
    inner = [f"{s.path}" for s in sources if any(o.is_folder and o.path in s.path.parents for o in sources)]
    seen: set[str] = set()
    for number, source in enumerate(sources):
        for entry in _walk_source(number, source, len(sources) > 1, options):
            if inner and isinstance(entry, Found) and entry.location is not None:
                if entry.location in seen:
                    continue
                if any(entry.location == path or entry.location.startswith(path + "/") for path in inner):
                    seen.add(entry.location)
            yield entry


def _walk_source(
    number: int, source: Source, is_prefixed: bool, options: ReadOptions
) -> Iterator[Found | LeftOut]:
    if source.data is not None:
        yield Found("stdin", None, number, len(source.data), 0, 0)
    elif source.is_folder:
        prefix = f"{source.variable}/" if is_prefixed else ""
        yield from _Folder(number, prefix, options).walk(str(source.path))
    else:
        name = printable(source.path.name)
        path = f"{source.variable}/{name}" if is_prefixed else name
        try:
            facts = source.path.stat()
        except OSError as error:
            yield LeftOut(path, _why(error), is_rule=False)
            return
        if not stat.S_ISREG(facts.st_mode):
            yield LeftOut(path, _kind_of_node(facts.st_mode), is_rule=False)
        else:
            yield _found(path, str(source.path), number, facts)


class _Folder:
    """One input folder being walked, without recursion of Python's own."""

    def __init__(self, number: int, prefix: str, options: ReadOptions) -> None:
        self.number = number
        self.prefix = prefix
        self.options = options

    def walk(self, root: str) -> Iterator[Found | LeftOut]:
        ancestors = {_identity(root)}
        start = _entries(root)
        if isinstance(start, str):
            yield LeftOut(self.prefix or ".", start, is_rule=False)
            return
        rules = rules_for(Path(root), self.options).here(root, _has_ignore_file(start))
        stack = [(iter(start), "", rules, _identity(root))]
        while stack:
            entries, below, rules, _ = stack[-1]
            entry = next(entries, None)
            if entry is None:
                ancestors.discard(stack.pop()[3])
                continue
            outcome = self._judge(entry, below, rules, ancestors)
            if isinstance(outcome, Found | LeftOut):
                yield outcome
                continue
            inner, why = self._enter(entry, below, rules)
            if inner is None:
                yield LeftOut(self.prefix + printable(below + entry.name) + "/", why, is_rule=False)
            else:
                ancestors.add(outcome)
                stack.append((*inner, outcome))

    def _enter(
        self, entry: os.DirEntry[str], below: str, rules: Rules
    ) -> tuple[tuple[Iterator[os.DirEntry[str]], str, Rules] | None, str]:
        entries = _entries(entry.path)
        if isinstance(entries, str):
            return None, entries
        inner = rules.below(entry.name, entry.path, _has_ignore_file(entries))
        return (iter(entries), f"{below}{entry.name}/", inner), ""

    def _judge(
        self, entry: os.DirEntry[str], below: str, rules: Rules, ancestors: set[tuple[int, int]]
    ) -> Found | LeftOut | tuple[int, int]:
        """A file found, an entry left out, or the identity of a folder to enter."""
        relative = below + entry.name
        path = self.prefix + printable(relative)
        follow = self.options.is_symlink_followed
        try:
            is_link = entry.is_symlink()
            facts = entry.stat(follow_symlinks=follow)
        except OSError as error:
            return LeftOut(path, "dangling symbolic link" if follow else _why(error), is_rule=False)
        is_folder = stat.S_ISDIR(facts.st_mode)
        why = rules.why_left_out(entry.name, relative, is_folder)
        if why is not None:
            return LeftOut(path + "/" if is_folder else path, why, is_rule=True)
        if is_link and not follow:
            return LeftOut(path, "symbolic link (--follow-symlinks reads it)", is_rule=True)
        if is_folder:
            identity = (facts.st_dev, facts.st_ino)
            return (
                LeftOut(path + "/", "symbolic link loop", is_rule=False)
                if identity in ancestors
                else identity
            )
        if not stat.S_ISREG(facts.st_mode):
            return LeftOut(path, _kind_of_node(facts.st_mode), is_rule=False)
        return _found(path, entry.path, self.number, facts)


def _found(path: str, location: str, number: int, facts: os.stat_result) -> Found:
    return Found(path, location, number, facts.st_size, facts.st_mtime_ns, facts.st_ino)


def _entries(folder: str) -> list[os.DirEntry[str]] | str:
    """The folder's entries by name, or the reason why it cannot be listed."""
    try:
        with os.scandir(folder) as listing:
            return sorted(listing, key=_name)
    except OSError as error:
        return _why(error)


def _name(entry: os.DirEntry[str]) -> str:
    return entry.name


def _has_ignore_file(entries: list[os.DirEntry[str]]) -> bool:
    return any(entry.name in IGNORE_FILES for entry in entries)


def _identity(folder: str) -> tuple[int, int]:
    facts = Path(folder).stat()
    return facts.st_dev, facts.st_ino


def _kind_of_node(mode: int) -> str:
    for test, name in (
        (stat.S_ISFIFO, "a named pipe, not a file"),
        (stat.S_ISSOCK, "a socket, not a file"),
        (stat.S_ISCHR, "a device, not a file"),
        (stat.S_ISBLK, "a device, not a file"),
        (stat.S_ISLNK, "symbolic link (--follow-symlinks reads it)"),
    ):
        if test(mode):
            return name
    return "not a regular file"


def _why(error: OSError) -> str:
    return one_line((error.strerror or str(error)).lower(), 200)
