"""The functions of cells that ask somebody: sub-models, child runs, and the checker of quotations.

Each turns its arguments into the fields of a call, and replies into `Reply`s. It knows no model, no
price and no limit; those are on the other side of the socketpair.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Protocol

from rlm_cli.inkernel.calls import Calls, failure
from rlm_cli.inkernel.passages import PassageTooLarge, is_single, passage
from rlm_cli.inkernel.replies import Reply, Tally, from_frame
from rlm_cli.inkernel.scopes import place, scope

BATCH = 100_000
"""Calls in one batch: the program outside takes no more."""


class QuoteNotFound(ValueError):
    """The quotation does not stand in the source word for word."""


class _Counting(Protocol):
    tally: Tally


class Queries:
    """The asking functions, over the calls of one kernel.

    Shape:   `counting.tally` counts the calls of the running cell; `corpus` is None without one; its
             ledger is told what models see.
    """

    def __init__(self, calls: Calls, counting: _Counting) -> None:
        self.corpus: Any = None
        self._calls = calls
        self._counting = counting

    def names(self) -> dict[str, Any]:
        """What cells find, by name."""
        batch = self._llm_batch()
        return {
            "llm_query": self._llm_query(),
            "llm_batch": batch,
            "llm_query_batched": batch,
            "rlm_query": self._rlm_query(),
            "rlm_batch": self._rlm_batch(),
            "cite": self._cite(),
            "QuoteNotFound": QuoteNotFound,
        }

    def cite_at(self, document: int | str | None, quote: str, start: int | None) -> str:
        """The mark for a quotation, checked outside.

        Errors:  QuoteNotFound when it is not there word for word.
        """
        call = {"op": "cite", "quote": quote, "document": document, "start": start}
        reply = self._calls.serve([call])[0]
        problem = reply.get("problem")
        if problem:
            raise QuoteNotFound(problem["message"])
        return str(reply.get("text", ""))

    def _llm_query(self) -> Callable[..., Reply]:
        def llm_query(
            prompt: str,
            context: Any = None,
            *,
            schema: dict[str, Any] | None = None,
            model: str | None = None,
        ) -> Reply:
            """Ask a sub-model; it sees the prompt and the context, nothing else.

            `context` may be text, a document, a hit, a chunk, or a list of them: each is headed by its
            source. With `schema` (a JSON Schema) the reply is checked, and its value is in `.data`. The
            result is a `Reply`: a `str` with `.ok`, `.error`, `.data`. For more than one, use llm_batch.

            >>> reply = llm_query("Which clause caps liability? Quote it.", corpus["msa.pdf"])
            """
            return self._ask([(prompt, context)], schema, model, batch=0)[0]

        return llm_query

    def _llm_batch(self) -> Callable[..., list[Reply]]:
        def llm_batch(
            prompts: Any,
            contexts: Any = None,
            *,
            schema: dict[str, Any] | None = None,
            model: str | None = None,
        ) -> list[Reply]:
            """Ask many at once; the replies come in the order of the prompts, a `Reply` each.

            `prompts` is a list of texts or of (prompt, context) pairs; one prompt with many `contexts`
            is put to each of them, and one context to each prompt. A call that fails is a Reply with
            `.ok == False`: look at `.error`, never take it for "nothing found".

            >>> replies = llm_batch("List every obligation, quoted.", corpus.chunks(size=100_000))
            >>> failed = [i for i, reply in enumerate(replies) if not reply.ok]
            """
            asked = pairs(prompts, contexts)
            return self._ask(asked, schema, model, batch=self._calls.next_batch()) if asked else []

        return llm_batch

    def _rlm_query(self) -> Callable[..., Reply]:
        def rlm_query(question: str, corpus: Any = None) -> Reply:
            """Give a question to a child run, with a kernel of its own over the same documents.

            `corpus` narrows what it sees: a subset of the corpus, documents, hits, or texts of your own
            (`{"name": text}`). Slow and dear: for questions that need many steps. Works only where the
            depth limit allows it; otherwise the Reply has `.ok == False`.

            >>> rlm_query("Which amendments are still in force?", corpus.filter("amendments/*"))
            """
            return self._run_children([question], [corpus], batch=0)[0]

        return rlm_query

    def _rlm_batch(self) -> Callable[..., list[Reply]]:
        def rlm_batch(questions: Any, corpora: Any = None) -> list[Reply]:
            """Many child runs at once, in order: see rlm_query. One question may be put to many corpora.

            >>> rlm_batch("Summarise the duties of the buyer.", [[doc] for doc in corpus])
            """
            if isinstance(questions, str):
                over = [None] if corpora is None else list(corpora)
                questions = [questions] * len(over)
            else:
                questions = list(questions)
                over = [None] * len(questions) if corpora is None else list(corpora)
            _same_length("questions", questions, "corpora", over)
            return self._run_children(questions, over, batch=self._calls.next_batch()) if questions else []

        return rlm_batch

    def _cite(self) -> Callable[..., str]:
        def cite(source: Any, quote: str | None = None) -> str:
            """A mark for the answer, such as `[[cite:7]]`, behind words that stand in a document.

            `source` is a hit, a chunk, a document or a path; `quote` the words, which have to stand there
            word for word (white space may differ): otherwise QuoteNotFound is raised. A hit alone cites
            its own text; words alone are looked for everywhere.

            >>> answer["content"] += f'"no cap applies" {cite(hit, "no cap applies")}'
            """
            own = getattr(source, "cite", None)
            if quote is None and isinstance(own, str):
                return str(own)
            return self.cite_at(*place(source, quote))

        return cite

    def _ask(
        self, asked: Sequence[tuple[Any, Any]], schema: Any, model: str | None, batch: int
    ) -> list[Reply]:
        if schema is not None and not isinstance(schema, dict):
            raise TypeError(f"schema must be a JSON Schema (a dict), not {type(schema).__name__}")
        if model is not None and not isinstance(model, str):
            raise TypeError(f"model must be a name, not {type(model).__name__}")
        _at_most(asked, "prompts")
        for index, (prompt, _) in enumerate(asked):
            if not isinstance(prompt, str):
                raise TypeError(f"prompt {index} must be a str, not {type(prompt).__name__}")
        shared = {"op": "llm", "schema": schema, "model": model, "batch": batch, "of": len(asked)}
        return self._served(
            {**shared, **self._passages(prompt, context), "index": index}
            for index, (prompt, context) in enumerate(asked)
        )

    def _passages(self, prompt: str, context: Any) -> dict[str, Any]:
        """The texts of one call; a failure when they are too large for any."""
        try:
            words, text = passage(prompt) or "", passage(context)
        except PassageTooLarge as error:
            return failure("too_large", f"prompt or context are too large for a call: {error}")
        if self.corpus is not None:
            self.corpus.ledger.shown(words if text is None else f"{words}\n{text}")
        return {"prompt": words, "context": text}

    def _run_children(self, questions: Sequence[Any], over: Sequence[Any], batch: int) -> list[Reply]:
        _at_most(questions, "questions")
        for index, question in enumerate(questions):
            if not isinstance(question, str):
                raise TypeError(f"question {index} must be a str, not {type(question).__name__}")
        shared = {"op": "rlm", "batch": batch, "of": len(questions)}
        return self._served(
            {**shared, "question": str(question), **scope(part, self.corpus), "index": index}
            for index, (question, part) in enumerate(zip(questions, over, strict=True))
        )

    def _served(self, calls: Iterable[dict[str, Any]]) -> list[Reply]:
        replies = [from_frame(reply) for reply in self._calls.serve(calls)]
        for reply in replies:
            self._counting.tally.add(reply)
        return replies


def pairs(prompts: Any, contexts: Any) -> list[tuple[Any, Any]]:
    """Each prompt with its context.

    Errors:  ValueError when there are as many contexts as neither one nor the prompts.
    """
    if isinstance(prompts, str):
        if contexts is None or is_single(contexts):
            return [(prompts, contexts)]
        return [(prompts, context) for context in contexts]
    given = [_pair(prompt) for prompt in prompts]
    if contexts is None:
        return given
    if any(context is not None for _, context in given):
        raise ValueError("give contexts either in pairs or as `contexts`, not both")
    if is_single(contexts):
        return [(prompt, contexts) for prompt, _ in given]
    over = list(contexts)
    _same_length("prompts", given, "contexts", over)
    return [(prompt, context) for (prompt, _), context in zip(given, over, strict=True)]


def _pair(prompt: Any) -> tuple[Any, Any]:
    if isinstance(prompt, (tuple, list)) and len(prompt) == 2:
        return prompt[0], prompt[1]
    return prompt, None


def _at_most(asked: Sequence[Any], noun: str) -> None:
    if len(asked) > BATCH:
        raise ValueError(f"{len(asked):,} {noun} at once: at most {BATCH:,}; ask in several batches")


def _same_length(name: str, ones: Sequence[Any], other_name: str, others: Sequence[Any]) -> None:
    if len(ones) != len(others):
        raise ValueError(f"{len(ones)} {name} but {len(others)} {other_name}")
