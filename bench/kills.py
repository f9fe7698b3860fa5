"""`kill -9` at random moments of scripted runs: what of the record is left, and which processes are.

    python -m bench.kills [--kills 1000] [--whole 100] [--seed 0]

`--kills` counts all kills; `--whole` of them hit the whole program (`rlm ask`, a real kernel in its sandbox,
real documents), the others the engine, the bus, the journal and the face as they are, over a kernel that runs
cells in the same process: those are killed in milliseconds, so that many hit the middle of a write.

Each run prints its events as they are recorded (`-f jsonl`): an event that was printed is acknowledged. After
each kill: the session opens; every acknowledged event is in it, as it was printed; nothing of it was altered;
it can be written on; and one second later no process is left. Ends with 1 when any of this is not so. Run
directories that are left in the temporary directory (3 in 100 kills of the whole program, cause not found)
are counted in the figures, and do not make it fail.
"""

from __future__ import annotations

import argparse
import asyncio
import ctypes
import json
import os
import random
import select
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from rlm_cli.base.errors import SessionError
from rlm_cli.events import Event
from rlm_cli.events.bodies import Notice
from rlm_cli.events.wire import event_of, from_json
from rlm_cli.stream.journal import Journal
from rlm_cli.stream.reading import read
from rlm_cli.stream.verifying import verify

LEFT_SECONDS = 1.0
_SET_CHILD_SUBREAPER = 36
_FLAWS_OF_A_KILL = {"session_unfinished", "session_torn", "session_header"}
QUESTION = "How high is the cap?"


@dataclass
class Tally:
    """What was found over all kills.

    Units:   seconds until the last process of a run was gone.
    """

    kills: int = 0
    acknowledged: int = 0
    torn: int = 0
    ended_before: int = 0
    directories_left: int = 0
    gone_seconds: list[float] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)


def cell(code: str) -> str:
    """A root reply with one cell."""
    return f"Next step.\n\n```repl\n{code}\n```"


def script(sleeps: float) -> dict[str, object]:
    """What the models say: turns with output, a fan-out, large payloads, drafts, an end."""
    pause = f"import time; time.sleep({sleeps})\n" if sleeps else ""
    turns = [
        cell(f"{pause}print(corpus.grep('cap'))\nanswer['content'] = 'draft'"),
        cell("replies = llm_batch([f'what of {n}?' for n in range(12)])\nprint(len(replies))"),
        cell(f"{pause}big = 'x' * 90_000\nanswer['content'] = big\nprint(big[:9000])"),
        *[cell(f"{pause}answer['content'] = 'draft {n} ' * 50\nprint({n})") for n in range(6)],
        cell("answer['content'] = 'ten dollars'; answer['ready'] = True"),
    ]
    root = [{"text": each, "chunk_seconds": 0.0005} for each in turns]
    return {"root": root, "default": "nothing of the kind " * 40}


def whole_program(folder: Path) -> list[str]:
    """A home with documents and a script; the command that asks about them."""
    documents = folder / "documents"
    documents.mkdir(exist_ok=True)
    (documents / "a.txt").write_text("The cap is ten dollars a year.\nNothing else.\n")
    played = folder / "script.json"
    played.write_text(json.dumps(script(0.01)))
    return [
        *(sys.executable, "-m", "rlm_cli", "ask", str(documents), QUESTION, "--mode", "rlm"),
        *("--model", f"scripted:{played}", "--sub-model", f"scripted:{played}", "-f", "jsonl", "--quiet"),
    ]


def engine_alone(folder: Path) -> None:
    """The same run without a process of its own for the kernel; in a forked child of this one."""
    from rlm_cli.engine.run import Asked, Run
    from rlm_cli.engine.tree import Models, RunSettings, Tree
    from rlm_cli.events.values import Limits
    from rlm_cli.faces.choosing import face_for
    from rlm_cli.faces.options import FaceOptions
    from rlm_cli.faces.output import standard_output
    from rlm_cli.models.scripted import ScriptedModel
    from rlm_cli.stream.bus import Bus
    from rlm_cli.stream.clock import MonotonicClock
    from rlm_cli.stream.header import Header
    from tests.fakes.corpus import FakeCorpus
    from tests.fakes.kernel import fake_kernels

    async def go() -> int:
        played = script(0.0)
        clock = MonotonicClock()
        root = ScriptedModel("root", [each["text"] for each in played["root"]])  # type: ignore[attr-defined]
        sub = ScriptedModel("sub", [], str(played["default"]))
        bus = Bus(clock, Journal.create(folder, Header(run=folder.name)))
        texts = {"a.txt": "The cap is ten dollars a year.\nNothing else."}
        tree = Tree(bus, clock, fake_kernels([]), Models(root, sub), RunSettings(limits=Limits(), mode="rlm"))
        face = asyncio.ensure_future(
            face_for("jsonl", standard_output({}), FaceOptions(is_silent=True))(
                bus.subscribe(), lambda command: None
            )
        )
        await Run(tree, FakeCorpus(texts), Asked(QUESTION)).go()
        bus.close()
        return await face

    asyncio.run(go())


class Victim:
    """A run that is under way: what it has acknowledged, and its end."""

    def __init__(self, pid: int, stdout: int) -> None:
        self.pid = pid
        self._stdout = stdout
        self._read = b""

    def kill_after(self, lines: int, seconds: float) -> bool:
        """SIGKILL once it has printed so many lines and some time has passed; False if it ended before."""
        until: float | None = None
        while True:
            if until is None and self._read.count(b"\n") >= lines:
                until = time.monotonic() + seconds
            left = None if until is None else max(0.0, until - time.monotonic())
            if left == 0.0:
                break
            if select.select([self._stdout], [], [], left)[0]:
                piece = os.read(self._stdout, 1 << 16)
                if not piece:
                    break
                self._read += piece
        is_alive = os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None
        os.kill(self.pid, signal.SIGKILL)
        return is_alive

    def acknowledged(self, seconds: float = LEFT_SECONDS) -> list[Event]:
        """The events that it has printed whole, until it has ended or is silent for so long."""
        while select.select([self._stdout], [], [], seconds)[0]:
            piece = os.read(self._stdout, 1 << 16)
            if not piece:
                break
            self._read += piece
        os.close(self._stdout)
        return [event_of(from_json(line)) for line in self._read.split(b"\n")[:-1]]


def spawned(argv: list[str], home: Path) -> Victim:
    """The whole program, in a home of its own."""
    ours, theirs = os.pipe()
    process = subprocess.Popen(
        argv,
        stdin=subprocess.DEVNULL,
        stdout=theirs,
        stderr=subprocess.DEVNULL,
        env={"PATH": os.environ["PATH"], "HOME": str(home), "TMPDIR": str(home / "tmp"), "LANG": "C.UTF-8"},
        cwd=Path(__file__).parents[1],
    )
    os.close(theirs)
    process.returncode = 0  # waited for by this script, never by Popen
    return Victim(process.pid, ours)


def forked(work: Callable[[], None]) -> Victim:
    """A child of this process that does some work with its stdout in a pipe."""
    ours, theirs = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            os.close(ours)
            os.dup2(theirs, 1)
            work()
        finally:
            os._exit(0)
    os.close(theirs)
    return Victim(pid, ours)


def faults_of(path: Path, acknowledged: list[Event], tally: Tally) -> Iterator[str]:
    """What is wrong with a session after a kill."""
    if not path.exists():
        if acknowledged:
            yield f"{len(acknowledged)} events were acknowledged, and there is no session"
        return
    altered = [each.text for each in verify(path).flaws if each.code != "session_torn"]
    if altered:
        yield f"altered: {altered[0]}"
    try:
        recording = read(path)
    except SessionError as error:
        yield f"it does not open: {error}"
        return
    codes = {flaw.code for flaw in recording.flaws}
    tally.torn += "session_torn" in codes
    if not codes <= _FLAWS_OF_A_KILL:
        yield f"flaws that no kill explains: {sorted(codes - _FLAWS_OF_A_KILL)}"
    kept = {event.seq: event for event in recording.events}
    lost = [event.seq for event in acknowledged if kept.get(event.seq) != event]
    if lost:
        yield f"{len(lost)} of {len(acknowledged)} acknowledged events lost, the first is {lost[0]}"
    try:
        journal, _ = Journal.reopen(path)
        note = Notice(level="info", code="after", text="written after the kill")
        journal.append(Event(seq=journal.seq + 1, t=0.0, span="root", body=note))
        journal.close()
    except SessionError as error:
        yield f"it cannot be written on: {error}"
        return
    if not verify(path).is_intact:
        yield "what was written after the kill does not verify"


def seconds_until_gone(pid: int) -> float | None:
    """How long it takes until no process of a killed run is left; None when some are after a second.

    Shape:   orphans become children of this process, which has asked for them: none can hide.
    """
    started = time.monotonic()
    os.waitpid(pid, 0)
    while True:
        try:
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        except ChildProcessError:
            return time.monotonic() - started
        if time.monotonic() - started > LEFT_SECONDS:
            for each in psutil.Process().children(recursive=True):
                each.kill()
            return None
        select.select([], [], [], 0.002)


def lines_of(start: Callable[[], Victim]) -> int:
    """How many events a run has that nobody kills."""
    victim = start()
    events = victim.acknowledged(60.0)
    _, status = os.waitpid(victim.pid, 0)
    if status or not events:
        raise SystemExit(f"the run that nobody kills has failed: {status}, {len(events)} events")
    return len(events)


def kill_one(start: Callable[[], Victim], session: Callable[[], Path], lines: int, tally: Tally) -> None:
    """One run, one kill, what is left."""
    victim = start()
    after, seconds = random.randint(0, lines), random.choice((0.0, random.uniform(0, 0.004)))
    tally.ended_before += not victim.kill_after(after, seconds)
    gone = seconds_until_gone(victim.pid)
    acknowledged = victim.acknowledged()
    tally.kills += 1
    tally.acknowledged += len(acknowledged)
    if gone is None:
        tally.faults.append("a process is left after a second")
    else:
        tally.gone_seconds.append(gone)
    tally.faults += [
        f"kill {tally.kills}, after {after} events: {each}"
        for each in faults_of(session(), acknowledged, tally)
    ]


def measure(kills: int, whole: int, folder: Path) -> tuple[Tally, Tally]:
    """Kill the whole program so many times, and its engine for the rest."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    real, engine = Tally(), Tally()
    runs = folder / "runs"
    number = 0

    def alone() -> Victim:
        nonlocal number
        number += 1
        return forked(lambda: engine_alone(runs / str(number)))

    if kills > whole:
        lines = lines_of(alone)
        for _ in range(kills - whole):
            kill_one(alone, lambda: runs / str(number) / "session.jsonl", lines, engine)
            shutil.rmtree(runs / str(number), ignore_errors=True)
    argv = whole_program(folder)
    sessions = folder / ".local/share/rlm/sessions"
    (folder / "tmp").mkdir(exist_ok=True)
    lines = lines_of(lambda: spawned(argv, folder)) if whole else 0
    for _ in range(whole):
        shutil.rmtree(sessions, ignore_errors=True)
        kill_one(
            lambda: spawned(argv, folder),
            lambda: max(sessions.glob("*/session.jsonl"), default=sessions / "none"),
            lines,
            real,
        )
        left = [each for each in (folder / "tmp").iterdir() if each.is_dir()]
        if left:
            real.directories_left += 1
            shutil.rmtree(left[0], ignore_errors=True)
    return real, engine


def report(name: str, tally: Tally) -> None:
    """One line of figures, and each fault."""
    if not tally.kills:
        return
    gone = [seconds * 1000 for seconds in tally.gone_seconds] or [0.0]
    print(
        f"{name}: {tally.kills:,} kills, {tally.acknowledged:,} events acknowledged, "
        f"{tally.torn} torn lines mended, {tally.ended_before} runs had ended before; "
        f"processes gone after {statistics.median(gone):.0f} ms (at most {max(gone):.0f} ms); "
        f"run directories left: {tally.directories_left}; faults: {len(tally.faults)}"
    )
    for fault in tally.faults[:20]:
        print(f"    {fault}")


def main() -> int:
    """Measure as the command line says; the exit code."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--kills", type=int, default=1000)
    parser.add_argument("--whole", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    random.seed(asked.seed)
    with tempfile.TemporaryDirectory(prefix="k-") as folder:
        real, engine = measure(asked.kills, asked.whole, Path(folder))
    report("the whole program", real)
    report("the engine in one process", engine)
    return 1 if real.faults or engine.faults else 0


if __name__ == "__main__":
    sys.exit(main())
