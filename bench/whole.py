"""What the whole program does, measured from outside against a scripted provider on loopback.

    python -m bench.whole [first-request] [fan-out] [turns] [memory]

first-request   from starting the process to the first root request on the wire, corpus warm
fan-out         1,000 sub-calls of 200 ms from one cell, at 64 and at 256 in flight, against the ideal
turns           what a turn costs besides its model: from one root request's answer to the next request
memory          the parent's peak with a corpus of 1 MB and of 1 GB
"""

from __future__ import annotations

import itertools
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from rlm_cli.events.bodies import CellFinished
from tests.journeys.program import Program, cell, roots_and_subs
from tests.servers.openai_server import Answer, Server

QUESTION = "Is the liability capped?"
FINISH = cell("print(corpus.grep('capped')[:1]); answer.update(content='yes', ready=True)")
RUNS = 5


def user(folder: Path) -> Program:
    home = folder / "home"
    home.mkdir(exist_ok=True)
    return Program(home)


def corpus(folder: Path, size_bytes: int) -> Path:
    """A folder of text files of 1 MB each, seeded."""
    made = folder / f"corpus-{size_bytes}"
    made.mkdir()
    words = [f"word{number}" for number in range(5_000)] + ["capped"]
    chosen = random.Random(7)
    block = " ".join(chosen.choices(words, k=12)) + "\n"
    for number in range(max(1, size_bytes // 1_000_000)):
        lines = [f"{number} {chosen.random()} {block}" for _ in range(50)]
        text = "".join(lines)
        (made / f"{number:05}.txt").write_text(text * (1_000_000 // len(text) + 1))
    return made


def ask(program: Program, server: Server, folder: Path, *options: str) -> None:
    ended = program.at(server).rlm("ask", folder, QUESTION, "--mode", "rlm", "--max-cost", "1000", *options)
    if ended.code != 0:
        raise SystemExit(f"the program failed with {ended.code}:\n{ended.err}")


def first_request(folder: Path) -> None:
    program, documents = user(folder), corpus(folder, 10_000_000)
    seconds = []
    for _ in range(RUNS + 1):
        with Server(roots_and_subs([FINISH])) as server:
            started = time.monotonic()
            ask(program, server, documents)
            seconds.append(server.chats[0].started - started)
    report("first root request on the wire, warm corpus of 10 MB", seconds[1:], "s", goal="≤ 1.5 s")


def fan_out(folder: Path) -> None:
    program, documents = user(folder), corpus(folder, 1_000_000)
    for width, ideal, goal in ((64, 3.2, 1.3), (256, 0.8, 2.0)):
        seconds = []
        for run in range(3):
            code = f"replies = llm_batch([f'{run} {{n}}' for n in range(1000)])"
            sub = Answer("nothing", first_delay_seconds=0.2)
            with Server(roots_and_subs([cell(code), FINISH], sub)) as server:
                ask(program, server, documents, "-j", str(width))
                high_water = server.high_water
            cells = [event.body for event in program.events() if isinstance(event.body, CellFinished)]
            seconds.append(cells[0].seconds + cells[0].waited_seconds)
        name = f"1,000 sub-calls of 200 ms at {width} in flight (most seen: {high_water})"
        report(name, seconds, "s", goal=f"≤ {goal} × the ideal {ideal} s")
        print(f"    ratio to the ideal: {statistics.median(seconds) / ideal:.2f}")


def turns(folder: Path) -> None:
    program, documents = user(folder), corpus(folder, 1_000_000)
    replies = [cell(f"x = {number}") for number in range(18)]
    with Server(roots_and_subs([*replies, FINISH])) as server:
        ask(program, server, documents)
        chats = server.chats
    gaps = [after.started - before.ended for before, after in itertools.pairwise(chats) if before.ended]
    report(
        "a turn's own overhead (answer received to next request)",
        [gap * 1000 for gap in gaps],
        "ms",
        "≤ 30 ms",
    )


def memory(folder: Path) -> None:
    program = user(folder)
    peaks = []
    for size in (1_000_000, 1_000_000_000):
        documents = corpus(folder, size)
        with Server(roots_and_subs([cell("print(len(corpus.grep('capped')))"), FINISH])) as server:
            ask(program, server, documents)
        held = Answer(FINISH, hold="end")
        with Server(roots_and_subs([cell("print(len(corpus.grep('capped')))"), held])) as server:
            process = program.at(server).start(
                "ask", documents, QUESTION, "--mode", "rlm", "--max-cost", "1000"
            )
            server.wait_until(lambda each: len(each.chats) == 2, 60)
            peaks.append(peak_bytes(process.pid))
            server.release("end")
            process.communicate()
        print(f"  corpus of {size / 1e6:,.0f} MB: peak of the parent {peaks[-1] / 1e6:.1f} MB")
    print(f"parent's memory, 1 GB against 1 MB: {peaks[1] / peaks[0]:.3f} × (goal ≤ 1.05 ×)")


def peak_bytes(process: int) -> int:
    """The peak of resident memory of one process, its children left out."""
    status = Path(f"/proc/{process}/status").read_text()
    return int(next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM"))) * 1024


def report(name: str, figures: list[float], unit: str, goal: str) -> None:
    low, middle, high = min(figures), statistics.median(figures), max(figures)
    print(
        f"{name}: median {middle:.2f} {unit} (min {low:.2f}, max {high:.2f}, n = {len(figures)}); goal {goal}"
    )


PARTS: dict[str, Callable[[Path], None]] = {
    "first-request": first_request,
    "fan-out": fan_out,
    "turns": turns,
    "memory": memory,
}


def main() -> None:
    for name in sys.argv[1:] or PARTS:
        with tempfile.TemporaryDirectory() as folder:
            PARTS[name](Path(folder))


if __name__ == "__main__":
    main()
