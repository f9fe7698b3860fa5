"""What every Session must do: the bus with a journal and without one, and the fake of other tests."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from rlm_cli.events import Body
from rlm_cli.events.bodies import CellStarted, ReplyDelta, ReplyFinished, RunFinished, TurnStarted
from rlm_cli.events.values import Usage
from rlm_cli.ports import Session
from rlm_cli.stream.bus import Bus
from rlm_cli.stream.header import Header
from rlm_cli.stream.journal import Journal
from rlm_cli.stream.reading import read
from tests.fakes.clock import QuickClock
from tests.fakes.session import ListSession
from tests.fakes.story import STORY

Told = Callable[[], list[tuple[str, Body]]]


def _listed(tmp_path: Path) -> tuple[Session, Told]:
    session = ListSession()
    return session, lambda: session.events


def _unrecorded(tmp_path: Path) -> tuple[Session, Told]:
    bus = Bus(QuickClock())
    face = bus.subscribe(merges=False)

    def told() -> list[tuple[str, Body]]:
        bus.close()
        waiting = list(face._waiting)
        return [(event.span, event.body) for event in waiting]

    return bus, told


def _recorded(tmp_path: Path) -> tuple[Session, Told]:
    journal = Journal.create(tmp_path / "run", Header(run="run"))
    bus = Bus(QuickClock(), journal)

    def told() -> list[tuple[str, Body]]:
        bus.close()
        return [(event.span, event.body) for event in read(journal.path).events]

    return bus, told


@pytest.fixture(params=[_listed, _unrecorded, _recorded])
def session(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Session, Told]:
    made: tuple[Session, Told] = request.param(tmp_path)
    return made


def test_events_are_kept_whole_and_in_order(session: tuple[Session, Told]) -> None:
    emit, told = session[0].emit, session[1]
    steps = [(span, body) for _, span, body in STORY if not isinstance(body, ReplyDelta)]
    for span, body in steps:
        emit(span, body)
    assert told() == steps


def test_the_pieces_of_a_reply_come_before_what_follows_them(session: tuple[Session, Told]) -> None:
    emit, told = session[0].emit, session[1]
    for piece in "abc":
        emit("root/t1", ReplyDelta(piece))
    emit("root/t1", ReplyFinished(text="abc", model="m", usage=Usage()))
    emit("root/t1/c1", CellStarted(cell=1, code=""))
    seen = told()
    pieces = [body for _, body in seen if isinstance(body, ReplyDelta)]
    assert "".join(body.text for body in pieces) == "abc"
    assert [type(body) for _, body in seen[len(pieces) :]] == [ReplyFinished, CellStarted]


def test_a_child_run_may_end_before_the_run_goes_on(session: tuple[Session, Told]) -> None:
    emit, told = session[0].emit, session[1]
    end = RunFinished(status="complete", stop="ready", exit_code=0, answer="x")
    steps: list[tuple[str, Body]] = [
        ("root/t1/c1/s1", end),
        ("root", TurnStarted(turn=2)),
        ("root", end),
    ]
    for span, body in steps:
        emit(span, body)
    assert told() == steps
