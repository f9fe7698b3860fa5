"""Files with documents inside: which of them are open, what may still come out, how their members are named.

Bookkeeping alone: workers bring the members out, `reading.py` reads them.
"""

from __future__ import annotations

import os
from collections import deque
from dataclasses import dataclass, field

from rlm_cli.corpus.archive import unpacked_name
from rlm_cli.corpus.extract import Allowance, MemberAt
from rlm_cli.corpus.names import INSIDE, printable
from rlm_cli.corpus.options import ReadOptions
from rlm_cli.corpus.walk import Found

_FREE_BYTES = 1 << 28
_NAME_CHARACTERS = 1000


class Root:
    """A file on the disk that was opened, and what may still come out of it, however deep.

    Shape:   wanted is the path inside of it of the documents that are meant, empty for all of them.
    """

    def __init__(self, slot: int, found: Found, options: ReadOptions, wanted: str = "") -> None:
        self.slot = slot
        self.found = found
        self.wanted = wanted
        self.is_wanted_found = not wanted
        self._member_bytes = options.max_file_bytes or 1 << 62
        self._bytes = min(options.archive_bytes, max(_FREE_BYTES, options.archive_ratio * found.size_bytes))
        self._members = options.archive_members

    @property
    def allowance(self) -> Allowance:
        """What the next worker may bring out."""
        return Allowance(all_bytes=max(0, self._bytes), member_bytes=self._member_bytes)

    def leads(self, path: str) -> bool:
        """Whether a document is meant, or documents inside of it are."""
        inner = path[len(self.found.path) + len(INSIDE) :]
        return self.is_meant(path) or self.wanted.startswith(inner + INSIDE)

    def is_meant(self, path: str) -> bool:
        """Whether a document itself is meant, by its path."""
        inner = path[len(self.found.path) + len(INSIDE) :]
        below = (self.wanted + "/", self.wanted + INSIDE)
        return not self.wanted or inner == self.wanted or inner.startswith(below)

    def spend(self, member: MemberAt) -> bool:
        """Whether a member is within the allowance, which it then uses up."""
        self._bytes -= member.size_bytes
        self._members -= 1
        return self._bytes >= 0 and self._members >= 0


@dataclass(frozen=True, slots=True)
class Item:
    """A document to be read: its slot, what is known of it, and in which file it lies.

    Shape:   root is None for a file on the disk; depth counts the files around it.
    """

    slot: int
    found: Found
    root: Root | None = None
    depth: int = 0


@dataclass(slots=True)
class Opening:
    """A file whose members are being read: a spool with some of them, and the hint for the next ones.

    Shape:   source is a descriptor of the file itself, -1 where nothing more can come.
    """

    item: Item
    root: Root
    reader: str
    source: int
    start_byte: int
    size_bytes: int
    spool: int = -1
    members: deque[MemberAt] = field(default_factory=deque)
    more: str = ""
    names: set[str] = field(default_factory=set)

    def take(self, spool: int, members: list[MemberAt], more: str) -> None:
        """A worker has brought out more members."""
        self.close_spool()
        self.spool = os.dup(spool) if spool >= 0 else -1
        self.members.extend(members)
        self.more = more

    def end(self) -> None:
        """Take no more members."""
        self.members.clear()
        self.more = ""

    def close_spool(self) -> None:
        """Give the spool back."""
        if self.spool >= 0:
            os.close(self.spool)
        self.spool = -1

    def close(self) -> None:
        """Give everything back."""
        self.close_spool()
        if self.source >= 0:
            os.close(self.source)
        self.source = -1

    def found(self, member: MemberAt) -> Found:
        """A member as something to be read; its path is unique, relative, and fit to be shown."""
        outer, root = self.item.found, self.root.found
        name = self._name(member.name)
        path = outer.path + INSIDE + name
        return Found(path, None, outer.source, member.size_bytes, root.mtime_ns, root.inode)

    def _name(self, given: str) -> str:
        parts = [
            printable(part) for part in given.replace("\\", "/").split("/") if part not in ("", ".", "..")
        ]
        name = "/".join(parts)[:_NAME_CHARACTERS] or unpacked_name(self.item.found.path.rpartition("/")[2])
        stem, dot, suffix = name.rpartition(".")
        unique, number = name, 2
        while unique in self.names:
            unique = f"{stem} ({number}).{suffix}" if dot and "/" not in suffix else f"{name} ({number})"
            number += 1
        self.names.add(unique)
        return unique


def inner_path(found: Found) -> str:
    """The path of a member inside of the innermost file that holds it."""
    return found.path.rpartition(INSIDE)[2]
