"""The bus: stamps what happens, writes it to the journal first, then offers it to the faces.

Owns the numbers and times of events; must never know what they are about, nor draw anything. Everything
here runs on one event loop's thread and nothing waits: a slow face has its own queue.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

from rlm_cli.base.errors import SessionError
from rlm_cli.base.text import counted
from rlm_cli.events import Body, Event, parent_span
from rlm_cli.events.bodies import Notice, ReplyDelta, RunFinished
from rlm_cli.ports import Clock
from rlm_cli.stream.journal import Journal
from rlm_cli.stream.subscription import Subscription

DELTA_SECONDS = 0.05


class Bus:
    """Implements `ports.Session`.

    Units:   pieces of replies are gathered for at most 0.05 s (20 events a second) before they are an event;
             seconds_before is the time of the last event of a session that goes on.
    Shape:   journal None records nothing (`--no-save`).
    """

    def __init__(self, clock: Clock, journal: Journal | None = None, seconds_before: float = 0.0) -> None:
        self._clock = clock
        self._journal = journal
        self._zero = clock.now() - seconds_before
        self._seq = journal.seq if journal else 0
        self._faces: list[Subscription] = []
        self._gathered: dict[tuple[str, int], list[str]] = {}
        self._gathered_at = float("-inf")
        self._timer: asyncio.Task[None] | None = None
        self._failure: SessionError | None = None
        self._is_failure_told = False
        self._lost = 0
        self._is_closed = False

    def subscribe(self, *, merges: bool = True) -> Subscription:
        """The events from now on, for one face; ends when the bus is closed.

        Shape:   merges False gives every event as it was recorded, for faces that print the record.
        """
        face = Subscription(merges, self._forget)
        if self._is_closed:
            face.end()
        else:
            self._faces.append(face)
        return face

    def emit(self, span: str, body: Body) -> None:
        """Say that something happened.

        Errors:  SessionError, once, when the record cannot be written. From then on nothing but the end of
                 the run is recorded or shown, so that what cleans up is not hindered; the end is shown to
                 the faces in any case.
        """
        if self._is_closed:
            raise SessionError("the session is closed", "an event came after its end")
        if isinstance(body, ReplyDelta):
            self._gather(span, body)
        else:
            self._flush()
            if isinstance(body, RunFinished) and not parent_span(span):
                self._finish(span, body)
                return
            self._record(span, body)
        if self._failure is not None and not self._is_failure_told:
            self._is_failure_told = True
            raise self._failure

    def close(self) -> None:
        """End the stream: the journal is sealed, every face comes to its end. A second time does nothing."""
        if self._is_closed:
            return
        self._flush()
        self._is_closed = True
        if self._timer is not None:
            self._timer.cancel()
        if self._journal is not None:
            self._journal.close()
        for face in self._faces:
            face.end()
        self._faces.clear()

    def _forget(self, face: Subscription) -> None:
        if face in self._faces:
            self._faces.remove(face)

    def _record(self, span: str, body: Body) -> None:
        if self._failure is not None:
            self._lost += 1
            return
        event = self._stamped(span, body)
        self._failure = self._journalled(event)
        if self._failure is not None and not self._is_written(event):
            self._lost += 1
            return
        self._offer(event)

    def _finish(self, span: str, body: RunFinished) -> None:
        """The end of the run reaches the faces even if the disk does not take it."""
        if self._failure is not None:
            if self._journal is not None:
                self._journal.release_reserve()
            incomplete = self._stamped(span, self._incomplete(counted(self._lost, "event") + " lost"))
            self._journalled(incomplete)
            self._offer(incomplete)
        event = self._stamped(span, body)
        failure = self._journalled(event)
        if failure is not None and self._failure is None:
            self._failure = failure
            self._offer(self._stamped(span, self._incomplete("the end of the run is not in it")))
            event = self._stamped(span, body)
        self._offer(event)

    def _incomplete(self, what_is_lost: str) -> Notice:
        assert self._failure is not None
        text = f"{self._failure.what}: {self._failure.why}; {what_is_lost}"
        return Notice(level="error", code="session_incomplete", text=text)

    def _journalled(self, event: Event) -> SessionError | None:
        if self._journal is None:
            return None
        try:
            self._journal.append(event)
        except SessionError as error:
            return error
        return None

    def _is_written(self, event: Event) -> bool:
        return self._journal is not None and self._journal.seq == event.seq

    def _stamped(self, span: str, body: Body) -> Event:
        return Event(seq=self._seq + 1, t=round(self._clock.now() - self._zero, 4), span=span, body=body)

    def _offer(self, event: Event) -> None:
        self._seq = event.seq
        for face in self._faces:
            face.offer(event)

    def _gather(self, span: str, delta: ReplyDelta) -> None:
        self._gathered.setdefault((span, delta.attempt), []).append(delta.text)
        if self._clock.now() - self._gathered_at >= DELTA_SECONDS:
            self._flush()
        elif self._timer is None or self._timer.done():
            self._timer = _task(self._flush_later())

    async def _flush_later(self) -> None:
        """Show what was gathered when no further piece comes; a failure is told by the next `emit`."""
        await self._clock.sleep(self._gathered_at + DELTA_SECONDS - self._clock.now())
        self._flush()

    def _flush(self) -> None:
        if not self._gathered:
            return
        gathered, self._gathered = self._gathered, {}
        self._gathered_at = self._clock.now()
        for (span, attempt), texts in gathered.items():
            self._record(span, ReplyDelta("".join(texts), attempt))


def _task(work: Coroutine[Any, Any, None]) -> asyncio.Task[None] | None:
    try:
        return asyncio.get_running_loop().create_task(work)
    except RuntimeError:
        work.close()
        return None
