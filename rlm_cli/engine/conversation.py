"""The conversation with the root model: only ever appended to, so that a provider's prefix cache hits.

When it comes near the model's context window, the oldest turns are taken out in one step and named; the
kernel's `history` keeps them in full, so nothing is summarised away.
"""

from __future__ import annotations

from dataclasses import dataclass

from rlm_cli.base.text import one_line, tokens_estimate
from rlm_cli.events.bodies import HistoryCompacted
from rlm_cli.events.values import Message

_SHARE_OF_WINDOW = 0.75
_KEPT_TURNS = 4


@dataclass(frozen=True)
class _Exchange:
    turn: int
    reply: Message
    report: Message


class Conversation:
    """System prompt, the opening message, then a reply and a report for each turn.

    Units:   window_tokens is the model's context window, None when it is not known.
    """

    def __init__(self, system: str, opening: str, window_tokens: int | None, reserve_tokens: int) -> None:
        self._head = (Message("system", system), Message("user", opening))
        self._exchanges: list[_Exchange] = []
        self._unsent: list[Message] = [self._head[1]]
        self._taken_out: list[str] = []
        self._room = (
            None if window_tokens is None else int((window_tokens - reserve_tokens) * _SHARE_OF_WINDOW)
        )

    def messages(self) -> tuple[Message, ...]:
        """All messages of the next request."""
        head = self._head
        if self._taken_out:
            note = "\n".join(
                [
                    "(Earlier turns were taken out of this conversation. `history[i].code`, `.output` and "
                    "`.reply` still hold them in full, and all variables are as you left them:)",
                    *self._taken_out,
                ]
            )
            head = (head[0], Message("user", f"{head[1].content}\n\n{note}"))
        return (*head, *(message for each in self._exchanges for message in (each.reply, each.report)))

    def add(self, turn: int, reply: str, report: str) -> None:
        """A reply of the model, and what came of it."""
        exchange = _Exchange(turn, Message("assistant", reply), Message("user", report))
        self._exchanges.append(exchange)
        self._unsent.append(exchange.report)

    def follow(self, text: str) -> None:
        """The user's next words, behind everything that was said, as the end of our last message."""
        if self._exchanges:
            last = self._exchanges[-1]
            report = Message("user", f"{last.report.content}\n\n{text}")
            self._exchanges[-1] = _Exchange(last.turn, last.reply, report)
            self._unsent = [report]
        else:
            self._head = (self._head[0], Message("user", f"{self._head[1].content}\n\n{text}"))
            self._unsent = [self._head[1]]

    def take_unsent(self) -> list[Message]:
        """The messages of ours that no request has carried yet: what a session has to record."""
        unsent, self._unsent = self._unsent, []
        return unsent

    def restore(self, turn: int, reply: str, report: str) -> None:
        """An exchange of the record, compacted as it was when it was made; its report counts as unsent."""
        self.compact()
        self.add(turn, reply, report)
        self._unsent = self._unsent[-1:]

    def compact(self) -> HistoryCompacted | None:
        """Take out the oldest turns when the window is nearly full; None when there is room."""
        if self._room is None or len(self._exchanges) <= _KEPT_TURNS:
            return None
        before = self._characters()
        if tokens_estimate(before) <= self._room:
            return None
        old, self._exchanges = self._exchanges[:-_KEPT_TURNS], self._exchanges[-_KEPT_TURNS:]
        self._taken_out += [f"turn {each.turn}: {one_line(each.reply.content, 120)}" for each in old]
        return HistoryCompacted(
            first_turn=old[0].turn,
            last_turn=old[-1].turn,
            characters_before=before,
            characters_after=self._characters(),
        )

    def _characters(self) -> int:
        return sum(len(message.content) for message in self.messages())
