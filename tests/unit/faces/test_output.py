"""The two streams: cleaned, coloured by rule, cut to terminals alone, silent when their reader is gone."""

from __future__ import annotations

import asyncio
import fcntl
import os
import pty
import struct
import termios

import pytest

from rlm_cli.faces.layout import laid_out
from rlm_cli.faces.output import Look, Sink, encoding_of, is_coloured, standard_output
from rlm_cli.views.line import Line
from tests.fakes.story import HOSTILE


def sink(**look: object) -> tuple[Sink, list[bytes]]:
    written: list[bytes] = []
    return Sink(written.append, Look(**look)), written  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("environ", "color", "is_terminal", "coloured"),
    [
        ({}, "auto", True, True),
        ({}, "auto", False, False),
        ({"TERM": "dumb"}, "auto", True, False),
        ({"NO_COLOR": "1"}, "auto", True, False),
        ({"NO_COLOR": ""}, "auto", True, True),
        ({"FORCE_COLOR": "1", "NO_COLOR": "1", "TERM": "dumb"}, "auto", False, True),
        ({"FORCE_COLOR": "0"}, "auto", True, False),
        ({"FORCE_COLOR": "1"}, "never", True, False),
        ({"NO_COLOR": "1"}, "always", False, True),
    ],
)
def test_colour_follows_the_order_of_precedence(
    environ: dict[str, str], color: str, is_terminal: bool, coloured: bool
) -> None:
    assert is_coloured(environ, color, is_terminal) is coloured


@pytest.mark.parametrize(
    ("environ", "encoding"),
    [
        ({}, "utf-8"),
        ({"LANG": "de_DE.UTF-8"}, "utf-8"),
        ({"LC_ALL": "C"}, "utf-8"),
        ({"LANG": "en_US.UTF-8", "LC_ALL": "de_DE.ISO-8859-1@euro"}, "iso-8859-1"),
        ({"LANG": "x.no-such-thing"}, "utf-8"),
    ],
)
def test_the_encoding_is_that_of_the_locale(environ: dict[str, str], encoding: str) -> None:
    assert encoding_of(environ) == encoding


async def test_hostile_text_is_shown_and_never_obeyed() -> None:
    err, written = sink(has_colour=True)
    await err.lines([Line(HOSTILE, "error", 1.0)])
    await err.text(HOSTILE)
    shown = b"".join(written).decode()
    assert shown.count("\x1b") == 4
    assert "␛]52;c;aGk=␇ ␛[2J [/b] �txt.exe �31m" in shown


async def test_without_colour_there_is_no_escape_at_all() -> None:
    err, written = sink()
    for tone in ("title", "dim", "code", "output", "draft", "failed", "warning", "error", "no-such-tone"):
        await err.lines([Line("x", tone, 1.0)])
    assert b"\x1b" not in b"".join(written)
    assert b"\r" not in b"".join(written)


async def test_a_terminal_of_another_encoding_gets_signs_that_it_has() -> None:
    out, written = sink(encoding="latin-1")
    await out.text("ß “quoted” … 日")
    assert written == ['ß "quoted" ... ?\n'.encode("latin-1")]


async def test_json_does_no_harm_on_a_terminal_and_loses_nothing() -> None:
    out, written = sink()
    await out.json({"text": HOSTILE})
    assert written == [
        b'{"text":"\\u001b]52;c;aGk=\\u0007 \\u001b[2J [/b] \\u202etxt.exe \\u009b31m"}\n',
    ]


def test_a_pipe_gets_every_line_whole() -> None:
    line = Line("word " * 100, "plain", 61.0, indent=2)
    assert laid_out(line, None) == [("1:01    ", "word " * 100)]


@pytest.mark.parametrize("columns", [30, 58, 80, 200])
@pytest.mark.parametrize("tone", ["plain", "code"])
def test_a_terminal_gets_no_row_wider_than_itself(columns: int, tone: str) -> None:
    for text in ("word " * 60, "x" * 500, "日本語" * 60, "a\tb" * 40, ""):
        rows = laid_out(Line(text, tone, 3723.0, indent=4), columns)
        assert all(_columns(lead + row) <= columns for lead, row in rows)
        assert tone == "plain" or len(rows) == 1


def test_a_wrapped_line_keeps_every_word_and_hangs_below_its_beginning() -> None:
    words = " ".join(f"word{number}" for number in range(40))
    (lead, first), *rest = laid_out(Line(words, t=5.0), 40)
    assert lead == "0:05  "
    assert " ".join([first, *(row for _, row in rest)]) == words
    assert {lead for lead, _ in rest} == {" " * 8}


def test_a_cut_line_of_code_says_so() -> None:
    ((_, row),) = laid_out(Line("x = " + "1 + " * 50, "code", None, 4), 40)
    assert row.endswith("…") and len(row) == 30


def test_a_newline_in_a_line_makes_no_second_one() -> None:
    assert laid_out(Line("a\nb"), None) == [("      ", "a b")]


async def test_a_reader_that_goes_away_ends_the_writing_quietly() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    out = Sink(lambda data: _write(writing, data), Look())
    await out.text("x")
    await out.text("y")
    os.close(writing)
    assert out.is_gone


async def test_a_full_device_is_a_failure_and_no_departure() -> None:
    full = os.open("/dev/full", os.O_WRONLY)
    out = Sink(lambda data: _write(full, data), Look())
    await out.text("x")
    os.close(full)
    assert out.failure is not None and not out.is_gone


async def test_a_reader_that_does_not_read_holds_up_only_the_face() -> None:
    """The loop goes on while a write waits: the run is never slowed by its screen."""
    reading, writing = os.pipe()
    out = Sink(lambda data: _write(writing, data), Look(), is_ready=lambda size: False)
    large = asyncio.create_task(out.text("x" * 1_000_000))
    for _ in range(50):
        await asyncio.sleep(0)
    assert not large.done()
    received = 0
    while received < 1_000_001:
        received += len(await asyncio.to_thread(os.read, reading, 1 << 20))
    await large
    os.close(writing)
    os.close(reading)


def test_each_stream_is_looked_at_by_itself() -> None:
    """A child with stdout in a pipe and stderr on a terminal of 71 columns."""
    main, terminal = pty.openpty()
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 71, 0, 0))
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.dup2(writing, 1)
        os.dup2(terminal, 2)
        output = standard_output({"TERM": "xterm", "LANG": "en_US.UTF-8"})
        asyncio.run(output.out.text(f"{output.out.look} | {output.err.look}"))
        os._exit(0)
    os.close(writing)
    os.waitpid(child, 0)
    said = os.read(reading, 4096).decode()
    for descriptor in (main, terminal, reading):
        os.close(descriptor)
    assert said == (
        "Look(columns=None, has_colour=False, encoding='utf-8', theme='terminal') | "
        "Look(columns=71, has_colour=True, encoding='utf-8', theme='terminal')\n"
    )


def _columns(text: str) -> int:
    return sum(2 if "\u3000" < character < "\ua000" else 1 for character in text)


def _write(descriptor: int, data: bytes) -> None:
    while data:
        data = data[os.write(descriptor, data) :]
