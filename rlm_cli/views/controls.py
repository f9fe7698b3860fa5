"""What a user has set with the keys while a run is shown, and what each key does. Pure; knows no terminal."""

from __future__ import annotations

from dataclasses import dataclass, replace

from rlm_cli.base.text import one_line
from rlm_cli.events import Event
from rlm_cli.events.bodies import DecisionAsked, RunStarted, TurnStarted
from rlm_cli.events.commands import AnswerNow, Ask, Command, Decide, Pause, Steer

NOTE, QUESTION = "note for the next turn", "next question"
"""What can be written while a run works."""

_WRITTEN_CHARACTERS = 2_000
_BETWEEN_TURNS = ("p", "s", "f", "d")


@dataclass(frozen=True)
class Controls:
    """The state of the keys.

    Shape:   has_keys: keys are read at all; takes_questions: a further question can wait for its turn;
             has_turns: the run goes on in turns, so that it can be paused and steered between them; writes is
             what is being written, NOTE or QUESTION, empty while nothing is; said is what the user has asked
             for last, for people, until the next turn begins; queued are the questions that wait.
    """

    has_keys: bool = False
    takes_questions: bool = False
    has_turns: bool = True
    is_paused: bool = False
    is_folded: bool = False
    shows_keys: bool = False
    writes: str = ""
    text: str = ""
    said: str = ""
    queued: tuple[str, ...] = ()


@dataclass(frozen=True)
class Pressed:
    """What a key has done.

    Shape:   wants_difference: the last draft is to be shown beside the one before.
    """

    controls: Controls
    command: Command | None = None
    wants_difference: bool = False


def keys_line(controls: Controls) -> str:
    """The keys, as the screen explains them."""
    queue = "Tab queue · " if controls.takes_questions else ""
    if not controls.has_turns:
        return f"{queue}c fold"
    return f"p pause · s steer · {queue}f answer · d draft · c fold"


def pressed(controls: Controls, key: str, decision: DecisionAsked | None = None) -> Pressed:
    """What a key does.

    Shape:   key is a character, or `enter`, `tab`, `escape`, `backspace`, `ctrl-u`, `ctrl-w`; decision is
             what the run waits for: its options are chosen by their numbers.
    """
    if controls.writes:
        return _written(controls, key)
    if decision is not None and (choice := _chosen(decision, key)) is not None:
        return Pressed(controls, Decide(decision.id, choice))
    if not controls.has_turns and key.lower() in _BETWEEN_TURNS:
        return Pressed(replace(controls, said="one call gives the answer: nothing to pause or steer"))
    match key:
        case "p" | "P":
            is_paused = not controls.is_paused
            return Pressed(replace(controls, is_paused=is_paused), Pause(is_paused))
        case "s" | "S":
            return Pressed(replace(controls, writes=NOTE, text=""))
        case "tab" if controls.takes_questions:
            return Pressed(replace(controls, writes=QUESTION, text=""))
        case "tab":
            return Pressed(replace(controls, said="no question can wait here: this run gives one answer"))
        case "f" | "F":
            said = "you ask for the answer now"
            return Pressed(replace(controls, said=said, is_paused=False), AnswerNow())
        case "d" | "D":
            return Pressed(controls, wants_difference=True)
        case "c" | "C":
            return Pressed(replace(controls, is_folded=not controls.is_folded))
        case "?":
            return Pressed(replace(controls, shows_keys=not controls.shows_keys))
    return Pressed(controls)


def after(controls: Controls, event: Event, *, has_turns: bool) -> Controls:
    """The keys after an event: what was asked for has come, or a question that waited has its turn."""
    if isinstance(event.body, TurnStarted):
        return replace(controls, said="", has_turns=has_turns)
    if isinstance(event.body, RunStarted) and controls.queued[:1] == (event.body.question,):
        return replace(controls, queued=controls.queued[1:])
    return controls


def _chosen(decision: DecisionAsked, key: str) -> str | None:
    if key == "enter":
        return decision.default or None
    if key.isascii() and key.isdigit() and 1 <= int(key) <= len(decision.options):
        return decision.options[int(key) - 1]
    return None


def _written(controls: Controls, key: str) -> Pressed:
    text = controls.text
    match key:
        case "enter" if text.strip():
            return _sent(controls, text.strip())
        case "enter" | "escape":
            return Pressed(replace(controls, writes="", text=""))
        case "backspace":
            text = text[:-1]
        case "ctrl-u":
            text = ""
        case "ctrl-w":
            text = text[: text.rstrip().rfind(" ") + 1]
        case _ if len(key) == 1 and key.isprintable():
            text = (text + key)[:_WRITTEN_CHARACTERS]
    return Pressed(replace(controls, text=text))


def _sent(controls: Controls, text: str) -> Pressed:
    idle = replace(controls, writes="", text="")
    if controls.writes == QUESTION:
        return Pressed(replace(idle, queued=(*idle.queued, text)), Ask(text))
    said = f"your note for the next turn: {one_line(text, 200)}"
    return Pressed(replace(idle, said=said), Steer(text))
