"""A session as an export tells it: plain values, cleaned of secrets and of what acts on a screen.

Everything that any of the formats shows is here, and nothing of how it is shown.
"""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from rlm_cli.events.values import Usage


class Call(Struct, frozen=True, omit_defaults=True):
    """A sub-call or a child run; the times are seconds since the run began, None until it happened.

    Shape:   key is a hash of the prompt as it was, whatever was taken out of it here.
    """

    span: str
    cell: str
    op: str
    model: str
    prompt: str
    key: str
    queued: float
    batch: int = 0
    state: str = "queued"
    text: str = ""
    started: float | None = None
    finished: float | None = None
    attempts: int = 1
    problem: str = ""
    usd: float | None = 0.0
    tokens_in: int = 0
    tokens_out: int = 0


class Cell(Struct, frozen=True, omit_defaults=True):
    """A cell; `run` is the span of its run, `root` or a call."""

    span: str
    run: str
    number: int
    code: str
    began: float
    origin: str = "model"
    status: str = "running"
    output: str = ""
    omitted: int = 0
    ended: float | None = None
    seconds: float = 0.0
    waited: float = 0.0
    problem: str = ""


class Turn(Struct, frozen=True, omit_defaults=True):
    """A turn of a run: what the model said, and the span of its cell, empty when it had none."""

    span: str
    run: str
    number: int
    began: float
    prose: str = ""
    replied: float | None = None
    usd: float | None = 0.0
    tokens_in: int = 0
    tokens_out: int = 0
    cell: str = ""


class Draft(Struct, frozen=True, omit_defaults=True):
    """A draft, and how the one before became it: pairs of `=`, `-` or `+` and a text."""

    number: int
    t: float
    turn: str
    changes: list[tuple[str, str]]
    ready: bool = False


class Cited(Struct, frozen=True, omit_defaults=True):
    """A citation with the passage around it; origin says where the passage was taken from."""

    id: int
    place: str
    path: str
    quote: str
    checked: bool = False
    why: str = ""
    elsewhere: int = 0
    before: str = ""
    after: str = ""
    origin: str = ""


class Answered(Struct, frozen=True, omit_defaults=True):
    """An earlier question of the session, what was answered to it, and how it ended."""

    question: str
    answer: str
    ending: str
    citations: list[Cited] = []


class Remark(Struct, frozen=True, omit_defaults=True):
    """Something that happened beside the work: a notice, a warning, a restart."""

    t: float
    level: str
    text: str


class Facts(Struct, frozen=True, kw_only=True):
    """What is known of the run as a whole.

    Units:   seconds of wall-clock.
    """

    title: str
    question: str
    session: str
    started: str
    status: str
    stop: str
    ending: str
    models: str
    corpus: str
    coverage: str
    spending: str
    sandbox: str
    seconds: float
    usd: float | None
    inputs: list[str] = []
    command: str = ""
    skipped: str = ""
    warnings: list[str] = []
    program: str = ""
    usage: list[tuple[str, Usage]] = []


class Story(Struct, frozen=True, kw_only=True):
    """A session.

    Shape:   answer is Markdown with numbers such as [1]; data is the value of a `--schema`, None without one;
             earlier are the questions before the one that answer and facts are about; removed says which
             secrets were taken out; cut counts texts that are not here whole, and limit is the number of
             characters that each may have.
    """

    facts: Facts
    answer: str
    data: Any = None
    citations: list[Cited] = []
    earlier: list[Answered] = []
    turns: list[Turn] = []
    cells: list[Cell] = []
    calls: list[Call] = []
    drafts: list[Draft] = []
    remarks: list[Remark] = []
    removed: list[str] = []
    cut: int = 0
    limit: int = 0
