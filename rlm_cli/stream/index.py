"""The words of all sessions, for searching: an SQLite file beside them, made anew whenever it is lost.

The session files are the truth; nothing is in the index that is not in one of them.
"""

from __future__ import annotations

import contextlib
import os
import re
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from rlm_cli.base.errors import RlmError, SessionError
from rlm_cli.events import Event
from rlm_cli.events.bodies import (
    CellFinished,
    CellStarted,
    DraftUpdated,
    ReplyFinished,
    RunFinished,
    RunStarted,
    SubFinished,
)
from rlm_cli.stream.layout import FILE_NAME
from rlm_cli.stream.reading import read

INDEX_NAME = ".index.sqlite"
_VERSION = 1
_BUSY_SECONDS = 10.0
_LONGEST = 200_000
_TABLES = """
    CREATE TABLE IF NOT EXISTS sessions (run TEXT PRIMARY KEY, size INTEGER, mtime_ns INTEGER);
    CREATE VIRTUAL TABLE IF NOT EXISTS texts USING fts5(
        run UNINDEXED, kind UNINDEXED, span UNINDEXED, text, tokenize = "unicode61 remove_diacritics 2");
"""
_WORD = re.compile(r"[^\W_]+(?:['’_][^\W_]+)*")


@dataclass(frozen=True)
class Hit:
    """Where words were found.

    Shape:   kind is `question`, `code`, `output`, `reply`, `sub-reply`, `draft` or `answer`; excerpt has the
             words found between \\x02 and \\x03.
    """

    run: str
    kind: str
    span: str
    excerpt: str


class SessionIndex:
    """The index of the sessions below a folder; it is brought up to date before each search."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._path = root / INDEX_NAME

    def search(self, words: str, limit: int) -> list[Hit]:
        """The best places for some words, all of which stand there; the best place of each session.

        Errors:  SessionError when the index cannot be written, or this Python's SQLite cannot search.
        """
        query = " ".join(f'"{word}"*' for word in _WORD.findall(words))
        if not query or not self._root.is_dir():
            return []
        try:
            with contextlib.closing(self._opened()) as base, base:
                self._refresh(base)
                return _found(base, query, limit)
        except sqlite3.Error as error:
            raise SessionError(
                f"cannot search {self._root}", str(error), f"Remove {self._path} and try again."
            ) from error

    def _opened(self) -> sqlite3.Connection:
        """The base, its tables made; one that is damaged or of another version is made anew."""
        for is_last in (False, True):
            base = None
            try:
                os.close(os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
                base = sqlite3.connect(self._path, timeout=_BUSY_SECONDS)
                version = base.execute("PRAGMA user_version").fetchone()[0]
                if version not in (0, _VERSION):
                    raise sqlite3.DatabaseError("it is of another version of the program")
                base.executescript(_TABLES)
                base.execute(f"PRAGMA user_version = {_VERSION}")
                base.execute("SELECT count(*) FROM sessions").fetchone()
                return base
            except sqlite3.DatabaseError:
                if base is not None:
                    base.close()
                if is_last:
                    raise
                self._path.unlink(missing_ok=True)
            except OSError as error:
                raise SessionError(f"cannot write {self._path}", error.strerror or str(error)) from error
        raise AssertionError("unreachable")

    def _refresh(self, base: sqlite3.Connection) -> None:
        """Read the sessions that are new or have changed, and forget those that are gone."""
        known = {run: (size, mtime) for run, size, mtime in base.execute("SELECT * FROM sessions")}
        present = dict(self._files())
        for run in known.keys() - present.keys():
            _forget(base, run)
        for run, (path, size, mtime) in present.items():
            if known.get(run) == (size, mtime):
                continue
            try:
                events = read(path).events
            except RlmError:
                continue  # a file that cannot be read has no words
            _forget(base, run)
            rows = ((run, kind, span, text[:_LONGEST]) for kind, span, text in texts_of(events) if text)
            base.executemany("INSERT INTO texts VALUES (?, ?, ?, ?)", rows)
            base.execute("INSERT INTO sessions VALUES (?, ?, ?)", (run, size, mtime))

    def _files(self) -> Iterator[tuple[str, tuple[Path, int, int]]]:
        with os.scandir(self._root) as entries:
            for entry in entries:
                path = Path(entry.path) / FILE_NAME
                with contextlib.suppress(OSError):
                    facts = path.stat()
                    yield entry.name, (path, facts.st_size, facts.st_mtime_ns)


def texts_of(events: list[Event]) -> Iterator[tuple[str, str, str]]:
    """What can be searched in a session: kind, span and text of each piece."""
    for event in events:
        match event.body:
            case RunStarted(question=question, title=title):
                yield "question", event.span, f"{title}\n{question}".strip()
            case CellStarted(code=code):
                yield "code", event.span, code
            case CellFinished(shown=shown):
                yield "output", event.span, shown
            case ReplyFinished(text=text):
                yield "reply", event.span, text
            case SubFinished(text=text):
                yield "sub-reply", event.span, text
            case RunFinished(answer=answer):
                yield "answer", event.span, answer
    drafts = [event for event in events if isinstance(event.body, DraftUpdated)]
    for event in drafts[-1:]:
        if isinstance(event.body, DraftUpdated):
            yield "draft", event.span, event.body.content


def _found(base: sqlite3.Connection, query: str, limit: int) -> list[Hit]:
    """The best hit of each session, the best sessions first."""
    excerpt = "snippet(texts, 3, char(2), char(3), '…', 16)"
    rows = base.execute(
        f"SELECT run, kind, span, {excerpt} FROM texts WHERE texts MATCH ? ORDER BY rank",
        (query,),
    )
    best: dict[str, Hit] = {}
    for run, kind, span, text in rows:
        best.setdefault(run, Hit(run, kind, span, text))
        if len(best) >= limit:
            break
    return list(best.values())


def _forget(base: sqlite3.Connection, run: str) -> None:
    base.execute("DELETE FROM texts WHERE run = ?", (run,))
    base.execute("DELETE FROM sessions WHERE run = ?", (run,))
