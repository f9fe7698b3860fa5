"""The messages that models were sent and have sent back, as JSON: each run's conversation, and each sub-call.

{"schema": "rlm.messages/1", "session": …, "conversations": [
  {"span": "root", "model": …, "messages": [{"role": "user", "content": …}, …]}, …], "removed": […]}

The instructions that a model gets in front of them belong to the program's version, which the session names.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

from rlm_cli.events import Event, bodies, run_span
from rlm_cli.faces.export.secrets import Cleaner

SCHEMA = "rlm.messages/1"
Conversation = dict[str, Any]


def to_messages(events: Iterable[Event], session: str, cleaner: Cleaner) -> bytes:
    """The conversations of a session in the order in which they began; what was taken back is left out."""
    teller = _Conversations(cleaner)
    for event in events:
        teller.take(event)
    conversations = [each for each in teller.found() if each["messages"]]
    told = {
        "schema": SCHEMA,
        "session": session,
        "conversations": conversations,
        "removed": cleaner.account(),
    }
    return msgspec.json.format(msgspec.json.encode(told), indent=1) + b"\n"


class _Conversations:
    """Conversations by their span; those of runs turn by turn, for a turn may be taken back."""

    def __init__(self, cleaner: Cleaner) -> None:
        self._cleaner = cleaner
        self._turns: dict[str, list[tuple[int, str, list[dict[str, str]]]]] = {}
        self._calls: dict[str, Conversation] = {}
        self._order: dict[str, None] = {}

    def take(self, event: Event) -> None:
        """Take what a model was sent, or has said."""
        span = event.span
        match event.body:
            case bodies.ReplyFinished() as reply:
                run, number = run_span(span), span.rpartition("/t")[2]
                said = [self._message(each.role, each.content) for each in reply.messages]
                said.append(self._message("assistant", reply.text))
                turn = int(number) if number.isdigit() else 0
                self._turns.setdefault(run, []).append((turn, reply.model, said))
                self._order[run] = None
            case bodies.SubQueued(op="llm") as queued:
                asked = [self._message("user", queued.prompt)]
                self._calls[span] = {"span": span, "model": queued.model, "messages": asked}
                self._order[span] = None
            case bodies.SubFinished() as finished if span in self._calls and finished.text:
                self._calls[span]["messages"].append(self._message("assistant", finished.text))
            case bodies.RunResumed() as resumed:
                self._take_back(resumed)

    def found(self) -> Iterable[Conversation]:
        """The conversations."""
        for span in self._order:
            turns = self._turns.get(span, [])
            if span in self._calls:
                yield self._calls[span]
            elif turns:
                messages = [message for _, _, said in turns for message in said]
                yield {"span": span, "model": turns[-1][1], "messages": messages}

    def _take_back(self, resumed: bodies.RunResumed) -> None:
        self._turns["root"] = [each for each in self._turns.get("root", []) if each[0] < resumed.turn]
        for span in [each for each in self._order if root_cell(each) >= resumed.cell]:
            self._order.pop(span)

    def _message(self, role: str, content: str) -> dict[str, str]:
        return {"role": role, "content": self._cleaner.clean(content)}


def root_cell(span: str) -> int:
    """The number of the root run's cell below which a span lies; 0 where there is none."""
    found = [part[1:] for part in span.split("/")[1:3] if part[:1] == "c"]
    return int(found[0]) if found and found[0].isdigit() else 0
