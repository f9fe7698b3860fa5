"""The conversation in which a question stands: a new one, or that of the session with it behind."""

from __future__ import annotations

from rlm_cli.engine import briefing
from rlm_cli.engine.asked import Asked
from rlm_cli.engine.conversation import Conversation
from rlm_cli.engine.rebuilding import new_conversation
from rlm_cli.engine.rerunning import clear_answer
from rlm_cli.engine.resuming import Begun
from rlm_cli.engine.sitting import Sitting
from rlm_cli.engine.tree import Tree
from rlm_cli.ports import Corpus, Kernel


async def conversation_of(
    tree: Tree, corpus: Corpus, asked: Asked, sitting: Sitting, begun: Begun | None, kernel: Kernel
) -> Conversation:
    """The conversation with this question in it; the answer variable is empty for it.

    Shape:   a question that goes on stands in its conversation already, if it was ever told.
    """
    if sitting.conversation is not None and begun is not None and begun.turns:
        return sitting.conversation
    settings = tree.settings
    allows_children = asked.depth + 1 < settings.limits.depth
    if sitting.cells:
        await clear_answer(tree.citations, corpus, kernel)
    if sitting.conversation is not None:
        if begun is None or not begun.is_told:
            turns = settings.limits.turns
            limit = None if turns is None else sitting.turns + turns
            line, notes = briefing.turn_line(sitting.turns + 1, limit), sitting.take_notes()
            text = briefing.follow_up(asked.question, settings.limits, allows_children, notes, line)
            sitting.conversation.follow(text)
        return sitting.conversation
    schema = settings.schema if asked.depth == 0 else None
    opening = briefing.opening(asked.question, corpus, settings.limits, schema, allows_children)
    parts = [briefing.with_earlier(opening, sitting.earlier), *sitting.take_notes()]
    return new_conversation(tree, "\n\n".join(parts))
