"""The answer as it grows: the draft that a run would end with if it were stopped now."""

from __future__ import annotations

from typing import Any

import msgspec

from rlm_cli.engine.schemas import fault_of, value_of
from rlm_cli.events.bodies import DraftUpdated
from rlm_cli.events.values import Json


class Drafts:
    """The last state of the answer variable, and how many states there were."""

    def __init__(self, schema: Json) -> None:
        self._schema = schema
        self.count = 0
        self.value: Json = ""
        self.is_ready = False

    @property
    def content(self) -> str:
        """The draft as text."""
        return text_of(self.value)

    def update(self, value: Json, is_ready: bool) -> DraftUpdated | None:
        """Take a new state; the event that tells it, None when nothing has changed."""
        if value == self.value and is_ready == self.is_ready:
            return None
        self.count += 1
        self.value, self.is_ready = value, is_ready
        return DraftUpdated(
            draft=self.count,
            content=self.content,
            ready=is_ready,
            value=None if isinstance(value, str) else value,
        )

    def restore(self, draft: DraftUpdated) -> None:
        """Begin with the last draft of the record."""
        self.count = draft.draft
        self.value = draft.content if draft.value is None else draft.value
        self.is_ready = False

    def checked(self) -> tuple[Any, str]:
        """The value that satisfies the schema, and why it does not (empty when it does)."""
        if self._schema is None:
            return None, ""
        if isinstance(self.value, str):
            return value_of(self.value, self._schema)
        return self.value, fault_of(self.value, self._schema)


def text_of(value: Json) -> str:
    """A draft's value as text: itself, or as indented JSON."""
    if isinstance(value, str):
        return value
    return msgspec.json.format(msgspec.json.encode(value), indent=2).decode()
