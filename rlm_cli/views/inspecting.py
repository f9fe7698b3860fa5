"""Parts of a session as lines: a cell, its output, sub-calls, drafts, variables, what it cost. Pure folds."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass

from rlm_cli.base.text import counted, elapsed, money, one_line
from rlm_cli.events import Event, depth_of
from rlm_cli.events.bodies import (
    CellFinished,
    CellStarted,
    DraftUpdated,
    RunFinished,
    RunStarted,
    SubFinished,
    SubQueued,
)
from rlm_cli.events.values import Usage
from rlm_cli.views.line import Line

_TEXT_CHARACTERS = 120


@dataclass(frozen=True)
class CallFacts:
    """A sub-call whole: what was asked, and what came of it; finished is None while it is under way."""

    span: str
    queued: SubQueued
    finished: SubFinished | None

    @property
    def is_failed(self) -> bool:
        """Whether there is no good reply."""
        return self.finished is not None and self.finished.status not in ("ok", "recorded")


def cells(events: Sequence[Event]) -> list[Line]:
    """One line a cell."""
    ends = _ends(events)
    lines = []
    for started in _cells(events):
        end = ends.get(started.cell)
        state = f"{end.status}, {elapsed(end.seconds)}" if end else "running"
        who = "you" if started.origin == "user" else "model"
        first = next((line for line in started.code.splitlines() if line.strip()), "")
        lines.append(Line(f"{started.cell:>3}  {who:<5}  {state:<14}  {one_line(first, 90)}"))
    return lines or [Line("no cell has run yet", "dim")]


def cell(events: Sequence[Event], number: int) -> list[Line]:
    """The code of a cell, and its output as the model was shown it."""
    started = next((each for each in reversed(_cells(events)) if each.cell == number), None)
    if started is None:
        return [Line(f"there is no cell {number}; see /cells", "warning")]
    code = [Line(line, "code") for line in started.code.splitlines()]
    return [Line(f"cell {number}", "title"), *code, *output(events, number)]


def output(events: Sequence[Event], number: int) -> list[Line]:
    """How a cell ended, and what it printed."""
    end = _ends(events).get(number)
    if end is None:
        return [Line(f"cell {number} has not ended; see /cells", "warning")]
    printed = [Line(line, "output") for line in end.shown.splitlines()]
    head = f"cell {number}: {end.status}, {elapsed(end.seconds)}"
    more = f"; {counted(end.omitted, 'character')} left out" if end.omitted else ""
    return [Line(f"{head}{more}", "title"), *(printed or [Line("it printed nothing", "dim")])]


def calls(events: Sequence[Event], failed_only: bool = False) -> list[Line]:
    """One line a sub-call, numbered through the session."""
    lines = []
    for number, call in enumerate(all_calls(events), 1):
        if failed_only and not call.is_failed:
            continue
        end = call.finished
        state = end.status if end else "running"
        said = (end.problem.message if end.problem else end.text) if end else ""
        tone = "failed" if call.is_failed else "plain"
        prompt = one_line(call.queued.prompt, 40)
        lines.append(Line(f"{number:>4}  {state:<9}  {prompt}  →  {one_line(said, 70)}", tone))
    return lines or [Line("no sub-call has failed" if failed_only else "there were no sub-calls", "dim")]


def call(events: Sequence[Event], number: int) -> list[Line]:
    """A sub-call whole."""
    found = all_calls(events)
    if not 1 <= number <= len(found):
        return [Line(f"there is no call {number}; there are {len(found)}", "warning")]
    facts = found[number - 1]
    lines = [Line(f"call {number}: {facts.queued.model} ({facts.span})", "title")]
    lines += [Line(line) for line in facts.queued.prompt.splitlines()]
    end = facts.finished
    if end is None:
        return [*lines, Line("it is under way", "dim")]
    lines.append(Line(f"{end.status}, {elapsed(end.seconds)}", "title"))
    if end.problem is not None:
        lines.append(Line(f"{end.problem.kind}: {end.problem.message}", "failed"))
    return [*lines, *(Line(line) for line in end.text.splitlines())]


def all_calls(events: Sequence[Event]) -> list[CallFacts]:
    """Every sub-call and child run of the session's own cells, in the order of asking."""
    ends = {e.span: e.body for e in events if isinstance(e.body, SubFinished)}
    asked = {e.span: e.body for e in events if isinstance(e.body, SubQueued) and depth_of(e.span) == 0}
    return [CallFacts(span, queued, ends.get(span)) for span, queued in asked.items()]


def draft(events: Sequence[Event]) -> list[Line]:
    """The draft as it stands."""
    drafts = _drafts(events)
    if not drafts:
        return [Line("there is no draft yet", "dim")]
    last = drafts[-1]
    state = ", ready" if last.ready else ""
    return [Line(f"draft {last.draft}{state}", "title"), *(Line(line) for line in last.content.splitlines())]


def difference(events: Sequence[Event], one: int, other: int) -> list[Line]:
    """What two drafts of the last question differ in."""
    drafts = {each.draft: each.content for each in _drafts(events)}
    for number in (one, other):
        if number not in drafts:
            return [Line(f"there is no draft {number}; the last is {max(drafts, default=0)}", "warning")]
    found = difflib.unified_diff(drafts[one].splitlines(), drafts[other].splitlines(), lineterm="", n=1)
    body = [line for line in found if not line.startswith(("---", "+++", "@@"))]
    return [Line(line) for line in body] or [Line("they are the same", "dim")]


def variables(events: Sequence[Event]) -> list[Line]:
    """What the cells have made, behind the last of them."""
    ends = list(_ends(events).values())
    found = ends[-1].variables if ends else []
    width = max((len(each.name) for each in found), default=0)
    lines = [Line(f"{each.name:<{width}}  {each.type}  {each.size}".rstrip()) for each in found]
    return lines or [Line("nothing was made yet", "dim")]


def cost(events: Sequence[Event]) -> list[Line]:
    """What each question has cost, and all of them."""
    lines: list[Line] = []
    total, question = Usage(), ""
    for event in events:
        match event.body:
            case RunStarted(question=asked) if event.span == "root":
                question = asked
            case RunFinished(root_usage=root, sub_usage=sub) if event.span == "root":
                spent = root + sub
                total += spent
                lines.append(Line(f"{_spent(spent):<46}  {one_line(question, 60)}"))
    return [*lines, Line(_spent(total), "title")]


def _spent(usage: Usage) -> str:
    tokens = f"{usage.tokens_in:,} in, {usage.tokens_out:,} out"
    return f"{money(usage.usd):>8}  {counted(usage.calls, 'call')}, {tokens}"


def _cells(events: Sequence[Event]) -> list[CellStarted]:
    return [e.body for e in events if isinstance(e.body, CellStarted) and depth_of(e.span) == 0]


def _ends(events: Sequence[Event]) -> dict[int, CellFinished]:
    own = (e for e in events if depth_of(e.span) == 0)
    return {e.body.cell: e.body for e in own if isinstance(e.body, CellFinished)}


def _drafts(events: Sequence[Event]) -> list[DraftUpdated]:
    """Those of the last question."""
    own = [e for e in events if depth_of(e.span) == 0]
    starts = [place for place, e in enumerate(own) if isinstance(e.body, RunStarted) and e.span == "root"]
    behind = own[starts[-1] :] if starts else own
    return [e.body for e in behind if isinstance(e.body, DraftUpdated)]
