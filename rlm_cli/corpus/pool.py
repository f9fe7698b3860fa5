"""The parent's side of the workers: some small documents each at a time or a large one, a deadline each time.

After a death comes a fresh worker, and documents that shared the message are read again one by one, so that a
bad one costs itself alone. Knows processes, descriptors and deadlines; what is done with a text is the
caller's.
"""

from __future__ import annotations

import os
import resource
import selectors
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO

import msgspec
from msgspec.structs import replace

from rlm_cli.corpus.extract import STREAMED, Extracted
from rlm_cli.corpus.options import ReadOptions
from rlm_cli.corpus.pdf import OCR
from rlm_cli.corpus.worker import MOST_AT_ONCE, SIZE, Job

_TEXT_BYTES = 1 << 32
_REPLY_BYTES = 1 << 26
_SMALL_BYTES = 1 << 17
_SPARE_DESCRIPTORS = 64
_PACKAGE_ROOT = Path(__file__).resolve().parents[2]
_CODE = (
    "import sys; sys.path.insert(0, sys.argv[4]); "
    "from rlm_cli.corpus.worker import main; main(*map(int, sys.argv[1:4]), sys.argv[4:])"
)


@dataclass(slots=True)
class Task:
    """A document that waits for a worker. The pool closes `handle`; `slot` is the caller's own number."""

    slot: int
    handle: int
    job: Job
    attempt: int = 1
    is_alone: bool = False

    @property
    def is_small(self) -> bool:
        """Whether it may share a message with others."""
        job = self.job
        return not (self.is_alone or job.reader in STREAMED or job.hint or job.size_bytes > _SMALL_BYTES)


@dataclass(frozen=True, slots=True)
class Parsed:
    """A document that a worker has settled; its text is in `spool`, which lives until the next one."""

    slot: int
    extracted: Extracted
    spool: int


class _Worker:
    """One process and the documents that it has."""

    def __init__(self, folder: Path, options: ReadOptions) -> None:
        ours, theirs = socket.socketpair()
        self.channel = ours
        self._folder = folder
        self.spool = _spool(folder)
        self._spare: IO[bytes] | None = None
        package_root = str(_PACKAGE_ROOT)
        environment = {
            name: os.environ[name] for name in ("PATH", "LANG", "LC_ALL", "SYSTEMROOT") if name in os.environ
        }
        limits = (theirs.fileno(), options.worker_memory_bytes, _TEXT_BYTES)
        arguments = (*limits, package_root, *readable_folders())
        try:
            self.process = subprocess.Popen(
                [sys.executable, "-P", "-s", "-c", _CODE, *map(str, arguments)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                pass_fds=(theirs.fileno(),),
                env=environment,
                start_new_session=True,
            )
        except BaseException:
            ours.close()
            self.spool.close()
            raise
        finally:
            theirs.close()
        self.tasks: list[Task] = []
        self.deadline = 0.0
        self.received = bytearray()

    def give(self, tasks: list[Task], deadline: float) -> None:
        """Send documents."""
        self.tasks, self.deadline = tasks, deadline
        self.received.clear()
        self.spool.truncate(0)
        raw = msgspec.json.encode([task.job for task in tasks])
        handles = [self.spool.fileno(), *(task.handle for task in tasks)]
        socket.send_fds(self.channel, [SIZE.pack(len(raw)) + raw], handles)

    def receive(self) -> list[Extracted] | None:
        """The answers when they are whole, None when more must come.

        Errors:  EOFError when the process is gone or talks nonsense.
        """
        try:
            piece = self.channel.recv(1 << 20)
        except OSError as error:
            raise EOFError from error
        self.received += piece
        if not piece or len(self.received) > _REPLY_BYTES:
            raise EOFError
        if (
            len(self.received) < SIZE.size
            or len(self.received) < SIZE.size + SIZE.unpack_from(self.received)[0]
        ):
            return None
        try:
            answers = msgspec.json.decode(self.received[SIZE.size :], type=list[Extracted])
        except msgspec.MsgspecError as error:
            raise EOFError from error
        if len(answers) != len(self.tasks):
            raise EOFError
        return answers

    def change_spool(self) -> IO[bytes]:
        """The spool that was written; the next document is written to another one."""
        written = self.spool
        self.spool, self._spare = self._spare or _spool(self._folder), None
        return written

    def give_back(self, spool: IO[bytes]) -> None:
        """A spool of which nothing is needed any more."""
        if self._spare is not None:
            self._spare.close()
        self._spare = spool

    def end(self) -> int:
        """Kill the process and give everything back; how it had ended, as subprocess tells it."""
        code = self.process.poll()
        if code is None:
            self.process.kill()
            self.process.wait()
        self.channel.close()
        self.spool.close()
        if self._spare is not None:
            self._spare.close()
        return code if code is not None else -signal.SIGKILL


def readable_folders() -> list[str]:
    """The folders in which this Python, its packages and this package are."""
    prefixes = (sys.prefix, sys.base_prefix, sys.exec_prefix, sys.base_exec_prefix)
    return list(dict.fromkeys(str(Path(each).resolve()) for each in (*prefixes, _PACKAGE_ROOT)))


def _spool(folder: Path) -> IO[bytes]:
    return tempfile.TemporaryFile(dir=folder, prefix=".spool-", buffering=0)


class WorkerPool:
    """Workers on demand, at most `size` of them. Leaving the `with` block kills them all."""

    def __init__(self, folder: Path, options: ReadOptions) -> None:
        self._folder = folder
        self._options = options
        self.size = max(1, options.workers or os.cpu_count() or 1)
        self._workers: list[_Worker] = []
        self._waiting: deque[Task] = deque()
        self._selector = selectors.DefaultSelector()
        room = (resource.getrlimit(resource.RLIMIT_NOFILE)[0] - _SPARE_DESCRIPTORS) // (4 * self.size)
        self._at_once = max(1, min(MOST_AT_ONCE, room))

    def __enter__(self) -> WorkerPool:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for worker in self._workers:
            for task in worker.tasks:
                os.close(task.handle)
            worker.end()
        for task in self._waiting:
            os.close(task.handle)
        self._workers.clear()
        self._waiting.clear()
        self._selector.close()

    @property
    def is_full(self) -> bool:
        """Whether enough documents wait."""
        return len(self._waiting) >= 2 * self.size * (self._at_once if self._are_small else 1)

    @property
    def _are_small(self) -> bool:
        return bool(self._waiting) and self._waiting[-1].is_small

    @property
    def is_idle(self) -> bool:
        """Whether there is nothing left to wait for."""
        return not self._waiting and not any(worker.tasks for worker in self._workers)

    def submit(self, task: Task) -> None:
        """Let a worker parse a document: a large one as soon as one is free, small ones some at a time."""
        self._waiting.append(task)
        if not task.is_small or len(self._waiting) >= self._at_once:
            self._feed()

    def pump(self, seconds: float) -> Iterator[Parsed]:
        """What has been settled; waits at most so long for the first of it."""
        self._feed()
        if not self._workers:
            return
        yield from self._late()
        for key, _ in self._selector.select(seconds):
            worker: _Worker = key.data
            try:
                answers = worker.receive()
            except EOFError:
                yield from self._died(worker)
                continue
            if answers is not None and worker.tasks:
                yield from self._settled(worker, worker.tasks, answers)
        self._feed()

    def _settled(self, worker: _Worker, tasks: list[Task], answers: list[Extracted]) -> Iterator[Parsed]:
        """Give what a worker has written to the caller, while the worker goes on with another spool."""
        worker.tasks = []
        for task in tasks:
            os.close(task.handle)
        spool = worker.change_spool()
        try:
            self._feed()
            for task, extracted in zip(tasks, answers, strict=True):
                yield Parsed(task.slot, extracted, spool.fileno())
        finally:
            # Members are read later, through copies of the descriptor: that spool is never written again.
            if any(extracted.members for extracted in answers) or worker not in self._workers:
                spool.close()
            else:
                worker.give_back(spool)

    def _feed(self) -> None:
        idle = [worker for worker in self._workers if not worker.tasks]
        while self._waiting:
            if not idle:
                if len(self._workers) >= self.size:
                    return
                idle.append(_Worker(self._folder, self._options))
                self._workers.append(idle[0])
                self._selector.register(idle[0].channel, selectors.EVENT_READ, idle[0])
            worker = idle.pop()
            tasks = self._next(1 + len(idle) + self.size - len(self._workers))
            try:
                worker.give(tasks, time.monotonic() + max(map(self._seconds, tasks)))
            except OSError:
                worker.tasks = []
                self._waiting.extendleft(reversed(tasks))
                self._remove(worker)

    def _next(self, workers: int) -> list[Task]:
        """The documents for one of so many free workers: the next one, and small ones behind a small one."""
        share = min(self._at_once, -(-len(self._waiting) // workers))
        tasks = [self._waiting.popleft()]
        while tasks[0].is_small and len(tasks) < share and self._waiting and self._waiting[0].is_small:
            tasks.append(self._waiting.popleft())
        return tasks

    def _seconds(self, task: Task) -> float:
        """How long a document may take: more where images are read."""
        more = self._options.ocr_seconds if task.job.hint.startswith(OCR) else 0.0
        return self._options.document_seconds + more

    def _late(self) -> Iterator[Parsed]:
        now = time.monotonic()
        for worker in [w for w in self._workers if w.tasks and now > w.deadline]:
            seconds = self._seconds(worker.tasks[0])
            yield from self._given_up(worker, f"took longer than {seconds:g} s to read")

    def _died(self, worker: _Worker) -> Iterator[Parsed]:
        """A worker is gone: a PDF gets a second try with the other engine, everything else is given up."""
        task = worker.tasks[0] if len(worker.tasks) == 1 else None
        if task is not None and task.job.reader == "pdf" and task.attempt == 1:
            worker.tasks = []
            self._remove(worker)
            retry = replace(task.job, hint="pypdf")
            self._waiting.appendleft(Task(task.slot, task.handle, retry, attempt=2))
            return
        limit = self._options.worker_memory_bytes >> 20
        why = f"the parser crashed on it, perhaps at its memory limit of {limit:,} MB"
        yield from self._given_up(worker, why)

    def _given_up(self, worker: _Worker, why: str) -> Iterator[Parsed]:
        """End a worker, and give up its document; several are read again one by one, to tell which it was."""
        tasks, worker.tasks = worker.tasks, []
        self._remove(worker)
        if len(tasks) > 1:
            for task in reversed(tasks):
                task.is_alone = True
                self._waiting.appendleft(task)
            return
        for task in tasks:
            os.close(task.handle)
            yield Parsed(task.slot, Extracted(why=why), -1)

    def _remove(self, worker: _Worker) -> None:
        self._selector.unregister(worker.channel)
        self._workers.remove(worker)
        worker.end()
