"""How long a session of 100,000 events takes to open, and to go to any of its places.

    python -m bench.replay

Beside each figure stands what the plain way takes in the same run: parsing every line as JSON for opening,
and folding from the first event for going to a place.
"""

from __future__ import annotations

import gc
import json
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from rlm_cli.events import Body, Event
from rlm_cli.events.bodies import (
    CellFinished,
    CellOutput,
    CellStarted,
    DraftUpdated,
    ReplyDelta,
    ReplyFinished,
    RunFinished,
    RunStarted,
    SubFinished,
    SubQueued,
    SubStarted,
    TurnStarted,
)
from rlm_cli.events.values import Limits, Usage
from rlm_cli.events.wire import event_fields, to_json
from rlm_cli.stream.header import Header
from rlm_cli.stream.layout import chain_hash
from rlm_cli.stream.reading import read
from rlm_cli.views.run import fold
from rlm_cli.views.seeking import Film

EVENTS = 100_000
SEEKS = 200
OPEN_GOAL_SECONDS, SEEK_GOAL_SECONDS = 1.5, 0.2
_USAGE = Usage(calls=1, tokens_in=900, tokens_out=40, usd=0.001)


def bodies(turns: int) -> Iterator[tuple[str, Body]]:
    """A run of so many turns, about 1,020 events each: deltas, outputs, 200 sub-calls, a draft."""
    limits = Limits(usd=50.0)
    yield (
        "root",
        RunStarted(
            question="Who pays?", root_model="a/b", sub_model="a/c", mode="rlm", limits=limits, prompt_hash=""
        ),
    )
    for turn in range(1, turns + 1):
        span, cell = f"root/t{turn}", f"root/t{turn}/c{turn}"
        yield span, TurnStarted(turn=turn, limit=turns)
        for _ in range(380):
            yield span, ReplyDelta("some words of it ")
        yield span, ReplyFinished(text="some words of it " * 380, model="a/b", usage=_USAGE)
        yield cell, CellStarted(cell=turn, code="for hit in corpus.grep('pays'):\n    print(hit)\n" * 8)
        for _ in range(30):
            yield cell, CellOutput(cell=turn, stream="stdout", text="msa.pdf p. 4: the Supplier pays\n")
        for call in range(1, 201):
            queued = SubQueued(
                cell=turn, op="llm", prompt="Who pays? " * 60, model="a/c", batch=1, index=call, of=200
            )
            yield f"{cell}/s{call}", queued
        for call in range(1, 201):
            yield f"{cell}/s{call}", SubStarted()
            yield f"{cell}/s{call}", SubFinished(status="ok", text="the Supplier", usage=_USAGE)
        yield cell, CellFinished(cell=turn, status="ok", shown="msa.pdf p. 4: the Supplier pays\n" * 30)
        yield span, DraftUpdated(draft=turn, content="The Supplier pays. " * (turn + 10))
    yield "root", RunFinished(status="complete", stop="ready", exit_code=0, answer="The Supplier pays.")


def write(path: Path, told: Iterator[tuple[str, Body]]) -> int:
    """A session file with these events; how many there are."""
    header = Header(run=path.parent.name, started="2026-11-21T11:30:12.000Z", program="0.1.0")
    line = to_json(header.fields())
    path.parent.mkdir(parents=True)
    count = 0
    with path.open("wb") as file:
        file.write(line + b"\n")
        for count, (span, body) in enumerate(told, 1):
            event = Event(seq=count, t=count * 0.01, span=span, body=body)
            line = to_json(event_fields(event, chain_hash(line)))
            file.write(line + b"\n")
    return count


def seconds_of(work: object) -> float:
    """How long a call takes."""
    began = time.perf_counter()
    work()  # type: ignore[operator]
    return time.perf_counter() - began


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "20261121-113012-bench0" / "session.jsonl"
        count = write(path, bodies(EVENTS // 1_016))
        print(f"{count:,} events, {path.stat().st_size / 1e6:.1f} MB")
        raw = path.read_bytes()
        parsing = seconds_of(lambda: [json.loads(line) for line in raw.splitlines()])
        began = time.perf_counter()
        recording = read(path)
        reading = time.perf_counter() - began
        gc.freeze()
        film = Film(recording.events)
        film.at(len(film))
        opening = time.perf_counter() - began
        folding = seconds_of(lambda: fold(recording.events))
        show("open (read, and every turn at hand)", opening, OPEN_GOAL_SECONDS)
        print(f"    reading alone {reading:.2f} s; json.loads of every line {parsing:.2f} s")

        chosen = random.Random(7)
        places = [chosen.randrange(len(film)) for _ in range(SEEKS)]
        seeks = [seconds_of(lambda place=place: film.at(place)) for place in places]  # type: ignore[misc]
        show("go to a place, slowest of 200", max(seeks), SEEK_GOAL_SECONDS)
        print(f"    median {statistics.median(seeks) * 1000:.1f} ms; folding from the start {folding:.2f} s")
        finds = seconds_of(lambda: film.find("no such words", 0))
        show("find words that are not there", finds, None)

        command = [sys.executable, "-m", "rlm_cli", "replay", str(path), "--from", "90", "--to", "90"]
        whole = seconds_of(lambda: subprocess.run(command, capture_output=True, check=True))
        show("rlm replay --from 90 --to 90, the whole command", whole, None)


def show(name: str, seconds: float, goal: float | None) -> None:
    verdict = "" if goal is None else f"  goal ≤ {goal:g} s: {'met' if seconds <= goal else 'MISSED'}"
    print(f"{name:50} {seconds:7.3f} s{verdict}")


if __name__ == "__main__":
    main()
