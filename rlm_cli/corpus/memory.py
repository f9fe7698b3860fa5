"""What earlier generations know, asked file by file in the order of the walk, without holding their lists."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial

from rlm_cli.corpus.generation import Generation
from rlm_cli.corpus.kinds import CONTAINER_VERSIONS, reader_versions
from rlm_cli.corpus.layout import FLAG_MEMBER, Record, Skip, Text
from rlm_cli.corpus.names import INSIDE
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
    root: str
    value: Callable[[], Text | Skip]

    @property
    def is_member(self) -> bool:
        return self.root != self.path

    @property
    def key(self) -> Key:
        return _key(self.source, self.root)

    def is_same(self, found: Found) -> bool:
        mask = (1 << 64) - 1
        return self.mtime_ns != 0 and (self.size_bytes, self.mtime_ns, self.inode) == (
            found.size_bytes,
            found.mtime_ns & mask,
            found.inode & mask,
        )

    def is_inside(self, found: Found) -> bool:
        return self.is_member and (self.source, self.root) == (found.source, found.path)


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
            order = here.key
            if order > key:
                break
            following = next(self._items, None)
            if order == key:
                self._here = following
                return here
            here = following
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
    roots = _Roots(generation)
    is_current = generation.facts.get("readers") == list(reader_versions())
    for record in generation.records():
        is_member = bool(record.flags & FLAG_MEMBER)
        has_members = is_member or record.reader in CONTAINER_VERSIONS
        path = generation.path_of(record)
        if is_current if has_members else record.reader in versions:
            yield _Known(
                record.source,
                path,
                record.disk_bytes,
                record.mtime_ns,
                record.inode,
                roots.of(record.source, path, record.inode) if is_member else path,
                partial(generation.text_of, record),
            )


def _skips(generation: Generation) -> Iterator[_Known]:
    if generation.facts.get("readers") != list(reader_versions()):
        return
    roots = _Roots(generation)
    for skip in generation.skips():
        if not skip.is_rule or skip.is_member:
            root = roots.of(skip.source, skip.path, skip.inode) if skip.is_member else skip.path
            identity = (skip.disk_bytes, skip.mtime_ns, skip.inode)
            yield _Known(skip.source, skip.path, *identity, root, partial(_itself, skip))


class _Roots:
    """The files on the disk that were opened, by which a member is told to belong to one of them."""

    def __init__(self, generation: Generation) -> None:
        self._generation = generation
        self._inodes: dict[tuple[int, str], int] | None = None

    def of(self, source: int, path: str, inode: int) -> str:
        """The path of the file in which a member lies; a folder may be called `a!` as well."""
        if self._inodes is None:
            self._inodes = dict(self._all())
        at = path.find(INSIDE)
        while at >= 0:
            if self._inodes.get((source, path[:at])) == inode:
                return path[:at]
            at = path.find(INSIDE, at + 1)
        return path.partition(INSIDE)[0]

    def _all(self) -> Iterator[tuple[tuple[int, str], int]]:
        for skip in self._generation.skips():
            if skip.is_opened and not skip.is_member:
                yield (skip.source, skip.path), skip.inode
        for record in self._generation.records():
            if record.reader in CONTAINER_VERSIONS and not record.flags & FLAG_MEMBER:
                yield (record.source, self._generation.path_of(record)), record.inode


def _itself(skip: Skip) -> Skip:
    return skip
