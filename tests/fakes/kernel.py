"""A Kernel in this process: cells run with `exec` in a thread, calls go to the same CellHost.

It stands in for the real kernel in tests of the engine. It knows `answer`, `memory`, `history`,
`llm_query`, `llm_batch`, `rlm_query`, `rlm_batch`, `cite`, `show_vars`, and a `corpus` of texts.
It confines nothing, and a cell that computes is interrupted only between two bytecodes.
"""

from __future__ import annotations

import ast
import asyncio
import concurrent.futures
import ctypes
import functools
import io
import threading
import time
import traceback
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rlm_cli.base.text import head_and_tail
from rlm_cli.events.bodies import KernelReady, KernelRestarted
from rlm_cli.events.values import Coverage, Json, Problem, Usage, Variable
from rlm_cli.ports import (
    CallReply,
    Cell,
    CellHost,
    CellResult,
    CiteCall,
    Corpus,
    Kernel,
    KernelCall,
    KernelFactory,
    LlmCall,
    RlmCall,
)

SHOWN_CHARACTERS = 16 * 1024
BUILTIN_NAMES = (
    "corpus",
    "context",
    "input_data",
    "llm_query",
    "llm_batch",
    "llm_query_batched",
    "rlm_query",
    "rlm_batch",
    "cite",
    "answer",
    "memory",
    "history",
    "show_vars",
    "print",
    "QuoteNotFound",
)


class QuoteNotFound(Exception):
    """The quotation is not in the source."""


class Texts(dict[str, str]):
    """A corpus of texts by path, which remembers what was looked at."""

    def __init__(self, texts: Mapping[str, str]) -> None:
        super().__init__(texts)
        self.searched: set[str] = set()
        self.read: set[str] = set()

    def __getitem__(self, path: str) -> str:
        self.searched.add(path)
        return super().__getitem__(path)

    def items(self) -> Any:
        self.searched.update(self)
        return super().items()

    def values(self) -> Any:
        self.searched.update(self)
        return super().values()

    def grep(self, pattern: str) -> list[tuple[str, int, str]]:
        """Hits as (path, line number, line)."""
        import re

        return [
            (path, number, line)
            for path, text in self.items()
            for number, line in enumerate(text.splitlines(), 1)
            if re.search(pattern, line)
        ]

    def shown(self, text: str) -> None:
        """A text goes to a model: which documents does it hold a line of?"""
        for path, whole in dict.items(self):
            if any(len(line) > 8 and line in text for line in whole.splitlines()):
                self.read.add(path)

    def coverage(self) -> Coverage:
        return Coverage(
            documents=len(self), searched_by_code=len(self.searched), read_by_model=len(self.read)
        )


class FakeReply(str):
    """The text of a reply, with what else is known of it."""

    ok: bool
    error: Problem | None
    usage: Usage
    cached: bool
    data: Any

    @classmethod
    def of(cls, reply: CallReply) -> FakeReply:
        problem = reply.problem
        made = cls(f"[failed: {problem.kind}: {problem.message}]" if problem else reply.text)
        made.ok, made.error = problem is None, problem
        made.usage, made.cached, made.data = reply.usage, reply.recorded, reply.data
        return made


class FakeAnswer(dict[str, Any]):
    """The answer variable; the common ways of changing it are reported."""

    def __init__(self, run: _Run, content: Json, ready: bool) -> None:
        super().__init__(content=content, ready=ready)
        self._run = run

    def __setitem__(self, key: str, value: Any) -> None:
        super().__setitem__(key, value)
        self._run.drafted(self.get("content", ""), bool(self.get("ready")))

    def update(self, *args: Any, **kwargs: Any) -> None:
        super().update(*args, **kwargs)
        self._run.drafted(self.get("content", ""), bool(self.get("ready")))


class FakeKernel:
    """Runs cells in a thread of this process.

    Shape:   `texts` is what `corpus` holds (a Corpus port is asked for its texts); `names` are further
             names for the cells; `dies_at` is a cell number at which the kernel pretends to die, once.
             `cells` records every Cell that was run, `remembered` every entry of history, `restarts` every
             reason; `is_closed` says whether close was called.
    """

    def __init__(
        self,
        corpus: Corpus | Mapping[str, str] | None = None,
        *,
        names: Mapping[str, Any] | None = None,
        dies_at: int | None = None,
    ) -> None:
        if corpus is None:
            texts: Mapping[str, str] = {}
        elif isinstance(corpus, Mapping):
            texts = corpus
        else:
            texts = dict(corpus.texts())
        self.texts = Texts(texts)
        self.cells: list[Cell] = []
        self.remembered: list[dict[str, Json]] = []
        self.restarts: list[str] = []
        self.is_started = False
        self.is_closed = False
        self._extra = dict(names or {})
        self._dies_at = dies_at
        self._memory: dict[str, Any] = {}
        self._content: Json = ""
        self._ready = False
        self._namespace: dict[str, Any] = {}
        self._run: _Run | None = None

    async def start(self) -> KernelReady:
        self.is_started = True
        self._namespace = {"__name__": "__main__", **self._extra}
        return KernelReady(
            python="3.11", sandbox="fake: cells run in this process", tier="fake", names=list(BUILTIN_NAMES)
        )

    async def run(self, cell: Cell, host: CellHost) -> CellResult:
        assert self.is_started and not self.is_closed, "the kernel is not running"
        self.cells.append(cell)
        if cell.number == self._dies_at:
            self._dies_at = None
            problem = Problem(kind="KernelDied", message="the kernel ended with signal 9")
            return CellResult(
                status="died",
                problem=problem,
                content=self._content,
                ready=self._ready,
                kernel_is_lost=True,
            )
        run = _Run(cell, host, self.texts, asyncio.get_running_loop())
        self._run = run
        try:
            status, problem = await run.finished(self._names(run))
        finally:
            self._run = None
        return self._result(run, status, problem)

    def interrupt(self, force: int = 1) -> None:
        if self._run is not None:
            self._run.interrupt("died" if force > 1 else "interrupted")

    def remember(self, entry: dict[str, Json]) -> None:
        self.remembered.append(entry)

    async def restart(self, why: str) -> KernelRestarted:
        self.restarts.append(why)
        lost = [variable.name for variable in self._variables()]
        await self.start()
        return KernelRestarted(why=why, restored=["answer", "memory", "history"], lost=lost)

    async def close(self) -> None:
        self.is_closed = True
        self.interrupt(2)

    def _names(self, run: _Run) -> dict[str, Any]:
        if not isinstance(self._namespace.get("answer"), FakeAnswer):
            self._namespace["answer"] = FakeAnswer(run, self._content, self._ready)
        self._namespace["answer"]._run = run
        joined = next(iter(dict.values(self.texts))) if len(self.texts) == 1 else self.texts
        self._namespace.update(
            corpus=self.texts,
            context=joined,
            input_data=joined,
            memory=self._memory,
            history=self.remembered,
            show_vars=self._variables,
            **run.functions(),
        )
        return self._namespace

    def _result(self, run: _Run, status: str, problem: Problem | None) -> CellResult:
        answer = self._namespace.get("answer")
        if isinstance(answer, dict):
            content, ready = answer.get("content", ""), bool(answer.get("ready"))
        else:
            content, ready = answer, False
        if (content, ready) != (self._content, self._ready) and not isinstance(answer, FakeAnswer):
            run.host.drafted(content, ready)
        self._content, self._ready = content, ready
        shown, omitted = head_and_tail(run.text(), SHOWN_CHARACTERS)
        self.texts.shown(shown)
        return CellResult(
            status=status,
            shown=shown,
            omitted=omitted,
            seconds=run.seconds,
            problem=problem,
            variables=self._variables(),
            coverage=self.texts.coverage(),
            content=content,
            ready=ready,
        )

    def _variables(self) -> list[Variable]:
        hidden = {*BUILTIN_NAMES, *self._extra}
        return [
            Variable(name, type(value).__name__, _size(value))
            for name, value in self._namespace.items()
            if not name.startswith("_") and name not in hidden
        ]


class _Run:
    """One cell that is running."""

    def __init__(self, cell: Cell, host: CellHost, texts: Texts, loop: asyncio.AbstractEventLoop) -> None:
        self.cell, self.host, self.texts, self.loop = cell, host, texts, loop
        self.seconds = 0.0
        self._pieces: list[str] = []
        self._calls: set[concurrent.futures.Future[CallReply]] = set()
        self._stopped_as: str | None = None
        self._is_serving = False
        self._thread_id: int | None = None
        self._batches = 0

    async def finished(self, names: dict[str, Any]) -> tuple[str, Problem | None]:
        """Run to the end, or to the limit of computing time."""
        done = asyncio.ensure_future(asyncio.to_thread(self._execute, names))
        while not done.done():
            await asyncio.wait({done}, timeout=self.cell.compute_seconds)
            if not done.done() and not self._calls:
                self.interrupt("timeout")
        status, problem = await done
        self._say("error", f"{problem.kind}: {problem.message}\n") if problem else None
        return status, problem

    def interrupt(self, status: str) -> None:
        self._stopped_as = status
        for call in list(self._calls):
            call.cancel()
        if self._thread_id is not None and not self._is_serving:
            stop = ctypes.py_object(KeyboardInterrupt)
            ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(self._thread_id), stop)

    def text(self) -> str:
        return "".join(self._pieces)

    def functions(self) -> dict[str, Any]:
        return {
            "print": functools.partial(print, file=_Writer(self)),
            "llm_query": self._llm_query,
            "llm_batch": self._llm_batch,
            "llm_query_batched": self._llm_batch,
            "rlm_query": lambda question, corpus=None: self._rlm_batch([question], [corpus])[0],
            "rlm_batch": self._rlm_batch,
            "cite": self._cite,
            "QuoteNotFound": QuoteNotFound,
        }

    def _execute(self, names: dict[str, Any]) -> tuple[str, Problem | None]:
        self._thread_id = threading.get_ident()
        started = time.monotonic()
        try:
            self._evaluate(names)
        except KeyboardInterrupt:
            status = self._stopped_as or "interrupted"
            return status, Problem(kind="KeyboardInterrupt", message=f"the cell was stopped ({status})")
        except BaseException as error:  # noqa: BLE001 - a cell may raise anything, SystemExit too
            frames = traceback.extract_tb(error.__traceback__)
            line = next((f.lineno for f in reversed(frames) if f.filename == "<cell>"), None)
            return "error", Problem(kind=type(error).__name__, message=str(error), line=line)
        finally:
            self._thread_id = None
            self.seconds = time.monotonic() - started
        return "ok", None

    def _evaluate(self, names: dict[str, Any]) -> None:
        tree = ast.parse(self.cell.code, "<cell>")
        last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
        exec(compile(tree, "<cell>", "exec"), names)
        if isinstance(last, ast.Expr):
            value = eval(compile(ast.Expression(last.value), "<cell>", "eval"), names)
            if value is not None:
                self._say("result", repr(value) + "\n")

    def drafted(self, content: Json, ready: bool) -> None:
        self.loop.call_soon_threadsafe(self.host.drafted, content, ready)

    def _say(self, stream: str, text: str) -> None:
        self._pieces.append(text)
        self.loop.call_soon_threadsafe(self.host.output, stream, text)

    def _serve(self, calls: Sequence[KernelCall]) -> list[CallReply]:
        self._is_serving = True
        futures: list[concurrent.futures.Future[CallReply]] = []
        try:
            for call in calls:
                futures.append(asyncio.run_coroutine_threadsafe(self.host.call(call), self.loop))
                self._calls.add(futures[-1])
            if self._stopped_as:
                raise KeyboardInterrupt
            replies = [future.result() for future in futures]
        except (concurrent.futures.CancelledError, KeyboardInterrupt):
            for future in futures:
                future.cancel()
            raise KeyboardInterrupt from None
        finally:
            self._is_serving = False
            self._calls.difference_update(futures)
        if self._stopped_as:  # the interrupt came when the last reply was there already
            raise KeyboardInterrupt
        return replies

    def _llm_query(
        self, prompt: str, context: Any = None, *, schema: Json = None, model: str | None = None
    ) -> FakeReply:
        text = None if context is None else str(context)
        self.texts.shown(f"{prompt}\n{text or ''}")
        return FakeReply.of(
            self._serve([LlmCall(prompt=prompt, context=text, schema=schema, model=model)])[0]
        )

    def _llm_batch(
        self, prompts: Any, contexts: Any = None, *, schema: Json = None, model: str | None = None
    ) -> list[FakeReply]:
        pairs = list(_pairs(prompts, contexts))
        self._batches += 1
        for prompt, context in pairs:
            self.texts.shown(f"{prompt}\n{context or ''}")
        calls = [
            LlmCall(
                prompt=prompt,
                context=context,
                schema=schema,
                model=model,
                batch=self._batches,
                index=index,
                of=len(pairs),
            )
            for index, (prompt, context) in enumerate(pairs)
        ]
        return self._counted([FakeReply.of(reply) for reply in self._serve(calls)])

    def _rlm_batch(self, questions: Sequence[str], corpora: Sequence[Any] | None = None) -> list[FakeReply]:
        self._batches += 1
        calls = [
            RlmCall(
                question=question,
                texts=dict(dict.items(corpus)) if isinstance(corpus, dict) else None,
                batch=self._batches,
                index=index,
                of=len(questions),
            )
            for index, (question, corpus) in enumerate(
                zip(questions, corpora or [None] * len(questions), strict=True)
            )
        ]
        return self._counted([FakeReply.of(reply) for reply in self._serve(calls)])

    def _counted(self, replies: list[FakeReply]) -> list[FakeReply]:
        kinds = [reply.error.kind for reply in replies if reply.error]
        if kinds:
            reasons = ", ".join(f"{kinds.count(kind)} {kind}" for kind in sorted(set(kinds)))
            self._say("stderr", f"{len(kinds)} of {len(replies)} sub-calls failed: {reasons}\n")
        return replies

    def _cite(self, source: Any, quote: str | None = None) -> str:
        words = quote if quote is not None else str(source)
        document = source if isinstance(source, str) and quote is not None else None
        reply = self._serve([CiteCall(quote=words, document=document)])[0]
        if reply.problem:
            raise QuoteNotFound(reply.problem.message)
        return reply.text


class _Writer(io.TextIOBase):
    """What `print` writes to in a cell."""

    def __init__(self, run: _Run) -> None:
        self._run = run

    def write(self, text: str) -> int:
        self._run._say("stdout", text)
        return len(text)


def _pairs(prompts: Any, contexts: Any) -> Iterator[tuple[str, str | None]]:
    """Prompts with their contexts; one prompt is put to every context."""
    if isinstance(prompts, str):
        for context in contexts or [None]:
            yield prompts, None if context is None else str(context)
    elif contexts is None:
        for prompt in prompts:
            yield (prompt, None) if isinstance(prompt, str) else (prompt[0], str(prompt[1]))
    else:
        for prompt, context in zip(prompts, contexts, strict=True):
            yield prompt, None if context is None else str(context)


def _size(value: Any) -> str:
    try:
        return f"{len(value):,} items"
    except TypeError:
        return ""


def fake_kernels(made: list[FakeKernel], **options: Any) -> KernelFactory:
    """A factory of fake kernels, which adds each one to `made`."""

    def make(corpus: Corpus) -> Kernel:
        kernel = FakeKernel(corpus, **options)
        made.append(kernel)
        return kernel

    return make
