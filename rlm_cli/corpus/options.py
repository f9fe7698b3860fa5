"""What the user may decide about reading: which files count, how large they may be, what a parser may use.

Values only; where they come from (flags, settings) is not known here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

GIB = 1 << 30


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """Which files are read, and how much a parser of a foreign format may use.

    Units:   max_file_bytes as on disk, None for no bound; document_seconds and worker_memory_bytes bound
             one document in one worker; workers None means one a core; cache_bytes bounds all stores.
             is_ocr reads pages that are images, for at most ocr_seconds a document;
             archive_bytes, archive_ratio (times its size, beyond 256 MB), archive_members and archive_depth
             bound what may come out of one file, all that is nested in it together.
    Shape:   include and exclude are globs as in `.gitignore`, relative to each input folder; an empty
             include takes everything.
    """

    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    is_hidden_read: bool = False
    is_ignore_respected: bool = True
    is_symlink_followed: bool = False
    max_file_bytes: int | None = 2 * GIB
    document_seconds: float = 60.0
    worker_memory_bytes: int = 2 * GIB
    workers: int | None = None
    cache_bytes: int = 20 * GIB
    is_ocr: bool = False
    ocr_seconds: float = 1800.0
    archive_bytes: int = 16 * GIB
    archive_ratio: int = 250
    archive_members: int = 1_000_000
    archive_depth: int = 4

    def identity(self) -> tuple[object, ...]:
        """The part of the options that decides which documents there are, for the store's key."""
        return (
            self.include,
            self.exclude,
            self.is_hidden_read,
            self.is_ignore_respected,
            self.is_symlink_followed,
            self.max_file_bytes,
            *(("ocr",) if self.is_ocr else ()),
            (self.archive_bytes, self.archive_ratio, self.archive_members, self.archive_depth),
        )

    def recorded(self) -> dict[str, Any]:
        """The choices of files as plain values, for the record; `options_from` reads them again."""
        return {
            "include": list(self.include),
            "exclude": list(self.exclude),
            "hidden": self.is_hidden_read,
            "ignore_files": self.is_ignore_respected,
            "follow_symlinks": self.is_symlink_followed,
            "max_file_bytes": self.max_file_bytes,
            **({"ocr": True} if self.is_ocr else {}),
        }


def options_from(recorded: Mapping[str, Any]) -> ReadOptions:
    """The options that a record tells; what it does not tell is as usual."""
    usual = ReadOptions()
    return ReadOptions(
        include=tuple(recorded.get("include", usual.include)),
        exclude=tuple(recorded.get("exclude", usual.exclude)),
        is_hidden_read=bool(recorded.get("hidden", usual.is_hidden_read)),
        is_ignore_respected=bool(recorded.get("ignore_files", usual.is_ignore_respected)),
        is_symlink_followed=bool(recorded.get("follow_symlinks", usual.is_symlink_followed)),
        max_file_bytes=recorded.get("max_file_bytes", usual.max_file_bytes),
        is_ocr=bool(recorded.get("ocr", usual.is_ocr)),
    )
