"""A session played with keys: by steps, back, by turns, found; and keys as a terminal sends them."""

from __future__ import annotations

import os
import pty
import termios
from dataclasses import replace

import pytest

from rlm_cli.events import Event
from rlm_cli.faces.keys import Keys, taken
from rlm_cli.faces.options import Face, FaceOptions
from rlm_cli.faces.output import Look
from rlm_cli.faces.plain import PlainFace
from rlm_cli.faces.player import Player, Stretch
from rlm_cli.views.run import RunView
from rlm_cli.views.seeking import Film
from tests.fakes.clock import QuickClock
from tests.fakes.story import STORY
from tests.fakes.watching import Screen

EVENTS = [Event(seq=n, t=t, span=span, body=body) for n, (t, span, body) in enumerate(STORY, 1)]


class Typed:
    """Keys that were typed beforehand; then nothing more can come."""

    def __init__(self, *keys: str) -> None:
        self._keys = list(keys)

    async def next(self) -> str:
        return self._keys.pop(0) if self._keys else "ctrl-d"


async def played(*keys: str, is_playing: bool = False, last: int | None = None) -> tuple[int, Screen]:
    screen = Screen(err_look=Look(columns=100))
    output = screen.output()

    def make(start: RunView, tempo: float) -> Face:
        return PlainFace(output, replace(FaceOptions(), start=start))

    film = Film(EVENTS)
    player = Player(film, make, Typed(*keys), output.err, QuickClock())  # type: ignore[arg-type]
    code = await player.play(Stretch(0, last or len(film), 1.0, is_playing))
    return code, screen


async def test_a_step_shows_what_happens_next_and_q_leaves() -> None:
    code, screen = await played("right", "right", "q")
    assert code == 0
    assert "find indemnification conflicts" in screen.err
    assert "corpus: 214 documents" in screen.err
    assert "sandbox" not in screen.err
    assert screen.out == ""


async def test_a_turn_on_and_a_turn_back_tell_it_again() -> None:
    _, screen = await played("]", "]", "[", "right", "q")
    assert screen.err.count("I'll look at what there is first.") == 2
    assert "--- at 0:00" in screen.err


async def test_going_to_a_turn_begins_there() -> None:
    _, screen = await played("g", "3", "enter", "right", "right", "q")
    assert "turn 2, asking" not in screen.err and "--- at 0:13, turn 2" in screen.err
    assert "turn 3/20" in screen.err
    _, screen = await played("g", "7", "enter", "q")
    assert "there is no turn 7" in screen.err


async def test_words_are_found_and_found_again() -> None:
    _, screen = await played("/", *"passage 5", "enter", "n", "q")
    assert screen.err.count("--- at") == 2
    _, screen = await played("/", *"nowhere to be found", "enter", "q")
    assert '"nowhere to be found" does not come again' in screen.err


async def test_the_draft_is_shown_with_its_changes_and_the_variables_by_name() -> None:
    _, screen = await played("]", "]", "v", "]", "d", "q")
    assert "hit  Hit  1 line" in screen.err
    assert "+ It has a cap." in screen.err


async def test_the_end_hands_over_the_answer_and_the_code_of_the_run() -> None:
    code, screen = await played(is_playing=True)
    # No key is left: the first wait ends the film, as a closed terminal would.
    assert code == 0 and screen.out == ""
    code, screen = await played("g", "3", "enter", *["right"] * 60)
    assert "There is one conflict. [1] It has a cap." in screen.out


@pytest.mark.parametrize(
    ("data", "names", "rest"),
    [
        (b"q", ["q"], b""),
        (b"\x1b[C\x1b[D", ["right", "left"], b""),
        (b"\x1b", [], b"\x1b"),
        (b"\x1b[", [], b"\x1b["),
        ("é漢".encode(), ["é", "漢"], b""),
        (b"\xc3", [], b"\xc3"),
        (b"\x1b[1;5C]", ["]"], b""),
        (b"\x7f\r\x04", ["backspace", "enter", "ctrl-d"], b""),
        (b"\x1bx", [], b""),
        (b"\x1b" + b"[" + b"1" * 40, ["1"] * 26, b""),
    ],
)
def test_bytes_become_keys(data: bytes, names: list[str], rest: bytes) -> None:
    assert taken(data) == (names, rest)


async def test_the_terminal_is_as_it_was_when_the_reading_ends() -> None:
    master, slave = pty.openpty()
    try:
        before = termios.tcgetattr(slave)
        with Keys(slave) as keys:
            assert not termios.tcgetattr(slave)[3] & termios.ECHO
            os.write(master, b"\x1b[Cx\x1b")
            assert [await keys.next() for _ in range(3)] == ["right", "x", "escape"]
        assert termios.tcgetattr(slave) == before
    finally:
        os.close(master)
        os.close(slave)
