"""Whether the documents that a session serves are as they are on the disk.

What was read last serves at once, and its files are looked at while models and kernel start. A question waits
for that, but not for long; when something has changed, it waits until that is read. What is found later is
told, to the user and to the root model.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from pathlib import Path

from rlm_cli.base.errors import RlmError
from rlm_cli.corpus.host_corpus import HostCorpus
from rlm_cli.corpus.ingest import ReadingStopped
from rlm_cli.events import Body
from rlm_cli.events.bodies import CorpusChanged, Notice
from rlm_cli.runs.changes import note_of
from rlm_cli.runs.opening import Opened

PATIENCE_SECONDS = 2.0
"""How long a question waits until its files have been looked at."""
SOON_SECONDS = 0.05
_FOUND_LATER = "This was found after the question had begun: you see the documents as they were before."


class Freshness:
    """The check of one session's documents.

    Shape:   emit tells the user, note the root model.
    """

    def __init__(self, opened: Opened, emit: Callable[[Body], None], note: Callable[[str], None]) -> None:
        self._kept = opened.corpus
        self._check = opened.check
        self._stopped = opened.stopped
        self._differs = opened.differs
        self._emit = emit
        self._note = note
        self._telling: asyncio.Task[None] | None = None

    async def is_settled_soon(self) -> bool:
        """Whether the check is over, or will be in a moment."""
        if self._check is not None:
            await asyncio.wait([self._check], timeout=SOON_SECONDS)
        return self._check is None or self._check.done()

    async def settled(self, patience_seconds: float | None) -> HostCorpus:
        """The documents as they are; as they were read last when looking at the files takes longer than that.

        Units:   None waits for the end of the check.
        Errors:  CorpusError when they can no longer be read; ReadingStopped.
        """
        if self._check is None:
            return self._kept
        await asyncio.wait([self._check], timeout=patience_seconds)
        if self._check.done() or self._differs.is_set():
            await asyncio.wait([self._check])
            checked = self._check.result()
            return self._kept if checked.generation == self._kept.generation else checked
        read_at = time.strftime("%Y-%m-%d %H:%M", time.localtime(_read_at(self._kept)))
        text = f"the files are still being checked: these are the documents as they were read at {read_at}"
        self._emit(Notice(level="info", code="checking", text=text))
        self._telling = asyncio.ensure_future(self._tell_later(self._check))
        return self._kept

    async def told(self) -> None:
        """Wait until what was found later has been told."""
        if self._telling is not None:
            await self._telling

    async def close(self) -> None:
        """Stop the check."""
        self._stopped.set()
        if self._telling is not None:
            self._telling.cancel()
        if self._check is not None:
            await asyncio.gather(self._check, return_exceptions=True)

    async def _tell_later(self, check: asyncio.Task[HostCorpus]) -> None:
        try:
            checked = await asyncio.shield(check)
        except ReadingStopped:
            return
        except RlmError as error:
            self._emit(Notice(level="warning", code="checking", text=f"the check has failed: {error}"))
            return
        if checked.generation == self._kept.generation:
            return
        found = await asyncio.to_thread(checked.changes_since, self._kept)
        changed = CorpusChanged(added=found.added, changed=found.changed, removed=found.removed)
        self._emit(changed)
        self._note(f"{note_of(changed)} {_FOUND_LATER}")


def _read_at(corpus: HostCorpus) -> float:
    return (Path(corpus.folder) / corpus.generation).stat().st_mtime
