"""Waits until files of a corpus have changed, and have stayed as they are for a moment.

What the system says of changes is a hint only: what counts is whether a walk finds other files, by path,
size, time and inode. It knows nothing of what is read or asked.
"""

from __future__ import annotations

import errno
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rlm_cli.corpus.hearing import Hearing, hearing, remedy
from rlm_cli.corpus.inputs import Source, sources_of
from rlm_cli.corpus.opening import reason
from rlm_cli.corpus.options import ReadOptions
from rlm_cli.corpus.walk import Found, walk

QUIET_SECONDS = 0.3
LOOK_SECONDS = 30.0
"""How often the files are looked at when the system says nothing: network folders never do."""

_LEAST_LOOK_SECONDS = 2.0
_LOOKS_TAKE = 0.05
"""Where the system says nothing, the share of the time that looking may take."""
_CHANGES = ("created", "modified", "moved", "deleted", "closed")
_Stamp = tuple[int, int, int]


class Watch:
    """The files of some inputs, watched from the moment it is made.

    Units:   quiet_seconds is for how long nothing may happen before a change counts; look_seconds is how
             often the files are looked at anyway.
    Shape:   why_deaf tells why the files are looked at again and again, and what to do about it; it is
             empty where the system tells of changes.
    """

    def __init__(
        self,
        inputs: Sequence[str],
        options: ReadOptions | None = None,
        quiet_seconds: float = QUIET_SECONDS,
        look_seconds: float = LOOK_SECONDS,
        system: Hearing | None = None,
    ) -> None:
        self._inputs = [each for each in inputs if each != "-"]
        self._options = options or ReadOptions()
        self._quiet_seconds = quiet_seconds
        self._look_seconds = look_seconds
        self._happened = threading.Event()
        self._is_over = False
        self._folders = 0
        began = time.monotonic()
        self._known = self._look()
        self.look_took_seconds = time.monotonic() - began
        sources = sources_of(self._inputs)
        self.why_deaf = (system or hearing()).why_deaf((each.path for each in sources), self._folders)
        self._observer = None if self.why_deaf else self._observed(sources)
        if self._observer is None:
            self._look_seconds = min(look_seconds, self.seconds_between_looks)

    @property
    def seconds_between_looks(self) -> float:
        """How often files are looked at where the system says nothing of them, so that it costs little."""
        return max(_LEAST_LOOK_SECONDS, self.look_took_seconds / _LOOKS_TAKE)

    def wait(self) -> list[str] | None:
        """The paths that were added, changed or removed since the last time; None when it was stopped."""
        while not self._is_over:
            self._happened.wait(self._look_seconds)
            while self._happened.is_set() and not self._is_over:
                self._happened.clear()
                self._happened.wait(self._quiet_seconds)
            now = self._look()
            paths = now.keys() | self._known.keys()
            changed = sorted(path for path in paths if now.get(path) != self._known.get(path))
            self._known = now
            if changed and not self._is_over:
                return changed
        return None

    def stop(self) -> None:
        """End the waiting; may be called from a signal handler or another thread."""
        self._is_over = True
        self._happened.set()

    def close(self) -> None:
        """Give back what the system holds for it."""
        self.stop()
        if self._observer is not None:
            self._observer.stop()
            self._observer.join(5)

    def _look(self) -> dict[str, _Stamp]:
        """Every file that counts; an input that is gone for a moment has none."""
        try:
            sources = sources_of(self._inputs)
        except Exception:  # noqa: BLE001 - a folder that is being replaced is looked at again
            return {}
        found = [entry for entry in walk(sources, self._options) if isinstance(entry, Found)]
        self._folders = len({each.location.rpartition("/")[0] for each in found if each.location})
        return {each.path: (each.size_bytes, each.mtime_ns, each.inode) for each in found}

    def _observed(self, sources: list[Source]) -> Any:
        """What hears of changes from the system; None where it cannot: then the files are looked at alone."""
        from watchdog.events import FileSystemEventHandler
        from watchdog.observers import Observer

        happened = self._happened

        class Handler(FileSystemEventHandler):
            def on_any_event(self, event: Any) -> None:
                if event.event_type in _CHANGES:
                    happened.set()

        observer = Observer()
        try:
            for folder, is_deep in sorted(_folders(sources)):
                observer.schedule(Handler(), str(folder), recursive=is_deep)
            observer.start()
        except OSError as error:
            observer.unschedule_all()
            is_limit = error.errno in (errno.ENOSPC, errno.EMFILE)
            what = f". Try: {remedy(self._folders, error.errno == errno.EMFILE)}" if is_limit else ""
            self.why_deaf = f"the system cannot watch the folders: {reason(error)}{what}"
            return None
        return observer


def _folders(sources: list[Source]) -> set[tuple[Path, bool]]:
    """The folders to listen to, and whether what is below them counts; a file is heard of in its folder."""
    return {(each.path, True) if each.is_folder else (each.path.parent, False) for each in sources}
