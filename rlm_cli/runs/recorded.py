"""The cells that stand in a session, with what each made of the world: outputs, drafts, replies.

A fold over recorded events, for running cells again. Knows no kernel and no model.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable
from dataclasses import dataclass, field

from rlm_cli.events import Event, parent_span
from rlm_cli.events.bodies import (
    CellFinished,
    CellStarted,
    CorpusLoaded,
    DraftUpdated,
    KernelRestarted,
    Notice,
    ReplyFinished,
    RunFinished,
    RunResumed,
    RunStarted,
    SubFinished,
    SubQueued,
)
from rlm_cli.ports import CallReply


@dataclass
class RecordedCell:
    """A cell as it ran.

    Shape:   finished is None when the record ends before the cell did; draft is the answer behind it, None
             when it did not change; reply is what the root model had said around its code.
    """

    span: str
    number: int
    code: str
    reply: str = ""
    finished: CellFinished | None = None
    draft: DraftUpdated | None = None
    was_restarted: bool = False


@dataclass
class RecordedRun:
    """A run, or a child run, as it is recorded: its cells in order, and how it ended."""

    span: str
    started: RunStarted | None = None
    loaded: CorpusLoaded | None = None
    finished: RunFinished | None = None
    is_direct: bool = False
    draft: DraftUpdated | None = None
    cells: list[RecordedCell] = field(default_factory=list)


class Replies:
    """Recorded replies of sub-calls by model and prompt; the same request again gets the next of them."""

    def __init__(self) -> None:
        self._by_content: dict[tuple[str, str, str], deque[tuple[str, CallReply]]] = defaultdict(deque)

    def add(self, queued: SubQueued, span: str, finished: SubFinished) -> None:
        """Take a reply."""
        reply = CallReply(text=finished.text, problem=finished.problem, recorded=True)
        self._by_content[(queued.op, queued.model, queued.prompt)].append((span, reply))

    def take(self, op: str, model: str, prompt: str) -> tuple[str, CallReply] | None:
        """The span and the reply of the next call of this content; the last one stands for all later ones."""
        waiting = self._by_content.get((op, model, prompt))
        if not waiting:
            return None
        return waiting.popleft() if len(waiting) > 1 else waiting[0]


@dataclass
class Recorded:
    """Everything of a session that running it again needs."""

    runs: dict[str, RecordedRun] = field(default_factory=dict)
    replies: Replies = field(default_factory=Replies)

    @property
    def root(self) -> RecordedRun:
        """The run of the user's own question."""
        return self.runs.get("root") or RecordedRun("root")


def recorded(events: Iterable[Event]) -> Recorded:
    """What stands in these events; what was taken back is left out."""
    found = Recorded()
    queued: dict[str, SubQueued] = {}
    said: dict[str, str] = {}
    for event in events:
        body, span = event.body, event.span
        match body:
            case SubQueued():
                queued[span] = body
            case SubFinished() if span in queued:
                found.replies.add(queued.pop(span), span, body)
            case ReplyFinished():
                said[span] = body.text
            case _:
                _take(found, event, said)
    return found


def _take(found: Recorded, event: Event, said: dict[str, str]) -> None:
    body, span = event.body, event.span
    run = found.runs.setdefault(run_span(span), RecordedRun(run_span(span)))
    cell = run.cells[-1] if run.cells else None
    match body:
        case RunStarted():
            run.started, run.finished, run.is_direct = body, None, False
        case RunResumed(cell=first):
            run.cells = [each for each in run.cells if each.number < first]
            run.finished = None
        case CorpusLoaded():
            run.loaded = body
        case Notice(code="direct"):
            run.is_direct = True
        case CellStarted():
            run.cells.append(RecordedCell(span, body.cell, body.code, said.get(parent_span(span), "")))
        case CellFinished() if cell is not None and cell.span == span:
            cell.finished = body
        case DraftUpdated():
            run.draft = body
            if cell is not None and parent_span(cell.span) == span:
                cell.draft = body
        case KernelRestarted() if cell is not None:
            cell.was_restarted = True
        case RunFinished():
            run.finished = body


def run_span(span: str) -> str:
    """The span of the run in which something was said: `root`, or the sub-call that a child run stands for.

    What a run says of itself is spoken by its own span; its turns and cells hang below.
    """
    parts = span.split("/")
    while len(parts) > 1 and parts[-1][:1] in ("t", "c"):
        parts.pop()
    return "/".join(parts)
