"""A Session that keeps its events in a list."""

from __future__ import annotations

from typing import TypeVar

from rlm_cli.events import Body

B = TypeVar("B")


class ListSession:
    """Every event as (span, body), in order."""

    def __init__(self) -> None:
        self.events: list[tuple[str, Body]] = []

    def emit(self, span: str, body: Body) -> None:
        self.events.append((span, body))

    def all(self, kind: type[B]) -> list[B]:
        """The bodies of one kind."""
        return [body for _, body in self.events if isinstance(body, kind)]
