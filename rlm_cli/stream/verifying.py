"""Whether a session is as it was written: the chain of its lines, its seal, and its payloads.

The chain shows changes by accident or by an editor. It is no signature: who can write the file can write a
new chain.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rlm_cli.base.errors import SessionError
from rlm_cli.events.wire import from_json
from rlm_cli.stream.blobs import Blobs, references
from rlm_cli.stream.layout import blobs_of, chain_hash, seal_of
from rlm_cli.stream.reading import Flaw


@dataclass(frozen=True)
class Verification:
    """What was found.

    Shape:   first_altered is the number of the first line that is not as it was written, None when all are.
             is_sealed is False for a session that was not closed: its last line cannot be vouched for.
    """

    lines: int
    is_sealed: bool
    first_altered: int | None
    flaws: tuple[Flaw, ...]

    @property
    def is_intact(self) -> bool:
        """Whether nothing was altered, as far as can be told."""
        return not self.flaws


def verify(path: Path) -> Verification:
    """Check every line against the next, the last against the seal, and every payload against its name.

    Errors:  SessionError when the file cannot be read at all.
    """
    try:
        lines = path.read_bytes().split(b"\n")
    except OSError as error:
        raise SessionError(f"cannot read the session {path}", error.strerror or str(error)) from error
    flaws: list[Flaw] = []
    if lines[-1]:
        flaws.append(Flaw("session_torn", "the last line was cut in the middle", len(lines)))
    lines.pop()
    fields = [_fields(line) for line in lines]
    seal = _seal(path)
    first = _first_broken(lines, fields, seal)
    if first is not None:
        flaws.append(Flaw("session_altered", _account(first, lines, fields, seal), first))
    flaws += _payload_flaws(path, lines, fields)
    return Verification(len(lines), seal is not None, first, tuple(flaws))


def _first_broken(lines: list[bytes], fields: list[Any], seal: dict[str, Any] | None) -> int | None:
    """The first line that is not what the line after it says it was.

    A line whose own `prev` was changed disagrees with the line before it *and* with the line after it; it is
    then the one to be named.
    """
    hashes = [chain_hash(line) for line in lines]
    says = [_prev(each) for each in fields[1:]]
    if seal is not None:
        says.append(seal.get("last"))
    disagrees = [said != hashes[index] for index, said in enumerate(says)]
    for index, is_broken in enumerate(disagrees):
        if is_broken:
            return index + (2 if any(disagrees[index + 1 : index + 2]) else 1)
    return None


def _account(first: int, lines: list[bytes], fields: list[Any], seal: dict[str, Any] | None) -> str:
    if seal is not None and first == len(lines) and seal.get("lines") != len(lines):
        return f"the session was sealed with {seal.get('lines')} lines, and has {len(lines)}"
    here, after = fields[first - 1], fields[first] if first < len(fields) else None
    if after and _is_event(here) and _is_event(after) and after["seq"] != here["seq"] + 1:
        return f"line {first} is not followed by the line that was written after it: lines are missing"
    return f"line {first} is not as it was written"


def _payload_flaws(path: Path, lines: list[bytes], fields: list[Any]) -> list[Flaw]:
    blobs = Blobs(blobs_of(path))
    flaws = []
    for number, (line, each) in enumerate(zip(lines, fields, strict=True), 1):
        if b'"$blob"' not in line or not isinstance(each, dict):
            continue
        for reference in references(each.get("body")):
            try:
                blobs.get(reference["$blob"])
            except FileNotFoundError:
                text = f"line {number}: the payload blobs/{reference['$blob']} is missing"
                flaws.append(Flaw("session_blob", text, number))
            except (OSError, ValueError) as error:
                flaws.append(Flaw("session_blob", f"line {number}: {error}", number))
    return flaws


def _fields(line: bytes) -> Any:
    try:
        return from_json(line)
    except ValueError:
        return None


def _prev(fields: Any) -> Any:
    return fields.get("prev") if isinstance(fields, dict) else None


def _is_event(fields: Any) -> bool:
    return isinstance(fields, dict) and isinstance(fields.get("seq"), int)


def _seal(path: Path) -> dict[str, Any] | None:
    try:
        seal = from_json(seal_of(path).read_bytes())
    except (OSError, ValueError):
        return None
    return seal if isinstance(seal, dict) else None
