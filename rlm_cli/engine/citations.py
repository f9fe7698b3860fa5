"""The citations of a run: marks that cells get, numbers that the reader sees, quotations that nobody marked.

A mark `[[cite:7]]` stands for a quotation that was found in its source, word for word, by code outside of
the kernel. In the answer the marks become [1], [2] … in the order of their first appearance.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import msgspec

from rlm_cli.engine.quotations import MARK, Quotation, quotations
from rlm_cli.events.bodies import CitationMarked
from rlm_cli.events.values import Citation, Problem
from rlm_cli.ports import CallReply, CiteCall, Corpus

_OPENING, _CLOSING = '["\u201c\u201e\u00ab]', frozenset('"\u201d\u201c\u00bb')
_MOST_QUOTES = 100


@dataclass(frozen=True)
class CitedAnswer:
    """An answer for the reader, its notes, and what was wrong with its quotations.

    Shape:   not_looked_up counts the quotations for which there were too many, or was no time.
    """

    text: str
    citations: list[Citation]
    unknown_marks: list[str]
    unfound_quotes: list[str]
    not_looked_up: int = 0


class Citations:
    """Every citation of a tree of runs, by the number in its mark."""

    def __init__(self, marks: Mapping[int, Citation] | None = None) -> None:
        self._by_mark: dict[int, Citation] = dict(marks or {})
        self._known = {_place(each): mark for mark, each in self._by_mark.items()}
        self._last = max(self._by_mark, default=0)
        self._searching = asyncio.Lock()

    async def cite(
        self, corpus: Corpus, call: CiteCall, on_marked: Callable[[CitationMarked], None] = lambda _: None
    ) -> CallReply:
        """Serve a cell's call: a mark, or why there is none. A long search does not hold up the run.

        Shape:   on_marked hears of a mark that there was not before.
        """
        async with self._searching:
            found = await asyncio.to_thread(corpus.cite, call.quote, call.document, call.start)
        if not found.checked:
            return CallReply(problem=Problem(kind="quote_not_found", message=found.why))
        before = self._last
        text = self._mark(found)
        if self._last > before:
            on_marked(CitationMarked(mark=self._last, citation=found))
        return CallReply(text=text)

    def replace(self, mark: int, citation: Citation) -> None:
        """What a mark stands for from now on; for nothing, when the quotation was not found."""
        self._known.pop(_place(self._by_mark.pop(mark)), None)
        if citation.checked:
            self._by_mark[mark] = citation
            self._known[_place(citation)] = mark

    def render(
        self, content: str, corpus: Corpus, is_late: Callable[[], bool] = lambda: False
    ) -> CitedAnswer:
        """Number the marks, and look for the source of every quotation that has none, until it is late."""
        unfound: list[str] = []
        left: list[str] = []
        marked = self._with_marks_for_quotes(content, corpus, unfound, left, is_late)
        order: dict[int, int] = {}
        unknown: list[str] = []

        def number(match: re.Match[str]) -> str:
            mark = int(match[1])
            if mark not in self._by_mark:
                unknown.append(match[0])
                return ""
            return f"[{order.setdefault(mark, len(order) + 1)}]"

        text = MARK.sub(number, marked)
        citations = [msgspec.structs.replace(self._by_mark[mark], id=shown) for mark, shown in order.items()]
        return CitedAnswer(text, citations, unknown, unfound, len(left))

    def _mark(self, found: Citation) -> str:
        place = _place(found)
        if place not in self._known:
            self._last += 1
            self._by_mark[self._last] = found
            self._known[place] = self._last
        return f"[[cite:{self._known[place]}]]"

    def _with_marks_for_quotes(
        self, content: str, corpus: Corpus, unfound: list[str], left: list[str], is_late: Callable[[], bool]
    ) -> str:
        """A mark behind each quotation that has none and is found; the others are listed, for two reasons.

        A mark vouches only for its own words: a quotation beside it is compared with the same document. One
        of a few words is compared with nothing else: somewhere, such words stand in any corpus.
        """
        pieces: list[str] = []
        at = 0
        for number, each in enumerate(quotations(self._without_vouched(content))):
            if each.start < at:
                continue
            if number >= _MOST_QUOTES or is_late():
                left.append(each.words)
                continue
            pieces.append(content[at : each.end])
            at = each.end
            marked = self._cited_beside(content, each)
            near = corpus.cite(each.words, marked.path, marked.start) if marked else None
            if each.is_short:
                found = near
            else:
                found = near if near is not None and near.checked else corpus.cite(each.words)
            if found is None:
                continue
            if not found.checked:
                (unfound if found.is_settled else left).append(each.words)
            elif found is not near:
                pieces.append(" " + self._mark(found))
        return "".join([*pieces, content[at:]])

    def _without_vouched(self, content: str) -> str:
        """The content with blanks for what stands before a mark and is, word for word, what it vouches for.

        Source code and tables hold quotation marks of their own, which begin no quotation of the answer.
        """
        pieces: list[str] = []
        at = 0
        for match in MARK.finditer(content):
            citation = self._by_mark.get(int(match[1]))
            head = content[at : match.start()].rstrip()
            if citation is None or head[-1:] not in _CLOSING:
                continue
            words = r"\s+".join(map(re.escape, citation.quote.split()))
            own = re.search(f"{_OPENING}{words}\\Z", head[:-1])
            if own is not None:
                pieces += [content[at : at + own.start()], " " * (len(head) - own.start())]
                at += len(head)
        return "".join([*pieces, content[at:]])

    def _cited_beside(self, content: str, quotation: Quotation) -> Citation | None:
        """The citation whose mark stands inside of a quotation, right behind it or right before it."""
        start, end = quotation.start, quotation.end
        inside = MARK.search(content, start, end)
        behind = MARK.search(content[end : end + (16 if quotation.is_short else 240)].split("\n\n")[0])
        before = None if quotation.is_short else MARK.search(content, max(0, start - 16), start)
        match = inside or behind or before
        return self._by_mark.get(int(match[1])) if match is not None else None


def rechecked(marks: Mapping[int, Citation], corpus: Corpus) -> Citations:
    """The marks of a record over today's documents: each under its number, and where it stands today.

    Shape:   what is not found any more is left out, and its number is not given again.
    """
    found = Citations(marks)
    for mark, recorded in marks.items():
        found.replace(mark, corpus.cite(recorded.quote, recorded.path, recorded.start))
    return found


def _place(citation: Citation) -> tuple[str, int, int, str]:
    return citation.path, citation.start, citation.end, " ".join(citation.quote.split())
