"""What somebody may ask of a replay that stands still: the draft with its changes, the variables. Pure."""

from __future__ import annotations

from rlm_cli.events.bodies import DraftUpdated
from rlm_cli.views.differences import changes
from rlm_cli.views.drafts import without_marks
from rlm_cli.views.line import Line
from rlm_cli.views.run import RunView


def draft_lines(drafts: list[DraftUpdated]) -> list[Line]:
    """The draft, with what was taken out of the one before it and what was added."""
    if not drafts:
        return [Line("there is no draft yet", "dim")]
    marks = {"-": ("- ", "failed"), "+": ("+ ", "draft"), "=": ("  ", "dim")}
    lines = [Line(f"draft {drafts[-1].draft}", "title")]
    before = drafts[-2].content if len(drafts) > 1 else ""
    for what, text in changes(without_marks(before), without_marks(drafts[-1].content)):
        mark, tone = marks[what]
        lines += [Line(mark + each.strip(), tone, None, 2) for each in text.splitlines() if each.strip()]
    return lines


def variable_lines(view: RunView) -> list[Line]:
    """The variables that cells had made by then."""
    if not view.variables:
        return [Line("no variables yet", "dim")]
    width = max(len(each.name) for each in view.variables)
    return [
        Line(f"{each.name:<{width}}  {each.type}  {each.size}", "output", None, 2) for each in view.variables
    ]
