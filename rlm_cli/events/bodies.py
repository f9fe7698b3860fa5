"""The closed union of event bodies: one frozen struct a kind, tagged by its wire name.

Within a schema number only new kinds and new optional fields are added. A kind that this version does
not know is an `Unknown`, carries what was read, and is written back intact.
"""

from __future__ import annotations

from typing import Any

from msgspec import UNSET, Struct, UnsetType

from rlm_cli.events.values import (
    Citation,
    Coverage,
    Input,
    Limits,
    Message,
    Problem,
    Skipped,
    Usage,
    Variable,
)


class RunStarted(Struct, frozen=True, kw_only=True, tag_field="kind", tag="run.started"):
    """A run, or a child run below the sub-call that asked for it, begins.

    Shape:   endpoints are where passages go: hosts, or `this machine`; empty when that is not known.
             models_why is why these models were taken; empty when the user has named them. settings are
             those that the run was asked with and that differ from the default, by name: whoever goes on
             with the session needs them. origin is the session that this one was made from, and how
             (`fork ID@2`, `watch ID`); empty for a question of its own.
    """

    question: str
    root_model: str
    sub_model: str
    mode: str
    limits: Limits
    prompt_hash: str
    system_prompt: str = ""
    inputs: list[str] = []
    title: str = ""
    endpoints: list[str] = []
    models_why: str = ""
    settings: dict[str, Any] = {}
    origin: str = ""


class RunResumed(Struct, frozen=True, kw_only=True, tag_field="kind", tag="run.resumed"):
    """The session goes on from an earlier state of it: what was recorded behind that state is taken back.

    Units:   turn, cell are the numbers of the next turn and the next cell; questions counts the questions
             that stand, the one that is gone on with included; cells_again counts cells that were run again.
    Shape:   why is `resume`, `continue`, `fork` or `undo`; lost says in words what could not be rebuilt;
             the usages are what the question had cost until then.
    """

    why: str
    turn: int
    cell: int
    questions: int
    cells_again: int = 0
    lost: list[str] = []
    root_usage: Usage = Usage()
    sub_usage: Usage = Usage()
    seconds: float = 0.0


class CorpusLoaded(Struct, frozen=True, kw_only=True, tag_field="kind", tag="corpus.loaded"):
    """The corpus is readable. `skipped` names at most 100 files; `skipped_count` counts all of them.

    Units:   characters of text; bytes as on disk; tokens estimated; seconds spent reading.
    Shape:   manifest has a line for each document, the xxh3-128 of its file and its path with two spaces
             between; reading is how the files were chosen. Unset in older records, in child runs, and the
             manifest also where there are too many documents to list. partly names at most 100 documents
             of which something is missing, and what; unset where there are none.
    """

    documents: int
    characters: int
    bytes: int
    tokens: int
    fingerprint: str
    kinds: dict[str, int] = {}
    inputs: list[Input] = []
    skipped: list[Skipped] = []
    skipped_count: int = 0
    extracted: int = 0
    seconds: float = 0.0
    manifest: str | UnsetType = UNSET
    reading: dict[str, Any] | UnsetType = UNSET
    partly: list[Skipped] | UnsetType = UNSET


class KernelReady(Struct, frozen=True, kw_only=True, tag_field="kind", tag="kernel.ready"):
    """The kernel answers. `sandbox` is the status line that tells which protections are on."""

    python: str
    sandbox: str
    tier: str
    names: list[str] = []
    seconds: float = 0.0


class TurnStarted(Struct, frozen=True, kw_only=True, tag_field="kind", tag="turn.started"):
    """The root model is asked for its next step."""

    turn: int
    limit: int | None = None


class ReplyDelta(Struct, frozen=True, tag_field="kind", tag="reply.delta"):
    """A piece of the root model's reply as it streams. `attempt` counts from 1; a new one starts afresh."""

    text: str
    attempt: int = 1


class ReplyFinished(Struct, frozen=True, kw_only=True, tag_field="kind", tag="reply.finished"):
    """The root model's whole reply. `request` is the content key under which it can be answered again.

    Shape:   `messages` are those that this request added to the conversation since the one before.
    """

    text: str
    model: str
    usage: Usage
    request: str = ""
    messages: list[Message] = []
    finish: str = "stop"
    attempts: int = 1
    seconds: float = 0.0
    recorded: bool = False


class CellStarted(Struct, frozen=True, kw_only=True, tag_field="kind", tag="cell.started"):
    """A code cell is given to the kernel; origin is `model` or `user`."""

    cell: int
    code: str
    origin: str = "model"


class CellOutput(Struct, frozen=True, kw_only=True, tag_field="kind", tag="cell.output"):
    """A piece of a cell's output; stream is `stdout`, `stderr`, `result` or `error`."""

    cell: int
    stream: str
    text: str


class CellFinished(Struct, frozen=True, kw_only=True, tag_field="kind", tag="cell.finished"):
    """A cell has ended: `ok`, `error`, `interrupted`, `timeout` or `died`.

    Units:   seconds of computing and of waiting for sub-calls; omitted counts characters of output that
             the model was not shown.
    Shape:   `shown` is the output exactly as the model is shown it.
    """

    cell: int
    status: str
    seconds: float = 0.0
    waited_seconds: float = 0.0
    shown: str = ""
    omitted: int = 0
    problem: Problem | None = None
    variables: list[Variable] = []
    coverage: Coverage | None = None


class SubQueued(Struct, frozen=True, kw_only=True, tag_field="kind", tag="sub.queued"):
    """A cell has asked for a sub-call (`llm`) or a child run (`rlm`); the prompt is recorded whole."""

    cell: int
    op: str
    prompt: str
    model: str
    request: str = ""
    batch: int = 0
    index: int = 0
    of: int = 1
    label: str = ""


class SubStarted(Struct, frozen=True, kw_only=True, tag_field="kind", tag="sub.started"):
    """A sub-call is sent to its model; `attempt` counts from 1."""

    attempt: int = 1


class SubFinished(Struct, frozen=True, kw_only=True, tag_field="kind", tag="sub.finished"):
    """A sub-call has ended: `ok`, `recorded`, `failed`, `refused` (by a limit) or `cancelled`."""

    status: str
    text: str = ""
    usage: Usage = Usage()
    problem: Problem | None = None
    attempts: int = 1
    seconds: float = 0.0


class DraftUpdated(Struct, frozen=True, kw_only=True, tag_field="kind", tag="draft.updated"):
    """The answer variable has changed; `draft` counts from 1."""

    draft: int
    content: str
    ready: bool = False
    value: Any = None


class CitationChecked(Struct, frozen=True, tag_field="kind", tag="citation.checked"):
    """A quotation was compared with its source, word for word, by code outside of the kernel."""

    citation: Citation


class CitationMarked(Struct, frozen=True, kw_only=True, tag_field="kind", tag="citation.marked"):
    """A quotation was found in its source and has a mark, `[[cite:7]]`, by which an answer may name it."""

    mark: int
    citation: Citation


class BudgetWarned(Struct, frozen=True, kw_only=True, tag_field="kind", tag="budget.warned"):
    """A limit is near (`near`), reached (`reached`), or cannot be kept (`unknown`)."""

    limit: str
    state: str
    used: float
    allowed: float | None
    text: str


class DecisionAsked(Struct, frozen=True, kw_only=True, tag_field="kind", tag="decision.asked"):
    """The run needs an answer from its user, and waits for the command `Decide` with this id."""

    id: str
    question: str
    options: list[str]
    default: str = ""


class DecisionMade(Struct, frozen=True, kw_only=True, tag_field="kind", tag="decision.made"):
    """A decision was taken, by `user`, by a `flag` or by a `default`."""

    id: str
    choice: str
    by: str


class CorpusChanged(Struct, frozen=True, kw_only=True, tag_field="kind", tag="corpus.changed"):
    """Files of the corpus have changed on disk."""

    added: list[str] = []
    changed: list[str] = []
    removed: list[str] = []


class KernelRestarted(Struct, frozen=True, kw_only=True, tag_field="kind", tag="kernel.restarted"):
    """The kernel was replaced; what was restored and what was lost, by variable name.

    Shape:   what was restored is as it was after `cell`, unset when nothing but the first three was.
    """

    why: str
    restored: list[str] = []
    lost: list[str] = []
    seconds: float = 0.0
    cell: int | UnsetType = UNSET


class HistoryCompacted(Struct, frozen=True, kw_only=True, tag_field="kind", tag="history.compacted"):
    """Earlier turns were taken out of the conversation; the kernel's `history` still has them in full."""

    first_turn: int
    last_turn: int
    characters_before: int
    characters_after: int


class Notice(Struct, frozen=True, kw_only=True, tag_field="kind", tag="notice"):
    """Something that the user should know; level is `info`, `warning` or `error`, code a stable name."""

    level: str
    code: str
    text: str


class RunFinished(Struct, frozen=True, kw_only=True, tag_field="kind", tag="run.finished"):
    """A run has ended; everything that the JSON result says is here.

    Shape:   status is `complete`, `partial` or `failed`; stop is why (`ready`, `max_cost`, `interrupted` …);
             answer has its citation marks replaced by [1], [2] …, which `citations` explains.
    """

    status: str
    stop: str
    exit_code: int
    answer: str
    data: Any = None
    citations: list[Citation] = []
    coverage: Coverage = Coverage()
    root_usage: Usage = Usage()
    sub_usage: Usage = Usage()
    limits: Limits = Limits()
    sandbox: str = ""
    warnings: list[str] = []
    problem: Problem | None = None
    seconds: float = 0.0


class Unknown(Struct, frozen=True):
    """An event of a kind that this version does not know, with all that was read of it."""

    kind: str
    fields: dict[str, Any]


KnownBody = (
    RunStarted
    | RunResumed
    | CorpusLoaded
    | KernelReady
    | TurnStarted
    | ReplyDelta
    | ReplyFinished
    | CellStarted
    | CellOutput
    | CellFinished
    | SubQueued
    | SubStarted
    | SubFinished
    | DraftUpdated
    | CitationMarked
    | CitationChecked
    | BudgetWarned
    | DecisionAsked
    | DecisionMade
    | CorpusChanged
    | KernelRestarted
    | HistoryCompacted
    | Notice
    | RunFinished
)

Body = KnownBody | Unknown

BODY_TYPES: dict[str, type[KnownBody]] = {
    str(body.__struct_config__.tag): body
    for body in (
        RunStarted,
        RunResumed,
        CorpusLoaded,
        KernelReady,
        TurnStarted,
        ReplyDelta,
        ReplyFinished,
        CellStarted,
        CellOutput,
        CellFinished,
        SubQueued,
        SubStarted,
        SubFinished,
        DraftUpdated,
        CitationMarked,
        CitationChecked,
        BudgetWarned,
        DecisionAsked,
        DecisionMade,
        CorpusChanged,
        KernelRestarted,
        HistoryCompacted,
        Notice,
        RunFinished,
    )
}
"""Every kind by its wire name."""
