"""Whether the files that an answer cites are still what they were when it was given.

By content where the record lists the documents; by the time of the last change where it does not.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path

from xxhash import xxh3_128

from rlm_cli.events import Event
from rlm_cli.events.bodies import CorpusLoaded, RunFinished
from rlm_cli.events.values import Input
from rlm_cli.runs.passages import file_of

_PIECE_BYTES = 1 << 20


def stale_citations(started: str, events: Sequence[Event]) -> Iterator[tuple[str, str]]:
    """Each cited document that is not as it was, and why.

    Shape:   started is the header's moment; documents from stdin are left out.
    """
    loaded = next((event.body for event in events if isinstance(event.body, CorpusLoaded)), None)
    finished = [
        event.body for event in events if isinstance(event.body, RunFinished) and event.span == "root"
    ]
    if loaded is None or not finished or any(each.given == "-" for each in loaded.inputs):
        return
    recorded = _manifest(loaded.manifest if isinstance(loaded.manifest, str) else "")
    for path in sorted({citation.path for citation in finished[-1].citations if citation.checked}):
        why = _why(path, loaded.inputs, recorded.get(path), started)
        if why:
            yield path, why


def _why(path: str, inputs: Sequence[Input], digest: str | None, started: str) -> str:
    file = file_of(path, inputs)
    if file is None or not file.is_file():
        return "gone"
    try:
        if digest is not None:
            return "" if _digest(file) == digest else "changed"
        began = datetime.fromisoformat(started).timestamp()
        return "changed since" if file.stat().st_mtime > began else ""
    except OSError as error:
        return f"cannot be read: {error.strerror or error}"
    except ValueError:
        return ""


def _digest(file: Path) -> str:
    digest = xxh3_128()
    with file.open("rb") as source:
        while piece := source.read(_PIECE_BYTES):
            digest.update(piece)
    return digest.hexdigest()


def _manifest(text: str) -> dict[str, str]:
    rows = (line.partition("  ") for line in text.splitlines())
    return {path: digest for digest, _, path in rows if path}
