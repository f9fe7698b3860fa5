"""What has changed between two generations of a corpus: both are gone through once, side by side."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from rlm_cli.corpus.generation import Generation

_NAMED = 1000
_Place = tuple[int, list[str]]


@dataclass
class Differences:
    """Paths of documents, at most a thousand of each kind; count is how many there are in truth."""

    added: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    count: int = 0


def differences(before: Generation, after: Generation) -> Differences:
    """The documents that are not the same, by path and content."""
    gone: dict[str, bytes] = {}
    come: dict[str, bytes] = {}
    found = Differences()
    ours, theirs = _documents(before), _documents(after)
    one, other = next(ours, None), next(theirs, None)
    while one is not None or other is not None:
        if one is not None and other is not None and one[0] == other[0]:
            if one[1] != other[1]:
                _add(found, found.changed, _path(one[0]))
            one, other = next(ours, None), next(theirs, None)
        elif other is None or (one is not None and one[0] < other[0]):
            assert one is not None
            gone[_path(one[0])] = one[1]
            one = next(ours, None)
        else:
            come[_path(other[0])] = other[1]
            other = next(theirs, None)
    # Members of a file do not stand in the order of names: those that both have were not met side by side.
    for path in gone.keys() & come.keys():
        if gone[path] != come[path]:
            _add(found, found.changed, path)
    for path in sorted(gone.keys() - come.keys()):
        _add(found, found.removed, path)
    for path in sorted(come.keys() - gone.keys()):
        _add(found, found.added, path)
    found.changed.sort()
    return found


def _documents(generation: Generation) -> Iterator[tuple[_Place, bytes]]:
    for record in generation.records():
        yield (record.source, generation.path_of(record).split("/")), record.digest


def _path(place: _Place) -> str:
    return "/".join(place[1])


def _add(found: Differences, paths: list[str], path: str) -> None:
    found.count += 1
    if len(paths) < _NAMED:
        paths.append(path)
