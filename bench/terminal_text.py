"""Hostile text on its way to the terminal: ten million cases, and the bytes that come out.

    python -m bench.terminal_text [cases] [seed]

Each case is a short text out of control sequences (CSI, OSC 8 and 52, DCS, their C1 forms), backspaces,
carriage returns, bidi and invisible marks, tag characters, lone surrogates, entities and escapes that a
parser may turn into such characters, and innocent words. It takes the way of every text of the program:
answers, lines, status lines, tables and errors of commands, JSON, the live view's rows, code and Markdown.
Counted are cases of which anything reaches the terminal that could act on it: a control besides newline and
tab, a C1, bidi, invisible or tag character, or bytes that are no UTF-8.
"""

from __future__ import annotations

import contextlib
import io
import random
import re
import sys
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

from rlm_cli.base.errors import RlmError
from rlm_cli.base.text import one_line, visible
from rlm_cli.cli import failures, screen
from rlm_cli.faces.live.code import highlighted
from rlm_cli.faces.live.markdown import markdown_rows
from rlm_cli.faces.live.styling import Style
from rlm_cli.faces.output import Look, Sink
from rlm_cli.views.line import Line

UNSAFE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\U000e0000-\U000e007f]"
)
STRETCH = 20_000
_ATOMS = (
    *(
        "\x1b[2J",
        "\x1b[31m",
        "\x1b]8;;http://e/\x07",
        "\x1b]52;c;eA==\x07",
        "\x1bP+q\x1b\\",
        "\x1b",
        "\x9b31m",
    ),
    *("\x9d52;c;eA==\x9c", "\x90", "\x07", "\x08", "\r", "\r\n", "\x00", "\x7f", "\x0c", "\x0e", "\x85"),
    *("\u202e", "\u2066", "\u200f", "\u061c", "\u200b", "\u2028", "\ufeff", "\U000e0041", "\ufff9", "\u180e"),
    *(
        "\ud83d",
        "\udc00",
        "&#27;",
        "&#x9b;",
        "&#x202e;",
        "&rlm;",
        "&#13;",
        "&#12;",
        "\\u001b",
        "\\x1b",
        "%1b",
    ),
    *(
        "<http://a%1b.com>",
        "[l](http://%e2%80%ae)",
        "![i](%1b)",
        "[/b]",
        "[red]",
        "`",
        "```\n",
        "# ",
        "| a | b |",
    ),
    *(
        "\n",
        "\t",
        " ",
        "word",
        "clause 9",
        "日本",
        "e\u0301",
        "🙂",
        "**",
        "- ",
        "> ",
        "$0.97",
        '"',
        "\\",
        "…",
    ),
)


def case(chance: random.Random) -> str:
    """One hostile text."""
    atoms = [
        chance.choice(_ATOMS) if chance.random() < 0.8 else chr(chance.randrange(0x110000))
        for _ in range(chance.randint(1, 6))
    ]
    return "".join(atoms)


def through_sink(write: Callable[[Sink, str], object], columns: int | None) -> Callable[[str], bytes]:
    """The bytes that an output of the faces writes for a text."""

    def path(text: str) -> bytes:
        written: list[bytes] = []
        sink = Sink(written.append, Look(columns=columns))
        work = write(sink, text)
        with contextlib.suppress(StopIteration):
            work.send(None)  # type: ignore[attr-defined]  # nothing of it waits
        return b"".join(written)

    return path


def through_screen(write: Callable[[str], object]) -> Callable[[str], bytes]:
    """The bytes that a command writes for a text."""

    def path(text: str) -> bytes:
        raw = io.BytesIO()
        stream = io.TextIOWrapper(raw, "utf-8", errors="replace", newline="\n", write_through=True)
        with contextlib.redirect_stdout(stream), contextlib.redirect_stderr(stream):
            write(text)
        return raw.getvalue()

    return path


def _in_two_pieces(text: str) -> bytes:
    middle = len(text) // 2
    return (visible(text[:middle]) + visible(text[middle:])).encode("utf-8")


def _raised(text: str) -> None:
    failures.report(RlmError(text, text, text), is_debugging=False)


def _unexpected(text: str) -> None:
    try:
        raise ValueError(text)
    except ValueError as error:
        failures.report(error, is_debugging=True)


_PLAIN = Style(has_colour=False)
PATHS: dict[str, tuple[float, Callable[[str], bytes]]] = {
    "visible, in two pieces": (0.55, _in_two_pieces),
    "titles and file names on one line": (0.1, lambda text: one_line(text, 60).encode("utf-8")),
    "answers": (0.05, through_sink(lambda sink, text: sink.text(text), None)),
    "lines of a run": (0.05, through_sink(lambda sink, text: sink.lines([Line(text, "output")]), 80)),
    "status lines": (0.05, through_sink(lambda sink, text: sink.status(text), 80)),
    "JSON of a run": (0.1, through_sink(lambda sink, text: sink.json({"text": text, text: [text]}), 80)),
    "JSON of a command": (0.02, through_screen(lambda text: screen.say_json({text: text}))),
    "tables of a command": (
        0.02,
        through_screen(lambda text: [screen.say(row) for row in screen.rows([(text, text)])]),
    ),
    "errors": (0.02, through_screen(_raised)),
    "tracebacks": (0.005, through_screen(_unexpected)),
    "rows of the live view": (0.03, lambda text: _PLAIN.paint(text, "title").encode("utf-8")),
    "code of the live view": (
        0.003,
        lambda text: "\n".join(highlighted([visible(text).replace("\n", " ")], _PLAIN, 58)).encode("utf-8"),
    ),
    "Markdown of the live view": (
        0.002,
        lambda text: "\n".join(markdown_rows(text, _PLAIN, 58)).encode("utf-8"),
    ),
}


def is_safe(written: bytes) -> bool:
    """Whether nothing in some bytes acts on a terminal."""
    try:
        return not UNSAFE.search(written.decode("utf-8"))
    except UnicodeDecodeError:
        return False


def unsafe_of(stretch: tuple[str, int, str]) -> list[str]:
    """The cases of a stretch (way, how many, seed) of which something unsafe came out."""
    name, count, seed = stretch
    _, path = PATHS[name]
    chance = random.Random(seed)
    texts = (case(chance) for _ in range(count))
    return [text for text in texts if not is_safe(path(text))]


def measure(cases: int, seed: int = 0) -> dict[str, tuple[int, list[str]]]:
    """How many cases took each way, and those of which something unsafe came out; on all cores."""
    counts = {name: max(1, round(cases * share)) for name, (share, _) in PATHS.items()}
    stretches = [
        (name, min(STRETCH, count - start), f"{seed}/{name}/{start}")
        for name, count in counts.items()
        for start in range(0, count, STRETCH)
    ]
    found: dict[str, tuple[int, list[str]]] = {name: (count, []) for name, count in counts.items()}
    with ProcessPoolExecutor(mp_context=get_context("spawn")) as workers:
        for (name, _, _), unsafe in zip(stretches, workers.map(unsafe_of, stretches), strict=True):
            found[name][1].extend(unsafe)
    return found


def main() -> int:
    """Print the table; 1 when anything unsafe came out."""
    cases = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000_000
    started = time.monotonic()
    found = measure(cases, int(sys.argv[2]) if len(sys.argv) > 2 else 0)
    for name, (count, unsafe) in found.items():
        print(f"{name:34} {count:>10,} cases, unsafe: {len(unsafe)}")
        for text in unsafe[:3]:
            print(f"    {text!a}")
    total, bad = sum(count for count, _ in found.values()), sum(len(unsafe) for _, unsafe in found.values())
    print(f"{total:,} cases in {time.monotonic() - started:.0f} s, unsafe: {bad} (goal 0)")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
