"""What the stores of all corpora take on the disk, and how they are removed: an inventory of the cache."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from rlm_cli.corpus.store import Store, is_held, size_of


@dataclass(frozen=True, slots=True)
class Kept:
    """The store of one corpus.

    Units:   size_bytes on the disk, index_bytes of them for ranked search; used_at is seconds since 1970.
    Shape:   inputs are the paths it was read from; empty when it was never finished, or is of a cell.
    """

    folder: Path
    size_bytes: int
    used_at: float
    documents: int
    inputs: list[str]
    is_held: bool
    index_bytes: int = 0


def stores_folder(cache_dir: Path) -> Path:
    """Where the stores are."""
    return cache_dir / "corpora"


def kept(cache_dir: Path) -> list[Kept]:
    """All stores, the one that was used last first."""
    root = stores_folder(cache_dir)
    if not root.is_dir():
        return []
    found = [_kept(folder) for folder in root.iterdir() if folder.is_dir() and not folder.is_symlink()]
    return sorted(found, key=lambda each: (-each.used_at, each.folder.name))


def clear(cache_dir: Path) -> tuple[list[Kept], list[Kept]]:
    """Remove every store that nobody uses; those that were removed, and those that are in use."""
    removed, left = [], []
    for each in kept(cache_dir):
        if each.is_held:
            left.append(each)
        else:
            shutil.rmtree(each.folder, ignore_errors=True)
            removed.append(each)
    return removed, left


def index_bytes(folder: Path) -> int:
    """What the index for ranked search takes of a store."""
    return size_of(folder / "index")


def _kept(folder: Path) -> Kept:
    used_at, size_bytes = folder.stat().st_mtime, size_of(folder)
    in_use = is_held(folder)
    snapshot = Store.existing(folder).latest()
    facts = snapshot.generation.facts if snapshot else {}
    inputs = [source["path"] or source["given"] for source in facts.get("sources", [])]
    return Kept(folder, size_bytes, used_at, facts.get("documents", 0), inputs, in_use, index_bytes(folder))
