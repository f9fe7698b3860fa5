"""The engine's doors to the world: Clock, Session, Model, Corpus, Kernel, and the values they exchange.

Adapters (`stream`, `models`, `corpus`, `kernel`) implement these protocols; the engine knows nothing
else of them. A value that passes a port is inert: no handle, no callback, no path that a cell has chosen.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from typing import Any, Protocol

import msgspec
from msgspec import Struct

from rlm_cli.base.ids import content_hash
from rlm_cli.events import Body
from rlm_cli.events.bodies import CorpusLoaded, KernelReady, KernelRestarted
from rlm_cli.events.values import Citation, Coverage, Json, Message, Problem, Usage, Variable


class Clock(Protocol):
    """Time. The real one is monotonic; the one of the tests moves when it is told to."""

    def now(self) -> float:
        """Seconds on a clock that never goes back."""

    async def sleep(self, seconds: float) -> None:
        """Wait."""


class Session(Protocol):
    """Where events go: they are numbered, journalled, then offered to the faces, in this order."""

    def emit(self, span: str, body: Body) -> None:
        """Say that something happened.

        Errors:  SessionError when the session file cannot be written.
        """


# --- models ------------------------------------------------------------------------------------------


class PriceTier(Struct, frozen=True):
    """What tokens cost in a request of more than so many tokens in.

    Units:   tokens in; dollars a token.
    """

    above_tokens_in: int
    usd_per_token_in: float
    usd_per_token_out: float


class ModelFacts(Struct, frozen=True, kw_only=True):
    """What is known of a model before it is called.

    Units:   tokens; dollars a token, at most: a token that is written to the provider's cache may cost
             more than a plain one. None means not known; `usd_per_token_*` of 0.0 is a free model.
    Shape:   tiers are the prices of long requests, cheapest first.
             name is `provider/model`; endpoint is where requests go, for people (`api.openai.com`,
             `this machine`). `is_language_model` is False for the embedded extractive default, which
             always works through the loop.
    """

    name: str
    endpoint: str = ""
    context_tokens: int | None = None
    max_tokens_out: int | None = None
    usd_per_token_in: float | None = None
    usd_per_token_out: float | None = None
    tiers: tuple[PriceTier, ...] = ()
    is_language_model: bool = True

    def usd_at_most(self, tokens_in: int, tokens_out: int) -> float | None:
        """The most that a request of so many tokens can cost; None when the price is not known."""
        if self.usd_per_token_in is None or self.usd_per_token_out is None:
            return None
        usd = tokens_in * self.usd_per_token_in + tokens_out * self.usd_per_token_out
        reached = [tier for tier in self.tiers if tokens_in > tier.above_tokens_in]
        return max(
            [usd]
            + [tokens_in * each.usd_per_token_in + tokens_out * each.usd_per_token_out for each in reached]
        )


class Request(Struct, frozen=True, kw_only=True):
    """One request to a model. Never a URL, a header, an image or a tool.

    Units:   max_tokens_out bounds what the response may hold; None leaves it to the provider.
    Shape:   schema is a JSON Schema that the response's text should satisfy, or None.
    """

    messages: tuple[Message, ...]
    purpose: str = "sub"
    max_tokens_out: int | None = None
    temperature: float | None = None
    seed: int | None = None
    schema: Json = None
    options: dict[str, Any] = {}


class Delta(Struct, frozen=True):
    """A piece of a response as it streams."""

    text: str


class Response(Struct, frozen=True, kw_only=True):
    """A whole response: only this is ever acted upon.

    Shape:   finish is `stop`, `length`, `content_filter` or a provider's own word for another end; only
             `stop` says that the text is whole.
    """

    text: str
    usage: Usage
    model: str
    finish: str = "stop"
    recorded: bool = False


class Model(Protocol):
    """A model of some provider."""

    @property
    def facts(self) -> ModelFacts:
        """What is known of it; costs nothing to ask."""

    def stream(self, request: Request) -> AsyncGenerator[Delta | Response, None]:
        """Deltas, then exactly one Response, which ends the stream.

        Errors:  a ModelError of `base.errors`, also in the middle of the stream; a stream that stops
                 without saying that it is finished is ModelUnavailable. Never retries by itself.
        """

    async def close(self) -> None:
        """Give back connections."""


def request_key(model: str, request: Request) -> str:
    """The content address of a request: the same key means that a recorded reply may stand for it."""
    parts = [
        model,
        [[message.role, message.content] for message in request.messages],
        request.max_tokens_out,
        request.temperature,
        request.seed,
        request.schema,
        request.options,
    ]
    return content_hash(msgspec.json.encode(parts, order="sorted"))[:32]


# --- the corpus --------------------------------------------------------------------------------------


class Mount(Struct, frozen=True, kw_only=True):
    """What a kernel needs to map a corpus: plain data, written to its boot file.

    Shape:   store is the directory of the mapped store and generation the snapshot in it; documents are
             the indices that are visible, None for all; variables maps a name in the kernel to the
             indices below that input path.
    """

    store: str
    generation: str
    documents: list[int] | None = None
    variables: dict[str, list[int] | None] = {}


class Corpus(Protocol):
    """The documents of a run, read-only, as one snapshot."""

    @property
    def loaded(self) -> CorpusLoaded:
        """The facts as the event that tells them."""

    @property
    def mount(self) -> Mount:
        """What a kernel needs to map it."""

    def tree(self, limit_lines: int) -> str:
        """Folders and documents with sizes, at most so many lines, the rest counted."""

    def preview(self, limit_documents: int, limit_characters: int) -> str:
        """The first characters of some documents, the largest and one of each kind first."""

    def texts(self) -> list[tuple[str, str]]:
        """Every document's path and whole text: for small corpora only."""

    def cite(self, quote: str, document: int | str | None = None, start: int | None = None) -> Citation:
        """Where a quotation stands, word for word (NFKC, white space folded); `checked` is False and
        `why` says why when it does not. `document` is an index or a path, None looks everywhere;
        `start` is the character near which to look first. The citation's id is 0."""

    def subset(self, documents: Sequence[int]) -> Corpus:
        """The same store with fewer documents to be seen."""

    def of_texts(self, texts: Mapping[str, str]) -> Corpus:
        """A corpus of texts that a cell has made, for a child run: no source, so `cite` refuses them."""


# --- the kernel --------------------------------------------------------------------------------------


class LlmCall(Struct, frozen=True, kw_only=True, tag_field="op", tag="llm", forbid_unknown_fields=True):
    """A cell asks a sub-model. `model` is an alias of the settings, None for the sub-model.

    Shape:   index of `of` in the batch; batches count from 1 in a cell, 0 is a single call.
    """

    prompt: str
    context: str | None = None
    schema: Json = None
    model: str | None = None
    batch: int = 0
    index: int = 0
    of: int = 1


class RlmCall(Struct, frozen=True, kw_only=True, tag_field="op", tag="rlm", forbid_unknown_fields=True):
    """A cell asks for a child run over documents of the corpus, or over texts of its own."""

    question: str
    documents: list[int] | None = None
    texts: dict[str, str] | None = None
    batch: int = 0
    index: int = 0
    of: int = 1


class CiteCall(Struct, frozen=True, kw_only=True, tag_field="op", tag="cite", forbid_unknown_fields=True):
    """A cell asks for a citation mark; the quotation is checked outside of the kernel."""

    quote: str
    document: int | str | None = None
    start: int | None = None


KernelCall = LlmCall | RlmCall | CiteCall


class CallReply(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a cell gets back for a call.

    Shape:   text is the reply or the citation mark; problem is set when the call failed, and `data`
             holds the value when a schema was given.
    """

    text: str = ""
    problem: Problem | None = None
    usage: Usage = Usage()
    recorded: bool = False
    data: Any = None


class Cell(Struct, frozen=True, kw_only=True):
    """A cell to run.

    Units:   compute_seconds bounds computing, waiting_seconds bounds waiting for calls; None: no bound.
    """

    number: int
    code: str
    turn: int = 0
    compute_seconds: float | None = None
    waiting_seconds: float | None = None


class CellResult(Struct, frozen=True, kw_only=True):
    """How a cell ended.

    Shape:   status is `ok`, `error`, `interrupted`, `timeout` or `died`; shown is what the model sees of
             its output; content and ready are the answer variable at the end, or the last that was seen.
             kernel_is_lost says that the process is gone: restart before the next cell. A cell that
             obeyed an interrupt or its limit has kept its kernel, and its variables.
    """

    status: str
    shown: str = ""
    omitted: int = 0
    seconds: float = 0.0
    waited_seconds: float = 0.0
    problem: Problem | None = None
    variables: list[Variable] = []
    coverage: Coverage = Coverage()
    content: Json = ""
    ready: bool = False
    kernel_is_lost: bool = False


class CellHost(Protocol):
    """What a kernel adapter needs of the engine while a cell runs."""

    def output(self, stream: str, text: str) -> None:
        """A piece of output has arrived: `stdout`, `stderr`, `result` or `error`."""

    def drafted(self, content: Json, ready: bool) -> None:
        """The answer variable has changed."""

    async def call(self, call: KernelCall) -> CallReply:
        """Serve a call of this cell. It is cancelled when the cell is interrupted; never raises RlmError."""


class Kernel(Protocol):
    """A Python kernel in a process of its own."""

    async def start(self) -> KernelReady:
        """Start it, and map the corpus.

        Errors:  KernelError when it cannot be started as the settings demand.
        """

    async def run(self, cell: Cell, host: CellHost) -> CellResult:
        """Run one cell to its end: its own idle, its own reply, all of its calls settled or cancelled.

        Errors:  none for what a cell does; KernelDied is a result (`died`), not an exception.
        """

    def interrupt(self, force: int = 1) -> None:
        """Stop the running cell: 1 interrupts, 2 and more kills. Does nothing when none runs."""

    def remember(self, entry: dict[str, Json]) -> None:
        """Give the kernel an entry of `history` (turn, reply, code, output, status)."""

    async def restart(self, why: str) -> KernelRestarted:
        """Replace a dead or stuck kernel by a fresh one over the same corpus."""

    async def close(self) -> None:
        """End the process and everything that it has started."""


KernelFactory = Callable[[Corpus], Kernel]
"""Makes a kernel, not yet started, over a corpus: how child runs get their own."""
