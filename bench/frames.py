"""What a frame of the live view costs, and whether a slow terminal slows the run that is shown.

    python -m bench.frames

Frames: 2,000 sub-calls under way, ten of their events a frame; and a reply of 16 kB of Markdown that streams
in, 80 characters a frame, which is 800 a second. Composed as the stage does, beside Rich's way with `Live`:
the whole reply as Markdown and the calls as a grid, drawn again each time. They are measured in time of the
processor, which does not depend on who else uses the machine.
The run: events at 10,000 a second through a bus, once with nobody watching, once with the live face on a
terminal that takes nothing; what the producer was late by at the end.
"""

from __future__ import annotations

import asyncio
import io
import statistics
import threading
import time
from collections.abc import Callable

from rlm_cli.events import Event
from rlm_cli.events.bodies import (
    CellStarted,
    CorpusLoaded,
    KernelReady,
    ReplyDelta,
    RunFinished,
    RunStarted,
    SubFinished,
    SubQueued,
    SubStarted,
    TurnStarted,
)
from rlm_cli.events.values import Limits, Usage
from rlm_cli.faces.live.face import LiveFace, Screen
from rlm_cli.faces.live.keeping import kept_rows
from rlm_cli.faces.live.painting import Painter
from rlm_cli.faces.live.stage import Picture, moving_rows
from rlm_cli.faces.live.styling import Style
from rlm_cli.faces.options import FaceOptions
from rlm_cli.faces.output import Look, Output, Sink
from rlm_cli.stream.bus import Bus
from rlm_cli.stream.clock import MonotonicClock
from rlm_cli.views.controls import Controls
from rlm_cli.views.line import Verbosity
from rlm_cli.views.watched import Watched, watch

CALLS, REPLY_BYTES, DELTA_CHARACTERS = 2_000, 16_000, 40
EVENTS_A_SECOND, SECONDS = 10_000, 2.0
GOAL_MS = 5.0
WARM_UP = 10
_SIZE = (80, 24)
_BLOCK = (
    "## Caps of liability\n\nThe **supplier** accepts a cap of `$2 M` in every contract of the group, with\n"
    "two exceptions that are named below.\n\n- first exception, in the contract of 2019\n"
    "- second exception, in that of 2021\n\n| contract | cap |\n|---|---|\n| msa_2019 | none |\n"
    "| nda_2021 | $1 M |\n\n"
)


def opening() -> list[tuple[str, object]]:
    """The first events of a run."""
    return [
        (
            "root",
            RunStarted(
                question="caps?",
                root_model="openai/gpt-5",
                sub_model="openai/gpt-5-mini",
                mode="auto",
                limits=Limits(usd=2.0, turns=20),
                prompt_hash="0" * 64,
            ),
        ),
        (
            "root",
            CorpusLoaded(documents=214, characters=10**7, bytes=10**7, tokens=10**6, fingerprint="f" * 32),
        ),
        ("root", KernelReady(python="3.11", sandbox="sandbox: on", tier="A")),
        ("root/t1", TurnStarted(turn=1, limit=20)),
    ]


def streaming() -> list[tuple[str, object]]:
    """A reply of 16 kB that streams in."""
    text = (_BLOCK * (REPLY_BYTES // len(_BLOCK) + 1))[:REPLY_BYTES]
    pieces = [text[at : at + DELTA_CHARACTERS] for at in range(0, len(text), DELTA_CHARACTERS)]
    return [("root/t1", ReplyDelta(piece)) for piece in pieces]


def fan_out(calls: int = CALLS) -> list[tuple[str, object]]:
    """A cell with so many sub-calls, each of which starts and ends."""
    cell = "root/t1/c1"
    queued = [
        (f"{cell}/s{n}", SubQueued(cell=1, op="llm", prompt="p" * 200, model="m", batch=1, index=n, of=calls))
        for n in range(calls)
    ]
    ended: list[tuple[str, object]] = []
    for n in range(calls):
        usage = Usage(calls=1, tokens_in=700, tokens_out=40, usd=0.0001)
        ended.append((f"{cell}/s{n}", SubStarted()))
        ended.append((f"{cell}/s{n}", SubFinished(status="ok", text="no cap here", usage=usage)))
    return [(cell, CellStarted(cell=1, code="replies = llm_batch(prompts)")), *queued, *ended]


def frames(bodies: list[tuple[str, object]], look_at: Callable[[object], bool], apart: int) -> list[float]:
    """What each frame costs: what has changed is made into rows, and those into bytes.

    Units:   milliseconds; apart is how many events there are from one frame to the next.
    """
    watched, painter, style, milliseconds = Watched(), Painter(), Style(), []
    lines = []
    for number, (span, body) in enumerate([*opening(), *bodies], 1):
        event = Event(seq=number, t=number / 1000, span=span, body=body)  # type: ignore[arg-type]
        watched, more = watch(watched, event, Verbosity.NORMAL)
        lines += more
        if not look_at(body) or number % apart:
            continue
        began = time.thread_time()
        kept = kept_rows(lines, style, _SIZE[0])
        picture = Picture(watched, Controls(has_keys=True), tempo=0.0)
        painter.frame(kept, moving_rows(picture, style, _SIZE, 0.0), _SIZE[1]).encode()
        milliseconds.append(1000 * (time.thread_time() - began))
        lines = []
    return milliseconds[WARM_UP:]


def rich_frames() -> list[float]:
    """The same reply and grid as one Rich renderable that is drawn whole, as `Live` does."""
    from rich.console import Console, Group
    from rich.markdown import Markdown
    from rich.text import Text

    console = Console(file=io.StringIO(), force_terminal=True, width=_SIZE[0], height=_SIZE[1])
    text = (_BLOCK * (REPLY_BYTES // len(_BLOCK) + 1))[:REPLY_BYTES]
    milliseconds = []
    for _ in range(11):
        began = time.thread_time()
        grid = Text()
        for number in range(CALLS):
            grid.append("✓" if number % 3 else "■", style="green" if number % 3 else "cyan")
        console.print(Group(Markdown(text), grid))
        milliseconds.append(1000 * (time.thread_time() - began))
    return milliseconds


class Stuck:
    """A terminal that takes nothing until it is released. Implements `Terminal`."""

    def __init__(self) -> None:
        self.may_write = threading.Event()
        self.written = 0

    def size(self) -> tuple[int, int]:
        return _SIZE

    def write(self, text: str) -> None:
        self.may_write.wait()
        self.written += len(text)

    def is_ours(self) -> bool:
        return True


async def lateness(is_watched: bool) -> tuple[float, float]:
    """Seconds by which a producer of 10,000 events a second is late at the end, and its longest wait."""
    bus, stuck = Bus(MonotonicClock()), Stuck()
    nowhere = Sink(lambda data: None, Look())
    face = LiveFace(Output(nowhere, nowhere), FaceOptions(), Screen(stuck, Style()))
    watching = asyncio.ensure_future(face(bus.subscribe(), lambda command: None)) if is_watched else None
    for span, body in opening():
        bus.emit(span, body)  # type: ignore[arg-type]
    bodies = fan_out(int(EVENTS_A_SECOND * SECONDS / 3))
    began, longest, previous = time.perf_counter(), 0.0, time.perf_counter()
    for number, (span, body) in enumerate(bodies):
        bus.emit(span, body)  # type: ignore[arg-type]
        ahead = began + number / EVENTS_A_SECOND - time.perf_counter()
        if ahead > 0.001:
            await asyncio.sleep(ahead)
        elif number % 100 == 0:
            await asyncio.sleep(0)
        longest = max(longest, time.perf_counter() - previous)
        previous = time.perf_counter()
    late = time.perf_counter() - began - len(bodies) / EVENTS_A_SECOND
    bus.emit("root", RunFinished(status="complete", stop="ready", exit_code=0, answer="yes"))
    bus.close()
    stuck.may_write.set()
    if watching is not None:
        await watching
    return max(0.0, late), longest


def measure() -> dict[str, float]:
    """Every figure by its name, in milliseconds."""
    reply = frames(streaming(), lambda body: isinstance(body, ReplyDelta), 2)
    calls = frames(fan_out(), lambda body: isinstance(body, SubFinished | SubStarted), 10)
    found = {"reply median": statistics.median(reply), "reply longest": max(reply)}
    found |= {"calls median": statistics.median(calls), "calls longest": max(calls)}
    found["rich median"] = statistics.median(rich_frames())
    for name, is_watched in (("unwatched", False), ("watched", True)):
        late, longest = asyncio.run(lateness(is_watched))
        found |= {f"{name} late": 1000 * late, f"{name} longest": 1000 * longest}
    return found


def main() -> None:
    """Measure, and print the figures beside their goals."""
    found = measure()
    for name, value in found.items():
        print(f"{name:20} {value:9.2f} ms")
    for name in ("reply median", "calls median"):
        verdict = "met" if found[name] <= GOAL_MS else "MISSED"
        ratio = found["rich median"] / found[name]
        print(f"{name}: goal ≤ {GOAL_MS:g} ms: {verdict}; drawn whole by Rich: {ratio:.0f} times as long")


if __name__ == "__main__":
    main()
