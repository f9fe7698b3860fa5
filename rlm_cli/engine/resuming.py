"""How a question goes on where its record ends: which of its turns stand, and which reply is used again.

Pure. A turn stands when its cell has run to an end; a reply whose cell has not is taken without asking again.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace

from rlm_cli.engine.past import Past, PastQuestion, PastTurn
from rlm_cli.engine.recipe import Given
from rlm_cli.ports import CellResult


@dataclass(frozen=True)
class Begun:
    """A question that was asked before, and goes on where its record ends: see `rebuilding`.

    Shape:   turns are those of it that stand; is_told: the conversation holds the question. last is how the
             cell of the last turn ended when it was run again, None when it had none.
    """

    question: PastQuestion
    turns: tuple[PastTurn, ...] = ()
    is_told: bool = False
    last: CellResult | None = None

    def with_last(self, last: CellResult | None) -> Begun:
        """The same, once its cells were run again."""
        return replace(self, last=last)


@dataclass(frozen=True)
class Resumption:
    """What stands of a session, and how its last question goes on."""

    past: Past
    begun: Begun
    recipe: Given


def resumption(past: Past) -> Resumption:
    """How the last question of a session goes on; the session has one.

    Shape:   behind a stop, a last turn that was broken off by it is made again; what it has paid for stays
             known. A question that went to the model whole is asked again, and answered from the record.
    """
    question = past.questions[-1]
    own = [turn for turn in past.turns if turn.number > question.turns_before]
    kept = [] if question.is_direct else list(itertools.takewhile(lambda turn: turn.is_whole, own))
    if kept and question.finished is not None and not kept[-1].is_sound:
        kept.pop()
    last = kept[-1].number if kept else question.turns_before
    left = [] if question.is_direct else [turn for turn in own if turn.number > last and turn.reply]
    begun = Begun(question, tuple(kept), is_told=any(turn.asked for turn in [*kept, *left]))
    recipe = Given({turn.number: turn.reply for turn in left[:1] if turn.reply is not None})
    return Resumption(past.up_to(last).reopened(), begun, recipe)
