"""What the offline root model writes next: a cell, chosen from the conversation so far and nothing else.

Owns the order of the steps, what happens when one fails or turns are short, and the values that cells
start from. The cells themselves stand in `cells/`, as a person would write them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources

from rlm_cli.events.values import Message
from rlm_cli.models.offline.related import asks_to_compare, is_comparing, related_to
from rlm_cli.models.offline.words import content_words, word_pattern

LABEL = (
    "*Made by extraction, without a language model: quotations found by ranked search, not a reading of the"
    " documents. To have them read, configure a model: `rlm help keys`.*"
)
_MOST_PASSAGES = 120
_STEPS = {
    "look": "I look at what there is.",
    "search": "I search for the words of the question, and for other words that say the same.",
    "learn": "I learn from those places how this corpus puts it, and pick what is worth reading.",
    "ask": "I hand the best passages to sub-calls, which pick the sentences that bear on the question.",
    "draft": "I draft the answer from quotations, each with its mark.",
    "finish": "I check every quotation at its place, and finish.",
    "rescue": "That did not work. I take the plain way: the lines that hold the words of the question.",
    "give_up": "That did not work either. I say so.",
}
_ORDER = ("look", "search", "learn", "ask", "draft", "finish")
_AFTER = {"rescue": "finish", "finish": "finish", "give_up": "give_up"}


@dataclass(frozen=True)
class Situation:
    """Where the conversation stands.

    Units:   turns_left counts the one that is asked for; None when there is no limit.
    Shape:   done is the last step that was written, None at the start; failed says that its cell did.
    """

    question: str
    done: str | None
    failed: bool
    turns_left: int | None
    calls: int | None


def reply(messages: Sequence[Message]) -> str:
    """The next reply: a sentence for each step, and one fenced cell."""
    situation = situation_of(messages)
    steps = next_steps(situation)
    code = [_cell(step) for step in steps]
    if steps[0] in ("search", "rescue", "give_up") or "search" in steps:
        code.insert(0, _start(situation))
    prose = " ".join(_STEPS[step] for step in steps)
    return f"{prose}\n\n```repl\n" + "\n\n".join(part.strip("\n") for part in code) + "\n```"


def situation_of(messages: Sequence[Message]) -> Situation:
    """What the messages say about where the run stands."""
    asked = max((at for at, each in enumerate(messages) if _question(each) is not None), default=0)
    question = (_question(messages[asked]) if messages else "") or ""
    replies = [each.content for each in messages[asked:] if each.role == "assistant"]
    last = messages[-1].content if messages else ""
    turn = re.search(r"(?m)^Turn (\d+)(?:/(\d+))?", last)
    turns_left = int(turn[2]) - int(turn[1]) + 1 if turn and turn[2] else None
    if "the last: set the answer now" in last:
        turns_left = 1
    calls = re.search(r"(?m)^Limits: ([\d,]+) sub-calls", messages[asked].content) if messages else None
    return Situation(
        question=" ".join(question.split()),
        done=_last_step(replies[-1]) if replies else None,
        failed=bool(replies) and re.search(r"(?m)^Cell \d+: (?!ran\b)", last) is not None,
        turns_left=turns_left,
        calls=int(calls[1].replace(",", "")) if calls else None,
    )


def next_steps(situation: Situation) -> list[str]:
    """The steps of the next cell: one, or all that remain when turns are short."""
    done = situation.done
    if situation.failed and done is not None:
        steps = ["give_up"] if done in ("rescue", "give_up") else ["rescue", "finish"]
    elif done is None:
        steps = list(_ORDER)
    elif done in _AFTER:
        steps = [_AFTER[done]]
    else:
        steps = list(_ORDER[_ORDER.index(done) + 1 :])
    together = 1 if situation.turns_left is None else max(1, len(steps) - situation.turns_left + 1)
    return steps[:together]


def _start(situation: Situation) -> str:
    """The values that cells work with, as the first lines of a cell."""
    words = content_words(situation.question)
    telling = [word for word in words if not is_comparing(word)] or words or ["."]
    patterns = {word: word_pattern(word) for word in telling}
    most = min(_MOST_PASSAGES, situation.calls or _MOST_PASSAGES)
    return "\n".join(
        [
            f"question = {situation.question!r}",
            f"sought = {patterns!r}",
            f"related = {related_to(situation.question)!r}",
            f"compares = {asks_to_compare(situation.question)!r}",
            f"most = {most}",
            f"label = {LABEL!r}",
        ]
    )


def _question(message: Message) -> str | None:
    found = re.search(r"<question>\s*(.*?)\s*</question>", message.content, re.DOTALL)
    return found[1] if found and message.role == "user" else None


def _last_step(text: str) -> str | None:
    written = [step for step, sentence in _STEPS.items() if sentence in text]
    return written[-1] if written else None


def _cell(step: str) -> str:
    return resources.files("rlm_cli.models.offline").joinpath(f"cells/{step}.cell").read_text("utf-8")
