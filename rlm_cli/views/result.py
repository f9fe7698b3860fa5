"""The end of a run as it is handed over: the `rlm.result/1` object, and the answer with its notes.

Pure; used by the plain and the JSON face and by export. A run without an end is handed over too, as far as
it came.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import msgspec
from msgspec import Struct

from rlm_cli.base.errors import ExitCode
from rlm_cli.base.text import counted
from rlm_cli.events.bodies import RunFinished
from rlm_cli.events.values import Citation, Limits
from rlm_cli.views.drafts import without_marks
from rlm_cli.views.run import RunView

SCHEMA = "rlm.result/1"
_USD_DIGITS = 9
_PLACES_NAMED = 2
_TELLING_CHARACTERS = 20
"""A shorter quotation may stand in an answer by chance."""
_CODE = re.compile(r"(```.*?(?:```|\Z)|`[^`\n]+`)", re.DOTALL)
_NUMBER = re.compile(r"\[(\d+)\](?!\()")
_MARKDOWN = re.compile(r"([\\`*_\[\]<>|])")


@dataclass(frozen=True)
class SessionFacts:
    """Where the session of a run is kept; id is empty when it is not kept."""

    id: str = ""
    path: str = ""


def ended(view: RunView) -> RunFinished:
    """The end of a run; where there is none (killed, or still under way), the end that it amounts to."""
    if view.finished is not None:
        return view.finished
    has_draft = bool(view.draft.content.strip())
    return RunFinished(
        status="partial" if has_draft else "failed",
        stop="no_end",
        exit_code=int(ExitCode.INTERNAL),
        answer=without_marks(view.draft.content),
        citations=list(view.citations),
        coverage=view.coverage,
        root_usage=view.spend.root,
        sub_usage=view.spend.sub,
        limits=view.started.limits if view.started else Limits(),
        sandbox=view.kernel.sandbox if view.kernel else "",
        seconds=view.t,
    )


def result_object(view: RunView, session: SessionFacts) -> dict[str, Any]:
    """The object that `--format json` prints.

    Units:   as in `RunFinished`; cost.usd is null when a price is not known.
    """
    end = ended(view)
    usd = (end.root_usage + end.sub_usage).usd
    warned = [notice.text for notice in view.notices if notice.level in ("warning", "error")]
    return {
        "schema": SCHEMA,
        "status": end.status,
        "stop": end.stop,
        "exit_code": end.exit_code,
        "session": session.id or None,
        "session_file": session.path or None,
        "answer": end.answer,
        "data": end.data,
        "citations": [_all_fields(each) for each in end.citations],
        "coverage": msgspec.to_builtins(end.coverage),
        "usage": {"root": _all_fields(end.root_usage), "sub": _all_fields(end.sub_usage)},
        "cost": {"usd": None if usd is None else round(usd, _USD_DIGITS), "known": usd is not None},
        "limits": _all_fields(end.limits),
        "sandbox": end.sandbox,
        "warnings": list(dict.fromkeys([*end.warnings, *warned])),
        "problem": msgspec.to_builtins(end.problem),
        "seconds": end.seconds,
    }


def answer_text(view: RunView) -> str:
    """The answer with numbered notes; empty when there is none.

    Shape:   ends without a newline. A note repeats its quotation only where the answer does not hold it.
    """
    end = ended(view)
    answer = end.answer.strip("\n")
    if not answer.strip():
        return ""
    notes = [f"[{each.id}] {note}" for each, note in notes_of(end)]
    return "\n\n".join([answer, "\n".join(notes)]) if notes else answer


def answer_markdown(view: RunView) -> str:
    """The answer as Markdown, its notes as footnotes; empty when there is none.

    Shape:   ends without a newline.
    """
    end = ended(view)
    answer = end.answer.strip("\n")
    if not answer.strip():
        return ""
    known = {str(each.id) for each in end.citations}

    def footnote(match: re.Match[str]) -> str:
        return f"[^{match[1]}]" if match[1] in known else match[0]

    pieces = _CODE.split(answer)
    answer = "".join(
        piece if number % 2 else _NUMBER.sub(footnote, piece) for number, piece in enumerate(pieces)
    )
    notes = [f"[^{each.id}]: " + _MARKDOWN.sub(r"\\\1", note) for each, note in notes_of(end)]
    return "\n\n".join([answer, "\n".join(notes)]) if notes else answer


def notes_of(end: RunFinished) -> list[tuple[Citation, str]]:
    """The notes of an answer: the place, the quotation, and whether that was not found there."""
    told = _folded(end.answer)
    return [(each, place_of(each) + _quoted(each, told)) for each in end.citations]


def place_of(citation: Citation) -> str:
    """Where a quotation stands, for people: `msa_2019.pdf p. 4, lines 120-131`."""
    place = citation.path if citation.page is None else f"{citation.path} p. {citation.page}"
    if citation.place:
        place = f"{place}, {citation.place}"
    if citation.line_start <= 0:
        return place
    if citation.line_end <= citation.line_start:
        return f"{place}, line {citation.line_start}"
    return f"{place}, lines {citation.line_start}-{citation.line_end}"


def _folded(text: str) -> str:
    return " ".join(text.split())


def _quoted(citation: Citation, answer: str) -> str:
    """The quotation, unless the answer says it word for word; and what is to be known about it."""
    quote = _folded(citation.quote)
    is_told = len(quote) >= _TELLING_CHARACTERS and quote in answer
    text = f': "{quote}"' if quote and not is_told else ""
    if citation.elsewhere:
        more = more_places(citation)
        named = ", ".join(citation.elsewhere_in[:_PLACES_NAMED])
        text += f" (and in {more}{f': {named}' if named else ''})"
    if not citation.checked:
        text += f" (NOT VERIFIED{': ' + citation.why if citation.why else ''})"
    return text


def more_places(citation: Citation) -> str:
    """How many further places have the words: `33 more places`, `at least 33 more places`."""
    least = "" if citation.elsewhere_is_whole else "at least "
    return f"{least}{counted(citation.elsewhere, 'more place')}"


def _all_fields(value: Struct) -> dict[str, Any]:
    """Every field, those with their default value too."""
    return {name: getattr(value, name) for name in value.__struct_fields__}
