"""What `rlm corpus grep`, `search` and `index` print: lines for people and for pipes, or JSON."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from rlm_cli.base.errors import UsageError
from rlm_cli.base.text import counted, one_line
from rlm_cli.cli.estimating import ProgressLines
from rlm_cli.cli.screen import note, rows, say, say_json, warn
from rlm_cli.runs.finding import found_in
from rlm_cli.runs.indexing import indexed
from rlm_cli.runs.plan import AskPlan

if TYPE_CHECKING:
    from rlm_cli.corpus.finding import FoundHit, Outcome
    from rlm_cli.corpus.indexing import Indexed

_LINE_CHARACTERS = 300
_TOLD_EACH_SECONDS = 2.0


def show_found(plan: AskPlan, operation: str, words: str, options: Mapping[str, Any], is_json: bool) -> int:
    """Search, and print what was found; what was left out is said on stderr."""
    for notice in plan.settings.notices:
        warn(notice)
    found = found_in(plan, operation, words, options, ProgressLines())
    if is_json:
        say_json(_as_object(operation, words, found))
        return 0
    if operation == "count":
        for line in rows([(f"{each.matches:,}", each.path) for each in found.counts]):
            say(line)
    for hit in found.hits:
        if operation == "search":
            say(f"{_place(hit)}  ({hit.score:.1f})")
            say("\n".join(f"    {line}" for line in hit.text.split("\n")))
            say()
        else:
            say(f"{_place(hit)}: {_shown(hit, 'context' in options)}")
    what = counted(
        found.matches,
        "passage" if operation == "search" else "match",
        None if operation == "search" else "matches",
    )
    note(f"{what} in {counted(found.documents, 'document')}, {found.seconds:.2f} s")
    if found.truncated:
        warn(found.truncated)
    return 0


def show_indexed(plan: AskPlan) -> int:
    """Make the index of a corpus, and say how large it is."""
    for notice in plan.settings.notices:
        warn(notice)
    began = told_at = time.monotonic()

    def tell(now: Indexed) -> None:
        nonlocal told_at
        if time.monotonic() - told_at > _TOLD_EACH_SECONDS:
            told_at = time.monotonic()
            note(f"indexing: {now.done / 1e6:,.0f} of {now.of / 1e6:,.0f} MB")

    made = indexed(plan, ProgressLines(), tell)
    sizes = f"{made.index_bytes / 1e6:,.1f} MB for {made.text_bytes / 1e6:,.1f} MB of text"
    how = f"{made.added_bytes / 1e6:,.1f} MB added in {time.monotonic() - began:.1f} s"
    say(f"index: {sizes}; {how if made.added_bytes else 'it was up to date'}")
    return 0


def number(text: str | None, name: str, least: float) -> float | None:
    """The number that an option was given, None when it was not given.

    Errors:  UsageError when it is none, or too small.
    """
    if text is None:
        return None
    try:
        value = float(text)
    except ValueError:
        raise UsageError(f"{name} {text}", "a number is needed") from None
    if not value >= least:
        raise UsageError(f"{name} {text}", f"it must be at least {least:g}")
    return value


def _place(hit: FoundHit) -> str:
    place = f" p. {hit.page}" if hit.page else f" {hit.place}," if hit.place else ""
    return f"{hit.path}{place} l. {hit.line}"


def _shown(hit: FoundHit, is_long: bool) -> str:
    return "\n" + hit.text + "\n" if is_long else one_line(hit.text, _LINE_CHARACTERS)


def _as_object(operation: str, words: str, found: Outcome) -> dict[str, Any]:
    import msgspec

    facts = msgspec.to_builtins(found)
    left_out = "hits" if operation == "count" else "counts"
    return {
        "schema": "rlm.search/1",
        "operation": operation,
        "words": words,
        **{name: value for name, value in facts.items() if name != left_out},
    }
