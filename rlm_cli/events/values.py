"""The plain values that events carry: usage, cost, citations, coverage, limits, what was skipped.

Everything here is what JSON can hold. None always means "not known", never zero.
"""

from __future__ import annotations

from typing import Any

from msgspec import UNSET, Struct, UnsetType

Json = dict[str, Any] | list[Any] | str | int | float | bool | None
"""A value that JSON can hold."""


class Usage(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What one response, or a sum of responses, cost.

    Units:   tokens as the provider counts them (tokens_in includes tokens_cached); usd is None when the
             price of the model is not known. `estimated` marks figures that the provider did not report.
    """

    calls: int = 0
    tokens_in: int = 0
    tokens_out: int = 0
    tokens_cached: int = 0
    usd: float | None = 0.0
    estimated: bool = False

    def __add__(self, other: Usage) -> Usage:
        unknown = self.usd is None or other.usd is None
        return Usage(
            calls=self.calls + other.calls,
            tokens_in=self.tokens_in + other.tokens_in,
            tokens_out=self.tokens_out + other.tokens_out,
            tokens_cached=self.tokens_cached + other.tokens_cached,
            usd=None if unknown else (self.usd or 0.0) + (other.usd or 0.0),
            estimated=self.estimated or other.estimated,
        )


class Problem(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A failure as data: a short kind (`rate_limit`, `budget`, `NameError`), a message, where it happened."""

    kind: str
    message: str
    line: int | None = None
    detail: str = ""


class Skipped(Struct, frozen=True):
    """A file that is not in the corpus, and why."""

    path: str
    why: str


class Input(Struct, frozen=True, kw_only=True):
    """One input path of the corpus: what the user wrote, its absolute path, its variable in the kernel."""

    given: str
    path: str
    variable: str
    documents: int = 0


class Citation(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A quotation and the place where it stands.

    Units:   page and lines count from 1; page is None where the format has no pages; start and end are
             characters of the document's text; `elsewhere` counts further places with the same words.
    Shape:   place is where a person would look in a format that has no pages: `sheet "Costs", cell C7`,
             `slide 3, notes`, `footnote 2`; empty where page and line say it all. elsewhere_in names
             the first of the further places in other documents; elsewhere_is_whole is False when the time
             did not suffice for all. is_settled is False when it did not suffice to find the quotation,
             which may stand in a document that was not looked at.
    """

    id: int
    path: str
    quote: str
    page: int | None = None
    line_start: int = 0
    line_end: int = 0
    start: int = 0
    end: int = 0
    checked: bool = False
    elsewhere: int = 0
    elsewhere_in: list[str] = []
    why: str = ""
    place: str = ""
    elsewhere_is_whole: bool = True
    is_settled: bool = True


class Coverage(Struct, frozen=True, kw_only=True):
    """How many documents there are, how many code has searched, and how many a model has read from.

    Shape:   the characters of all documents, and of those stretches that a model has read, are left out
             where they were not counted.
    """

    documents: int = 0
    searched_by_code: int = 0
    read_by_model: int = 0
    characters: int | UnsetType = UNSET
    characters_read_by_model: int | UnsetType = UNSET


class Limits(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The limits of a run; None means that there is none.

    Units:   usd is dollars; tokens counts in and out together; the seconds are wall-clock, except
             cell_seconds, which is computing time of one cell (waiting for sub-calls excluded).
    """

    usd: float | None = None
    turns: int | None = None
    calls: int | None = None
    tokens: int | None = None
    depth: int = 1
    seconds: float | None = None
    cell_seconds: float | None = 120.0
    concurrency: int = 16


class Message(Struct, frozen=True):
    """One message of a conversation with a model; role is `system`, `user` or `assistant`."""

    role: str
    content: str


class Variable(Struct, frozen=True):
    """A variable that the model has made: its name, its type and a short account of its size."""

    name: str
    type: str
    size: str
