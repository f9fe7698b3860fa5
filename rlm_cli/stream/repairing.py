"""A damaged session file made whole: what can be read is written anew, and what was there is kept beside it.

Knows the file, not what the events are about. A file that is only torn, or has no end, is not rewritten:
reading mends the one, and the other is the truth.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from msgspec.structs import replace

from rlm_cli.base.errors import SessionError
from rlm_cli.base.ids import content_hash
from rlm_cli.events import Event
from rlm_cli.events.wire import event_fields, to_json
from rlm_cli.stream.blobs import Blobs, fitted
from rlm_cli.stream.disk import SessionDisk
from rlm_cli.stream.files import REAL, Files
from rlm_cli.stream.header import Header
from rlm_cli.stream.layout import blobs_of, chain_hash, seal_of
from rlm_cli.stream.reading import Flaw, read_open
from rlm_cli.stream.verifying import verify

_NO_DAMAGE = {"session_unfinished", "session_torn"}


@dataclass(frozen=True)
class Repair:
    """What was done.

    Shape:   flaws are what was wrong; events counts those that are left; before is where the file as it was
             is kept, None when there was nothing to repair.
    """

    flaws: tuple[Flaw, ...]
    events: int
    before: Path | None


def repair(path: Path, files: Files = REAL) -> Repair:
    """Write the readable events of a session anew, numbered and chained from the first to the last.

    The header says that it was done, and the hash of the file before, so that a repaired record cannot pass
    for an untouched one.

    Errors:  SessionError when it is in use, cannot be read or written, or holds no event at all; the file is
             as it was then.
    """
    disk = SessionDisk.open(path, is_new=False, files=files)
    try:
        raw = files.read(path)
        altered = [flaw for flaw in verify(path).flaws if flaw.code != "session_torn"]
        recording, _ = read_open(path, disk.cut, files)
        named = {(flaw.code, flaw.line) for flaw in recording.flaws}
        flaws = (*recording.flaws, *(flaw for flaw in altered if (flaw.code, flaw.line) not in named))
        if all(flaw.code in _NO_DAMAGE for flaw in flaws):
            return Repair(recording.flaws, len(recording.events), None)
        header = _marked(recording.header, raw)
        before = _free_name(path)
        files.write_whole(before, raw, is_durable=True)
        fresh = _rewritten(header, recording.events, Blobs(blobs_of(path), files))
        files.remove(seal_of(path))
        files.write_whole(path, fresh, is_durable=True)
        return Repair(flaws, len(recording.events), before)
    except OSError as error:
        raise SessionError(f"cannot repair the session {path}", error.strerror or str(error)) from error
    finally:
        disk.close()


def _marked(header: Header, raw: bytes) -> Header:
    return replace(header, extra={**header.extra, "repaired_from": content_hash(raw)})


def _rewritten(header: Header, events: list[Event], blobs: Blobs) -> bytes:
    lines = [to_json(header.fields())]
    for number, event in enumerate(events, 1):
        fields = event_fields(replace(event, seq=number), chain_hash(lines[-1]))
        lines.append(fitted(fields, lambda data: blobs.put(data, is_durable=True)))
    return b"\n".join(lines) + b"\n"


def _free_name(path: Path) -> Path:
    number = 1
    while (kept := path.with_name(f"{path.name}.before-repair-{number}")).exists():
        number += 1
    return kept
