"""How large the page of a session with 2,000 sub-calls is, and how soon a browser shows it.

    python -m bench.export

Beside it stands a page that holds the same story unpacked. The browser part needs Chromium.
"""

from __future__ import annotations

import asyncio
import random
import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec

from rlm_cli.events import Body, Event
from rlm_cli.events.bodies import (
    CellFinished,
    CellStarted,
    DraftUpdated,
    ReplyFinished,
    RunFinished,
    RunStarted,
    SubFinished,
    SubQueued,
    SubStarted,
    TurnStarted,
)
from rlm_cli.events.values import Citation, Limits, Usage
from rlm_cli.faces.export.account import Origin, Passage
from rlm_cli.faces.export.html import page_within
from rlm_cli.faces.export.secrets import Cleaner
from rlm_cli.faces.export.story import Story
from rlm_cli.faces.export.telling import story_of
from tests.servers.browser import Browser, program

CALLS, TURNS = 2_000, 10
PROMPT_WORDS = 700
PAGE_GOAL_BYTES, PAINT_GOAL_SECONDS = 5_000_000, 1.0
OPENINGS = 5
_USAGE = Usage(calls=1, tokens_in=900, tokens_out=40, usd=0.001)


def bodies() -> Iterator[tuple[str, Body]]:
    """A run whose prompts hold passages of their own: words of a vocabulary of 20,000, which pack badly."""
    chosen = random.Random(7)
    words = ["".join(chosen.choices("etaoinshrdlucmfwyp", k=chosen.randint(2, 9))) for _ in range(20_000)]

    def text(count: int) -> str:
        return " ".join(chosen.choices(words, k=count))

    limits = Limits(usd=50.0)
    yield (
        "root",
        RunStarted(
            question="Who pays?", root_model="a/b", sub_model="a/c", mode="rlm", limits=limits, prompt_hash=""
        ),
    )
    per_turn = CALLS // TURNS
    for turn in range(1, TURNS + 1):
        span, cell = f"root/t{turn}", f"root/t{turn}/c{turn}"
        yield span, TurnStarted(turn=turn, limit=TURNS)
        yield span, ReplyFinished(text=text(60), model="a/b", usage=_USAGE)
        yield cell, CellStarted(cell=turn, code="replies = llm_batch(prompts)\n" * 20)
        for call in range(1, per_turn + 1):
            queued = SubQueued(
                cell=turn, op="llm", prompt=text(PROMPT_WORDS), model="a/c", batch=1, index=call, of=per_turn
            )
            yield f"{cell}/s{call}", queued
            yield f"{cell}/s{call}", SubStarted()
            yield f"{cell}/s{call}", SubFinished(status="ok", text=text(40), usage=_USAGE)
        yield cell, CellFinished(cell=turn, status="ok", shown=text(800))
        yield span, DraftUpdated(draft=turn, content=". ".join(text(12) for _ in range(20 * turn)))
    answer = "\n\n".join(f"{text(60)} [{number}]" for number in range(1, 41))
    citations = [
        Citation(id=number, path="a.pdf", quote=text(20), page=number, checked=True)
        for number in range(1, 41)
    ]
    yield (
        "root",
        RunFinished(status="complete", stop="ready", exit_code=0, answer=answer, citations=citations),
    )


async def paints(page: Path) -> list[tuple[float, float]]:
    """Seconds until the first paint, and until everything can be used, of several openings."""
    found = []
    path = program()
    assert path is not None
    async with Browser(path) as browser:
        await browser.size(1280, 800)
        for _ in range(OPENINGS + 1):
            await browser.open(page)
            await browser.until("performance.getEntriesByType('paint').length > 0")
            paint = await browser.run("performance.getEntriesByType('paint')[0].startTime")
            ready = await browser.run("performance.timing.loadEventEnd - performance.timing.navigationStart")
            found.append((paint / 1000, ready / 1000))
        if browser.requests != [page.as_uri()] * (OPENINGS + 1):
            raise SystemExit(f"the page asked for something: {browser.requests}")
    return found[1:]


def main() -> None:
    events = [Event(seq=n, t=n * 0.01, span=span, body=body) for n, (span, body) in enumerate(bodies(), 1)]
    passages = {n: Passage("before " * 150, "quoted", "after " * 150, "file") for n in range(1, 41)}

    def story(limit: int) -> Story:
        return story_of(events, Origin("20261121-113012-bench0", passages=passages), Cleaner(), limit)

    began = time.perf_counter()
    page = page_within(story)
    seconds = time.perf_counter() - began
    unpacked = len(msgspec.json.encode(story(40_000)))
    show(f"the page of {CALLS:,} sub-calls", len(page) / 1e6, "MB", PAGE_GOAL_BYTES / 1e6)
    print(f"    made in {seconds:.1f} s; the same story unpacked: {unpacked / 1e6:.1f} MB")
    if program() is None:
        print("first paint: not measured, there is no Chromium on this machine")
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "page.html"
        path.write_text(page, "utf-8")
        found = asyncio.run(paints(path))
    show("first paint, median", statistics.median(paint for paint, _ in found), "s", PAINT_GOAL_SECONDS)
    show("loaded, median", statistics.median(ready for _, ready in found), "s", None)


def show(name: str, figure: float, unit: str, goal: float | None) -> None:
    verdict = "" if goal is None else f"  goal ≤ {goal:g} {unit}: {'met' if figure <= goal else 'MISSED'}"
    print(f"{name:40} {figure:7.2f} {unit}{verdict}")


if __name__ == "__main__":
    main()
