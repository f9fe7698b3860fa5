"""What a user has set with the keys while a run is shown, and what each key does. Pure; knows no terminal."""

from __future__ import annotations

from dataclasses import dataclass, replace

from rlm_cli.base.text import one_line
from rlm_cli.events.commands import AnswerNow, Command, Pause, Steer

KEYS = "p pause · s steer · f answer now · c fold · ? hide"
"""The keys, as the screen explains them."""

_NOTE_CHARACTERS = 2_000


@dataclass(frozen=True)
class Controls:
    """The state of the keys.

    Shape:   has_keys: keys are read at all; note is the note that is being written, None while none is;
             said is what the user has asked for last, for people, until the next turn begins.
    """

    has_keys: bool = False
    is_paused: bool = False
    is_folded: bool = False
    shows_keys: bool = False
    note: str | None = None
    said: str = ""


def pressed(controls: Controls, key: str) -> tuple[Controls, Command | None]:
    """The state after a key, and what is asked of the run by it.

    Shape:   key is a character, or `enter`, `escape`, `backspace`, `ctrl-u`, `ctrl-w`.
    """
    if controls.note is not None:
        return _written(controls, controls.note, key)
    match key:
        case "p" | "P":
            is_paused = not controls.is_paused
            return replace(controls, is_paused=is_paused), Pause(is_paused)
        case "s" | "S":
            return replace(controls, note=""), None
        case "f" | "F":
            said = "you ask for the answer now"
            return replace(controls, said=said, is_paused=False), AnswerNow()
        case "c" | "C":
            return replace(controls, is_folded=not controls.is_folded), None
        case "?":
            return replace(controls, shows_keys=not controls.shows_keys), None
    return controls, None


def _written(controls: Controls, note: str, key: str) -> tuple[Controls, Command | None]:
    match key:
        case "enter" if note.strip():
            said = f"your note for the next turn: {one_line(note, 200)}"
            return replace(controls, note=None, said=said), Steer(note.strip())
        case "enter" | "escape":
            return replace(controls, note=None), None
        case "backspace":
            return replace(controls, note=note[:-1]), None
        case "ctrl-u":
            return replace(controls, note=""), None
        case "ctrl-w":
            return replace(controls, note=note.rstrip().rpartition(" ")[0]), None
    if len(key) == 1 and key.isprintable():
        return replace(controls, note=(note + key)[:_NOTE_CHARACTERS]), None
    return controls, None
