"""The host's side of a cell: serves its calls, hears its output and its drafts, and tells them as events.

Everything that costs passes here on its way to the caller. A cell can name a prompt, a context, a schema
and a model's alias; never a URL, a header, a file, or a limit.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Coroutine
from typing import Any

import msgspec

from rlm_cli.engine import prompts
from rlm_cli.engine.briefing import tag_around
from rlm_cli.engine.calling import Answered, Watcher
from rlm_cli.engine.children import child_key
from rlm_cli.engine.replies import without_thinking
from rlm_cli.engine.schemas import check_cell_schema, value_of
from rlm_cli.engine.tree import Tree
from rlm_cli.events import child_span
from rlm_cli.events.bodies import CellOutput, CitationMarked, SubFinished, SubQueued, SubStarted
from rlm_cli.events.values import Json, Message, Problem, Usage
from rlm_cli.ports import (
    CallReply,
    CiteCall,
    Corpus,
    KernelCall,
    LlmCall,
    Model,
    Request,
    RlmCall,
    request_key,
)

ChildRun = Callable[[str, RlmCall], Coroutine[Any, Any, CallReply]]


class CellScope:
    """One cell's calls. Implements `ports.CellHost`.

    Shape:   `refusing` is why new calls are refused, once the run is to stop; `failures` counts the
             failed calls by the kind of their problem.
    """

    def __init__(
        self,
        tree: Tree,
        corpus: Corpus,
        span: str,
        cell: int,
        run_child: ChildRun,
        on_draft: Callable[[Json, bool], None],
    ) -> None:
        self._tree = tree
        self._corpus = corpus
        self._span = span
        self._cell = cell
        self._run_child = run_child
        self._on_draft = on_draft
        self._calls = 0
        self._under_way: set[asyncio.Task[CallReply]] = set()
        self.refusing: Problem | None = None
        self.failures: Counter[str] = Counter()

    def stop(self, problem: Problem) -> None:
        """Cancel the calls in flight and refuse new ones; the cell goes on with failed replies."""
        self.refusing = problem
        for task in self._under_way:
            task.cancel()

    def output(self, stream: str, text: str) -> None:
        """A piece of output has arrived."""
        self._tree.session.emit(self._span, CellOutput(cell=self._cell, stream=stream, text=text))

    def drafted(self, content: Json, ready: bool) -> None:
        """The answer variable has changed."""
        self._on_draft(content, ready)

    async def call(self, call: KernelCall) -> CallReply:
        """Serve one call of the cell."""
        if isinstance(call, CiteCall):
            return await self._tree.citations.cite(self._corpus, call, self._marked)
        self._calls += 1
        span = child_span(self._span, "s", self._calls)
        if isinstance(call, LlmCall):
            return await self._llm(span, call)
        return await self._rlm(span, call)

    async def _llm(self, span: str, call: LlmCall) -> CallReply:
        model = self._tree.models.named(call.model)
        if model is None:
            known = ", ".join(["sub", "root", *self._tree.models.aliases])
            problem = Problem(
                kind="unknown_model", message=f"no model is called {call.model!r}; there are: {known}"
            )
            return self._ended(span, call, "", "failed", CallReply(problem=problem))
        why = check_cell_schema(call.schema) if call.schema is not None else ""
        if why:
            problem = Problem(kind="schema", message=why)
            return self._ended(span, call, model.facts.name, "failed", CallReply(problem=problem))
        request = self._request(model, call)
        key = request_key(model.facts.name, request)
        self._queued(span, call, model.facts.name, request.messages[-1].content, key)
        if self.refusing is not None:
            return self._finished(span, "refused", CallReply(problem=self.refusing))
        return await self._settled(span, self._recorded(span, key, model, request, call.schema))

    async def _rlm(self, span: str, call: RlmCall) -> CallReply:
        key = child_key(self._tree, self._corpus, call)
        self._queued(span, call, self._tree.models.root.facts.name, call.question, key)
        if self.refusing is not None:
            return self._finished(span, "refused", CallReply(problem=self.refusing))
        return await self._settled(span, self._child(span, key, call))

    async def _child(self, span: str, key: str, call: RlmCall) -> CallReply:
        if not key:
            return await self._run_child(span, call)
        reply, was_known = await self._tree.record.answer(key, lambda: self._run_child(span, call))
        return msgspec.structs.replace(reply, recorded=True, usage=Usage()) if was_known else reply

    def _marked(self, marked: CitationMarked) -> None:
        self._tree.session.emit(self._span, marked)

    async def _settled(self, span: str, work: Coroutine[Any, Any, CallReply]) -> CallReply:
        """The end of a call, said whatever way it ends."""
        started = self._tree.clock.now()
        task = asyncio.create_task(work)
        self._under_way.add(task)
        cancelled = self.refusing or Problem(kind="cancelled", message="the cell was interrupted")
        status, reply = "cancelled", CallReply(problem=cancelled)
        try:
            await asyncio.wait([task])
            if task.cancelled():
                reply = CallReply(problem=self.refusing or cancelled)
                return reply
            reply = task.result()
            status = _status_of(reply)
            return reply
        finally:
            self._under_way.discard(task)
            task.cancel()
            self._finished(span, status, reply, self._tree.clock.now() - started)

    async def _recorded(self, span: str, key: str, model: Model, request: Request, schema: Json) -> CallReply:
        async def ask() -> CallReply:
            return await self._ask(span, model, request, schema)

        reply, was_known = await self._tree.record.answer(key, ask)
        if not was_known:
            return reply
        data = reply.data if reply.data is not None else data_of(reply.text, schema)
        return msgspec.structs.replace(reply, recorded=True, usage=Usage(), data=data)

    async def _ask(self, span: str, model: Model, request: Request, schema: Json) -> CallReply:
        """Send it; with a schema, once more with the fault named when the reply does not satisfy it."""
        watcher = Watcher(
            on_attempt=lambda attempt: self._tree.session.emit(span, SubStarted(attempt=attempt))
        )
        usage = Usage()
        for is_last in (schema is None, True):
            outcome = await self._tree.caller.call(model, request, True, watcher)
            usage = usage + outcome.usage
            if not isinstance(outcome, Answered):
                return CallReply(problem=outcome.problem, usage=usage)
            text, finish = without_thinking(outcome.response.text), outcome.response.finish
            if finish != "stop":
                problem = _cut(finish, request.max_tokens_out)
                return CallReply(text=text, problem=problem, usage=usage)
            if schema is None:
                return CallReply(text=text, usage=usage)
            value, fault = value_of(text, schema)
            if not fault:
                return CallReply(text=text, usage=usage, data=value)
            if is_last:
                return CallReply(text=text, problem=Problem(kind="schema", message=fault), usage=usage)
            correction = Message("user", prompts.load("schema_again").replace("{fault}", fault))
            request = msgspec.structs.replace(
                request, messages=(*request.messages, Message("assistant", text), correction)
            )
        raise AssertionError("unreachable")

    def _request(self, model: Model, call: LlmCall) -> Request:
        settings = self._tree.settings
        longest = model.facts.max_tokens_out or settings.sub_tokens_out
        return Request(
            messages=(Message("system", prompts.load("sub")), Message("user", prompt_of(call))),
            purpose="sub",
            max_tokens_out=min(settings.sub_tokens_out, longest),
            temperature=settings.temperature,
            seed=settings.seed,
            schema=call.schema,
            options=dict(settings.options),
        )

    def _queued(self, span: str, call: LlmCall | RlmCall, model: str, prompt: str, key: str) -> None:
        queued = SubQueued(
            cell=self._cell,
            op="llm" if isinstance(call, LlmCall) else "rlm",
            prompt=prompt,
            model=model,
            request=key,
            batch=call.batch,
            index=call.index,
            of=call.of,
        )
        self._tree.session.emit(span, queued)

    def _ended(self, span: str, call: LlmCall, model: str, status: str, reply: CallReply) -> CallReply:
        self._queued(span, call, model, call.prompt, "")
        return self._finished(span, status, reply)

    def _finished(self, span: str, status: str, reply: CallReply, seconds: float = 0.0) -> CallReply:
        if reply.problem is not None:
            self.failures[reply.problem.kind] += 1
        finished = SubFinished(
            status=status, text=reply.text, usage=reply.usage, problem=reply.problem, seconds=seconds
        )
        self._tree.session.emit(span, finished)
        return reply


def prompt_of(call: LlmCall) -> str:
    """The whole text that a sub-model is given for a call."""
    prompt = call.prompt
    if call.context is not None:
        tag = tag_around("context", [call.context])
        prompt = f"{prompt}\n\n<{tag}>\n{call.context}\n</{tag}>"
    if call.schema is not None:
        prompt += prompts.load("schema").replace("{schema}", msgspec.json.encode(call.schema).decode())
    return prompt


def _cut(finish: str, max_tokens_out: int | None) -> Problem:
    if finish == "length":
        what = "" if max_tokens_out is None else f" at {max_tokens_out:,} tokens"
        return Problem(kind="length", message=f"the reply was cut{what}; ask for less at once")
    return Problem(kind=finish, message=f"the provider has cut the reply ({finish})")


def data_of(text: str, schema: Json) -> Json:
    """The value in a recorded reply to a call with a schema; None without one."""
    return None if schema is None else value_of(text, schema)[0]


def _status_of(reply: CallReply) -> str:
    if reply.problem is None:
        return "recorded" if reply.recorded else "ok"
    return "refused" if reply.problem.kind.startswith("max_") else "failed"
