"""A session as Markdown: the answer with its notes first, then how it came about, cell by cell."""

from __future__ import annotations

import re

from rlm_cli.base.text import counted, elapsed, one_line
from rlm_cli.faces.export.story import Call, Cell, Story

_SPECIAL = re.compile(r"([\\`*_\[\]<>|#])")


def to_markdown(story: Story) -> str:
    """The whole document."""
    facts = story.facts
    parts = [f"# {_plain(one_line(facts.title, 200))}"]
    if facts.question != facts.title:
        parts.append(_quoted(facts.question))
    parts.append(
        fenced(story.data, "json") if story.data is not None else story.answer or "*There is no answer.*"
    )
    parts += [_sources(story)] if story.citations else []
    parts += [_earlier(story)] if story.earlier else []
    parts.append(_facts(story))
    parts += [_turns(story)] if story.cells or story.turns else []
    parts += [_drafts(story)] if story.drafts else []
    return "\n\n".join(parts) + "\n"


def fenced(text: str, language: str = "") -> str:
    """A text in a fence that nothing in it can close."""
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{language}\n{text.rstrip()}\n{fence}"


def _sources(story: Story) -> str:
    lines = ["## Sources", ""]
    for each in story.citations:
        state = "" if each.checked else f" **NOT VERIFIED** {_plain(each.why)}"
        lines += [f"{each.id}. {_plain(each.place)}:{state}", "", _quoted(each.quote, "   > "), ""]
    return "\n".join(lines).rstrip()


def _earlier(story: Story) -> str:
    parts = ["## Earlier in this session"]
    for each in story.earlier:
        parts += [f"### {_plain(one_line(each.question, 200))}", each.answer or "*There is no answer.*"]
        notes = [f'{cited.id}. {_plain(cited.place)}: "{_plain(cited.quote)}"' for cited in each.citations]
        parts += ["\n".join(notes)] if notes else []
        parts.append(f"*{_plain(each.ending)}*")
    return "\n\n".join(parts)


def _facts(story: Story) -> str:
    facts = story.facts
    rows = [
        ("ended", facts.ending),
        ("models", facts.models),
        ("documents", facts.corpus),
        ("read", facts.coverage),
        ("left out", facts.skipped),
        ("spent", facts.spending),
        ("sandbox", facts.sandbox),
        ("started", facts.started),
        ("session", facts.session),
        ("removed from this export", "; ".join(story.removed) or "no secret was found"),
        (
            "shortened",
            f"{counted(story.cut, 'text')} longer than {story.limit:,} characters" if story.cut else "",
        ),
        *(("warning", each) for each in facts.warnings),
    ]
    lines = ["## The run", "", "| | |", "|---|---|"]
    lines += [f"| {name} | {_plain(one_line(value, 2_000))} |" for name, value in rows if value]
    return "\n".join(lines)


def _turns(story: Story) -> str:
    calls: dict[str, list[Call]] = {}
    for call in story.calls:
        calls.setdefault(call.cell, []).append(call)
    cells = {cell.span: cell for cell in story.cells}
    parts = ["## How it came about"]
    for turn in story.turns:
        if turn.run != "root":
            continue
        parts.append(f"### Turn {turn.number} · {elapsed(turn.began)}")
        parts += [_plain(turn.prose)] if turn.prose else []
        cell = cells.get(turn.cell)
        parts += _cell(cell, calls.get(cell.span, [])) if cell else []
    own = [cell for cell in story.cells if cell.origin == "user"]
    for cell in own:
        parts += [f"### Cell {cell.number}, run by the user", *_cell(cell, calls.get(cell.span, []))]
    return "\n\n".join(parts)


def _cell(cell: Cell, calls: list[Call]) -> list[str]:
    parts = [fenced(cell.code, "python")]
    if calls:
        bad = [call for call in calls if call.state not in ("ok", "recorded")]
        parts.append(f"{counted(len(calls), 'sub-call')}" + (f", {len(bad):,} failed" if bad else "") + ":")
        rows = "\n".join(_call(call) for call in calls)
        parts.append(f"<details><summary>{counted(len(calls), 'sub-call')}</summary>\n\n{rows}\n\n</details>")
        del parts[-2]
    if cell.problem:
        parts.append(f"**{_plain(cell.problem)}**")
    parts += [fenced(cell.output)] if cell.output.strip() else []
    return parts


def _call(call: Call) -> str:
    reply = call.problem or call.text
    return f"- {_plain(one_line(call.prompt, 160))} → {_plain(one_line(reply, 400)) or call.state}"


def _drafts(story: Story) -> str:
    lines = ["## Drafts", ""]
    for draft in story.drafts:
        added = sum(len(text) for what, text in draft.changes if what == "+")
        removed = sum(len(text) for what, text in draft.changes if what == "-")
        ready = ", ready" if draft.ready else ""
        lines.append(f"{draft.number}. at {elapsed(draft.t)}: +{added:,} -{removed:,} characters{ready}")
    return "\n".join(lines)


def _quoted(text: str, mark: str = "> ") -> str:
    return "\n".join(mark + _plain(line) for line in text.splitlines())


def _plain(text: str) -> str:
    return _SPECIAL.sub(r"\\\1", text)
