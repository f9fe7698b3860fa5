"""The two streams of the program: the only place that writes to a terminal, a pipe or a file.

Every text passes `base.text.visible` here, is never read as markup, and is coloured by tone alone. A reader
that goes away ends the writing, never the run.
"""

from __future__ import annotations

import asyncio
import os
import select
import shutil
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from rlm_cli.base.text import cut_to, visible
from rlm_cli.events.wire import to_json
from rlm_cli.faces.layout import laid_out
from rlm_cli.faces.themes import TONES, USUAL, themed
from rlm_cli.views.line import Line

# Linux answers POLLOUT for a pipe when so many bytes can be written without waiting.
_ATOMIC_BYTES = select.PIPE_BUF
_SIMPLE = str.maketrans({"…": "...", "“": '"', "”": '"', "‘": "'", "’": "'", "–": "-", "—": "-", "·": "|"})


@dataclass(frozen=True)
class Look:
    """How a stream is to be written.

    Units:   columns is the terminal's width, None for pipes and files, where nothing is wrapped or cut.
    """

    columns: int | None = None
    has_colour: bool = False
    encoding: str = "utf-8"
    theme: str = USUAL


class Sink:
    """One stream.

    Shape:   `write` takes bytes and may raise OSError; `is_ready(size)` says whether it will not wait, and
             otherwise the write happens in a thread; `columns` tells how wide a terminal is now.
             `failure` is why nothing is written any more.
    """

    def __init__(
        self,
        write: Callable[[bytes], None],
        look: Look,
        is_ready: Callable[[int], bool] = lambda size: True,
        columns: Callable[[], int] | None = None,
    ) -> None:
        self._look = look
        self._columns = columns
        self.failure: OSError | None = None
        self._write = write
        self._is_ready = is_ready
        self._has_status = False

    @property
    def look(self) -> Look:
        """How it is to be written to as it is now."""
        return self._look if self._columns is None else replace(self._look, columns=self._columns())

    @property
    def is_gone(self) -> bool:
        """Whether the reader has closed the pipe."""
        return isinstance(self.failure, BrokenPipeError)

    async def text(self, text: str) -> None:
        """Write some text and a newline."""
        await self._send(self._encoded(visible(text)) + b"\n")

    async def lines(self, lines: Iterable[Line]) -> None:
        """Write lines for people: laid out for the width, coloured by their tones."""
        look = self.look
        rows = [row for line in lines for row in self._rows(line, look)]
        if rows:
            await self._send(b"".join(rows))

    async def status(self, text: str) -> None:
        """Show a line that stays at the bottom of a terminal until something else is written; empty: none."""
        if self.look.columns is None:
            return
        await self._send(b"")
        if text:
            await self._send(self._encoded(cut_to(visible(text).replace("\n", " "), self.look.columns - 1)))
            self._has_status = True

    async def drawn(self, rows: Iterable[str]) -> None:
        """Write rows that are visible text and colours already."""
        data = "".join(f"{row}\n" for row in rows).encode(self.look.encoding, "replace")
        if data:
            await self._send(data)

    async def json(self, value: Any) -> None:
        """Write a value as one line of JSON."""
        await self._send(to_json(value) + b"\n")

    def _rows(self, line: Line, look: Look) -> Iterable[bytes]:
        style = TONES.get(line.tone) if look.has_colour else None
        for lead, text in laid_out(line, look.columns):
            row = self._encoded(text)
            if style and text:
                row = b"\x1b[" + style.encode() + b"m" + row + b"\x1b[0m"
            lead_row = self._encoded(lead)
            if look.has_colour and lead.strip():
                lead_row = b"\x1b[2m" + lead_row + b"\x1b[0m"
            yield (lead_row + row if text else lead_row.rstrip()) + b"\n"

    def _encoded(self, text: str) -> bytes:
        if self.look.encoding == "utf-8":
            return text.encode("utf-8", "replace")
        return text.translate(_SIMPLE).encode(self.look.encoding, "replace")

    async def _send(self, data: bytes) -> None:
        if self.failure is not None:
            return
        if self._look.theme != USUAL:
            data = themed(data.decode("utf-8", "surrogateescape"), self._look.theme).encode(
                "utf-8", "surrogateescape"
            )
        if self._has_status:
            self._has_status = False
            data = b"\r\x1b[K" + data
        try:
            if self._is_ready(len(data)):
                self._write(data)
            else:
                await asyncio.to_thread(self._write, data)
        except OSError as error:
            self.failure = error


@dataclass(frozen=True)
class ScreenFacts:
    """A terminal on which a view can move.

    Shape:   is_usual: nothing in the environment asks for plain lines; has_keys: stdin is a terminal as well.
    """

    descriptor: int
    is_usual: bool = True
    has_keys: bool = False


@dataclass(frozen=True)
class Output:
    """Where answers and event streams go (`out`), and where everything for people goes (`err`).

    Shape:   screen is the terminal behind `err`, if it can show a view that moves.
    """

    out: Sink
    err: Sink
    screen: ScreenFacts | None = None


def standard_output(environ: Mapping[str, str], color: str = "auto", theme: str = USUAL) -> Output:
    """The program's own stdout and stderr; each is looked at by itself.

    Shape:   color is `auto`, `always` or `never`; theme is one of `themes.THEMES`.
    """
    out, err = (_standard(descriptor, environ, color, theme) for descriptor in (1, 2))
    return Output(out, err, _screen(2, environ))


def is_coloured(environ: Mapping[str, str], color: str, is_terminal: bool) -> bool:
    """Whether to colour: `--color`, then FORCE_COLOR, NO_COLOR, TERM=dumb, then whether it is a terminal.

    Source:  no-color.org and force-color.org: a variable counts when it is not empty.
    """
    if color != "auto":
        return color == "always"
    if force := environ.get("FORCE_COLOR", ""):
        return force != "0"
    if environ.get("NO_COLOR", "") or environ.get("TERM") == "dumb":
        return False
    return is_terminal


def encoding_of(environ: Mapping[str, str]) -> str:
    """The encoding that the locale's variables name; UTF-8 when they name none, or the plain C locale."""
    named = next((value for name in ("LC_ALL", "LC_CTYPE", "LANG") if (value := environ.get(name))), "")
    charset = named.partition(".")[2].partition("@")[0].lower().replace("_", "-")
    if charset in ("", "utf8", "utf-8"):
        return "utf-8"
    try:
        "a".encode(charset)
    except LookupError:
        return "utf-8"
    return charset


def _screen(descriptor: int, environ: Mapping[str, str]) -> ScreenFacts | None:
    """Only our own look at the terminal counts here: no variable makes a pipe move."""
    if not os.isatty(descriptor) or environ.get("TERM", "dumb") == "dumb":
        return None
    asks_for_lines = [
        name for name in ("ACCESSIBLE", "CI") if environ.get(name, "") not in ("", "0", "false")
    ]
    return ScreenFacts(descriptor, not asks_for_lines, os.isatty(0))


def _standard(descriptor: int, environ: Mapping[str, str], color: str, theme: str) -> Sink:
    is_terminal = os.isatty(descriptor)
    look = Look(
        columns=_columns(descriptor, environ) if is_terminal else None,
        has_colour=is_coloured(environ, color, is_terminal),
        encoding=encoding_of(environ) if is_terminal else "utf-8",
        theme=theme,
    )

    def columns() -> int:
        return _columns(descriptor, environ)

    return Sink(
        lambda data: _write_all(descriptor, data),
        look,
        lambda size: _is_ready(descriptor, size),
        columns if is_terminal else None,
    )


def _columns(descriptor: int, environ: Mapping[str, str]) -> int:
    asked = environ.get("COLUMNS", "")
    if asked.isdigit() and int(asked) > 0:
        return int(asked)
    try:
        return os.get_terminal_size(descriptor).columns or 80
    except OSError:
        return shutil.get_terminal_size().columns


def _write_all(descriptor: int, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        try:
            rest = rest[os.write(descriptor, rest) :]
        except BlockingIOError:
            select.select([], [descriptor], [])


def _is_ready(descriptor: int, size: int) -> bool:
    if size > _ATOMIC_BYTES:
        return False
    poll = select.poll()
    poll.register(descriptor, select.POLLOUT)
    return bool(poll.poll(0))
