"""What earlier generations know, asked file by file in the order of the walk, without holding their lists."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial

from rlm_cli.corpus.generation import Generation
from rlm_cli.corpus.kinds import CONTAINER_VERSIONS, reader_versions
from rlm_cli.corpus.layout import FLAG_MEMBER, Record, Skip, Text
from rlm_cli.corpus.walk import Found

Key = tuple[int, list[str]]


def content_key(digest: bytes, reader: int) -> bytes:
    """Under which a stored text can be found again: the content and who read it."""
    return digest + reader.to_bytes(2, "little")


@dataclass(frozen=True, slots=True)
class Member:
    """What is known of a document inside of a file: its path, its size there, its text or why it has none."""

    path: str
    size_bytes: int
    value: Text | Skip


@dataclass(slots=True)
class Recalled:
    """What is known of an unchanged file: its own text or skip, None when only its members are known."""

    value: Text | Skip | None = None
    members: list[Member] = field(default_factory=list)


class Memory:
    """The generations of earlier runs, the one to be trusted most first."""

    def __init__(self, generations: list[Generation]) -> None:
        self._generations = generations
        self._books = [(_Cursor(_records(g)), _Cursor(_skips(g))) for g in generations]
        self._contents: dict[bytes, tuple[int, Record]] | None = None

    def unchanged(self, found: Found) -> Recalled | None:
        """What is known of a file whose size, time and inode are as they were; None when nothing is."""
        answer: Recalled | None = None
        for cursors in self._books:
            own = [cursor.find(found) for cursor in cursors]
            members = [member for cursor in cursors for member in cursor.members(found)]
            values = [known.value() for known in own if known is not None and known.is_same(found)]
            if answer is None and values:
                answer = Recalled(values[0], members)
        return answer

    def of_content(self, key: bytes) -> Text | None:
        """The stored text of a content, by digest and reader."""
        if self._contents is None:
            self._contents = {
                content_key(record.digest, record.reader): (number, record)
                for number, generation in enumerate(self._generations)
                for record in generation.records()
            }
        at = self._contents.get(key)
        return self._generations[at[0]].text_of(at[1]) if at else None


@dataclass(frozen=True, slots=True)
class _Known:
    source: int
    path: str
    size_bytes: int
    mtime_ns: int
    inode: int
    is_member: bool
    value: Callable[[], Text | Skip]

    def is_same(self, found: Found) -> bool:
        mask = (1 << 64) - 1
        return self.mtime_ns != 0 and (self.size_bytes, self.mtime_ns, self.inode) == (
            found.size_bytes,
            found.mtime_ns & mask,
            found.inode & mask,
        )

    def is_inside(self, found: Found) -> bool:
        return self.is_member and self.source == found.source and self.path.startswith(found.path + "!/")


class _Cursor:
    """Walks an ordered list once, along with a walk that is ordered in the same way."""

    def __init__(self, items: Iterator[_Known]) -> None:
        self._items = items
        self._here = next(items, None)

    def find(self, found: Found) -> _Known | None:
        """The file itself; everything before it, and before its members, is passed over."""
        key = _key(found.source, found.path)
        here = self._here
        while here is not None and not here.is_inside(found):
            if not here.is_member:
                order = _key(here.source, here.path)
                if order == key:
                    self._here = next(self._items, None)
                    return here
                if order > key:
                    break
            here = next(self._items, None)
        self._here = here
        return None

    def members(self, found: Found) -> Iterator[Member]:
        """The members of the file that was asked for last."""
        while self._here is not None and self._here.is_inside(found):
            yield Member(self._here.path, self._here.size_bytes, self._here.value())
            self._here = next(self._items, None)


def _key(source: int, path: str) -> Key:
    """Where a path stands in the order of the walk."""
    return source, path.split("/")


def _records(generation: Generation) -> Iterator[_Known]:
    versions = set(reader_versions())
    is_current = generation.facts.get("readers") == list(reader_versions())
    for record in generation.records():
        is_member = bool(record.flags & FLAG_MEMBER)
        has_members = is_member or record.reader in CONTAINER_VERSIONS
        if is_current if has_members else record.reader in versions:
            yield _Known(
                record.source,
                generation.path_of(record),
                record.disk_bytes,
                record.mtime_ns,
                record.inode,
                is_member,
                partial(generation.text_of, record),
            )


def _skips(generation: Generation) -> Iterator[_Known]:
    if generation.facts.get("readers") != list(reader_versions()):
        return
    for skip in generation.skips():
        if not skip.is_rule or skip.is_member:
            identity = (skip.disk_bytes, skip.mtime_ns, skip.inode)
            yield _Known(skip.source, skip.path, *identity, skip.is_member, partial(_itself, skip))


def _itself(skip: Skip) -> Skip:
    return skip
