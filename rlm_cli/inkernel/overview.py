"""A corpus at a glance: the tree of folders and documents, as lines of text.

The same drawing as `rlm_cli/corpus/overview.py` makes for messages; a test holds them equal.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field


@dataclass(slots=True)
class _Folder:
    name: str
    documents: int = 0
    characters: int = 0
    folders: dict[str, _Folder] = field(default_factory=dict)
    files: list[tuple[str, int]] = field(default_factory=list)
    is_open: bool = False


def counted(number: int, noun: str) -> str:
    """`1 document`, `1,204 documents`."""
    return f"{number:,} {noun if number == 1 else noun + 's'}"


def tree_lines(documents: Iterable[tuple[str, int]], limit_lines: int) -> list[str]:
    """Folders and documents with their characters; folders that do not fit stay closed, with counts."""
    root = _Folder("")
    for path, characters in documents:
        *above, name = path.split("/")
        here = root
        here.documents += 1
        here.characters += characters
        for part in above:
            here = here.folders.setdefault(part, _Folder(part))
            here.documents += 1
            here.characters += characters
        here.files.append((name, characters))
    _open_folders(root, limit_lines)
    lines = _draw(root, 0)
    if len(lines) > limit_lines:
        lines = [*lines[: max(0, limit_lines - 1)], f"… {len(lines) - limit_lines + 1:,} more entries"]
    return lines


def _open_folders(root: _Folder, limit_lines: int) -> None:
    """Open folders from the top, the smallest first, while their entries still fit."""
    root.is_open = True
    room = limit_lines - len(root.folders) - len(root.files)
    level = list(root.folders.values())
    while level:
        below: list[_Folder] = []
        for folder in sorted(level, key=lambda f: len(f.folders) + len(f.files)):
            wanted = len(folder.folders) + len(folder.files)
            if wanted <= room:
                folder.is_open = True
                room -= wanted
                below.extend(folder.folders.values())
        level = below


def _draw(folder: _Folder, depth: int) -> list[str]:
    lines: list[str] = []
    indent = "  " * depth
    for inner in folder.folders.values():
        size = f"{counted(inner.documents, 'document')}, {counted(inner.characters, 'character')}"
        lines.append(f"{indent}{inner.name}/  ({size})")
        if inner.is_open:
            lines.extend(_draw(inner, depth + 1))
    lines.extend(f"{indent}{name}  ({counted(characters, 'character')})" for name, characters in folder.files)
    return lines
