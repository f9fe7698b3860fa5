"""What is promised of isolation and faults, each with the command that measures it, and the figure.

    python -m bench.promises [--quick] [NUMBER …]

Without numbers all of them; `--quick` takes a hundredth of the kills and of the hostile texts. Promises that
are tests are run as tests: their figure is how many passed. The table goes to bench/RESULTS.md.
"""

from __future__ import annotations

import asyncio
import os
import re
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rlm_cli.kernel.adapter import IpyKernel, KernelLimits
from rlm_cli.kernel.sandbox.abilities import abilities
from rlm_cli.kernel.sandbox.policy import Sandbox
from rlm_cli.kernel.sandbox.tiers import CONFINED, Tier
from rlm_cli.ports import Cell
from tests.fakes.host import RecordingHost

ROOT = Path(__file__).parents[1]
ROUNDS = 10
WEDGED = "import signal\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\nwhile True: pass"
UNINTERRUPTIBLE = "sum(range(10**12))"
FLOOD = """
import os, sys
for _ in range(400):
    sys.stdout.write("x" * 1_000_000)
for _ in range(100):
    os.write(1, b"y" * 1_000_000)
"""
Figure = tuple[str, bool]
"""What was found, for people, and whether the promise was kept."""


@dataclass(frozen=True)
class Promise:
    """One line of the table; `measure` is told whether it must be quick."""

    text: str
    goal: str
    command: str
    measure: Callable[[bool], Figure]


def kernel(grace_seconds: float = 2.0) -> IpyKernel:
    """A kernel as users have it: in the best sandbox of this machine."""
    tiers = tuple(tier for tier in CONFINED if not abilities().missing(tier))
    return IpyKernel(None, KernelLimits(grace_seconds=grace_seconds), Sandbox(tiers[:1] or (Tier.OFF,)))


async def interrupted() -> list[float]:
    """Seconds from the interrupt to the end of a cell of Python code; its variables are still there."""
    used = kernel()
    await used.start()
    seconds = []
    try:
        for number in range(1, 2 * ROUNDS, 2):
            host = RecordingHost()
            code = f"kept = {number}\nllm_query('begun')\nwhile True: pass"
            running = asyncio.create_task(used.run(Cell(number=number, code=code), host))
            await host.asked.wait()
            await asyncio.sleep(0.05)
            started = time.monotonic()
            used.interrupt()
            await running
            seconds.append(time.monotonic() - started)
            after = await used.run(Cell(number=number + 1, code="print(kept)"), host)
            assert after.shown == f"{number}\n", after
    finally:
        await used.close()
    return seconds


async def stopped(code: str) -> list[float]:
    """Seconds past the limit until a cell is stopped and a kernel ready again that knows what was before."""
    used = kernel()
    await used.start()
    try:
        await used.run(Cell(number=1, code="kept = 7"), RecordingHost())
        started = time.monotonic()
        result = await used.run(Cell(number=2, code=code, compute_seconds=1.0), RecordingHost())
        assert result.kernel_is_lost, result
        await used.restart("it did not obey")
        seconds = time.monotonic() - started - 1.0
        after = await used.run(Cell(number=3, code="print(kept)"), RecordingHost())
        assert after.shown == "7\n", after
    finally:
        await used.close()
    return [seconds]


async def death(is_until_ready: bool) -> list[float]:
    """Seconds from a kernel's death until it is known, or until there is another one."""
    used = kernel()
    await used.start()
    seconds = []
    try:
        for number in range(1, ROUNDS + 1):
            code = "import os, time\nprint(time.monotonic())\nllm_query('out')\n"
            code += "at = time.monotonic()\nopen('at', 'w').write(str(at))\nos.kill(os.getpid(), 9)"
            await used.run(Cell(number=number, code=code), RecordingHost())
            noticed = time.monotonic()
            await used.restart("it died")
            ready = time.monotonic()
            read = await used.run(
                Cell(number=1000 + number, code="print(open('at').read())"), RecordingHost()
            )
            seconds.append((ready if is_until_ready else noticed) - float(read.shown))
    finally:
        await used.close()
    return seconds


async def flooded() -> list[float]:
    """Megabytes by which this process has grown under 500 MB of output."""
    used = kernel()
    await used.start()
    try:
        await used.run(Cell(number=1, code="print('warm')"), RecordingHost())
        before = _megabytes_from_here()
        await used.run(Cell(number=2, code=FLOOD), RecordingHost())
        after = _megabytes("VmHWM")
    finally:
        await used.close()
    return [after - before]


def _megabytes_from_here() -> float:
    """What is held now; the peak is counted anew."""
    Path("/proc/self/clear_refs").write_text("5")
    return _megabytes("VmRSS")


def _megabytes(field: str) -> float:
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(line.split()[1] for line in lines if line.startswith(field))) / 1024


def at_most(
    measured: Callable[[], Coroutine[Any, Any, list[float]]], goal: float, unit: str
) -> Callable[[bool], Figure]:
    """The promise that no figure is above a goal."""

    def measure(_is_quick: bool) -> Figure:
        found = asyncio.run(measured())
        times = f", n = {len(found)}" if len(found) > 1 else ""
        return f"median {statistics.median(found):.3g}, at most {max(found):.3g} {unit}{times}", max(
            found
        ) <= goal

    return measure


def of_command(*words: str, quick: tuple[str, ...] = (), figure: str = "") -> Callable[[bool], Figure]:
    """The promise that a command, or some tests, keep; figure is what to quote of its output."""

    def measure(is_quick: bool) -> Figure:
        argv = [sys.executable, "-m", *(quick if is_quick and quick else words)]
        done = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, check=False)
        said = [line for line in done.stdout.splitlines() if re.search(figure or ".", line)]
        return "; ".join(said) if figure else (said[-1] if said else "nothing said"), done.returncode == 0

    return measure


def of_tests(*words: str) -> Callable[[bool], Figure]:
    """The promise that some tests keep."""
    return of_command("pytest", "-n0", "-o", "addopts=", "-q", *words)


KILLS = of_command("bench.kills", quick=("bench.kills", "--kills", "60", "--whole", "6"), figure="kills")
PROMISES = (
    Promise("attacks from cells that succeed", "0", "pytest tests/hostile", of_tests("tests/hostile")),
    Promise(
        "added start-up of the sandbox",
        "≤ 50 ms",
        "bench.sandbox",
        of_command("bench.sandbox", figure="^. [A-Z]"),
    ),
    Promise(
        "interrupt to the end of a cell, variables kept",
        "≤ 0.5 s",
        "bench.promises 3",
        at_most(interrupted, 0.5, "s"),
    ),
    Promise(
        "a cell that ignores SIGINT, past its limit",
        "≤ 6 s",
        "bench.promises 4",
        at_most(lambda: stopped(WEDGED), 6.0, "s"),
    ),
    Promise(
        "a cell in C code, past its limit",
        "≤ 6 s",
        "bench.promises 5",
        at_most(lambda: stopped(UNINTERRUPTIBLE), 6.0, "s"),
    ),
    Promise("kernel death noticed", "≤ 0.1 s", "bench.promises 6", at_most(lambda: death(False), 0.1, "s")),
    Promise(
        "kernel usable again after a death",
        "≤ 2 s",
        "bench.promises 7",
        at_most(lambda: death(True), 2.0, "s"),
    ),
    Promise(
        "parent growth under 500 MB of output", "≤ 64 MB", "bench.promises 8", at_most(flooded, 64.0, "MB")
    ),
    Promise("kill -9: events lost, sessions unreadable, processes left", "0", "bench.kills", KILLS),
    Promise(
        "sessions unreadable after any failing call",
        "0",
        "pytest tests/unit/stream",
        of_tests("tests/unit/stream"),
    ),
    Promise(
        "unsafe bytes that reach the terminal",
        "0",
        "bench.terminal_text",
        of_command("bench.terminal_text", quick=("bench.terminal_text", "100000"), figure="goal"),
    ),
    Promise(
        "half-streamed replies executed",
        "0",
        "pytest -k half",
        of_tests("tests/unit/engine/test_providers.py", "tests/contract/test_model_port.py", "-k", "half"),
    ),
    Promise(
        "spend above the ceiling", "0", "pytest test_budget.py", of_tests("tests/unit/engine/test_budget.py")
    ),
    Promise(
        "silent sandbox downgrades", "0", "pytest -k selfcheck", of_tests("tests/hostile/test_selfcheck.py")
    ),
    Promise(
        "places that hold a key after a run",
        "0",
        "pytest test_secrets.py",
        of_tests("tests/journeys/test_secrets.py"),
    ),
)


def main() -> int:
    """Print the table; 1 when a promise is broken."""
    is_quick = "--quick" in sys.argv
    chosen = [int(word) for word in sys.argv[1:] if word.isdigit()] or list(range(1, len(PROMISES) + 1))
    print(f"load average: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores\n")
    print("| | promise | goal | measured | command | kept |")
    print("|---|---|---|---|---|---|")
    broken = 0
    for number in chosen:
        promise = PROMISES[number - 1]
        figure, is_kept = promise.measure(is_quick)
        broken += not is_kept
        shown = figure.replace("|", "/")
        verdict = "yes" if is_kept else "NO"
        print(
            f"| {number} | {promise.text} | {promise.goal} | {shown} | `{promise.command}` | {verdict} |",
            flush=True,
        )
    return int(broken > 0)


if __name__ == "__main__":
    sys.exit(main())
