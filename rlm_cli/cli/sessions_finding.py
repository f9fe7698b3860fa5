"""`rlm sessions search`, `diff` and `stale`: found by words, compared, seen to be out of date."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from rlm_cli.base.errors import UsageError
from rlm_cli.base.text import counted, one_line
from rlm_cli.cli.options import AsJson
from rlm_cli.cli.screen import note, rows, say, say_json
from rlm_cli.cli.session_names import Reference, sessions

if TYPE_CHECKING:
    from rlm_cli.views.run import RunView

_EXCERPT_WIDTH = 110
_FOUND = str.maketrans({"\x02": "", "\x03": ""})


def search(
    words: Annotated[list[str], typer.Argument(metavar="WORDS", help="All of them have to stand there.")],
    count: Annotated[str, typer.Option("-n", "--count", metavar="N", help="At most so many.")] = "20",
    as_json: AsJson = False,
) -> int:
    """Find sessions by words in questions, code, outputs, replies, drafts and answers."""
    from rlm_cli.stream.index import SessionIndex

    if not count.isdigit() or int(count) < 1:
        raise UsageError(f"--count {count} cannot be used", "it must be a whole number above 0", "-n 20")
    hits = SessionIndex(sessions().root).search(" ".join(words), int(count))
    if as_json:
        say_json(
            [
                {
                    "session": hit.run,
                    "kind": hit.kind,
                    "span": hit.span,
                    "text": hit.excerpt.translate(_FOUND),
                }
                for hit in hits
            ]
        )
        return 0
    for hit in hits:
        say(f"{hit.run}  {hit.kind}{_where(hit.span)}")
        say(f"    {one_line(hit.excerpt.translate(_FOUND), _EXCERPT_WIDTH)}")
    if not hits:
        note("no session has these words")
    return 0


def diff(first: Reference, second: Reference) -> int:
    """Compare two sessions: what they were asked, what they cost, what they cite, what they answer."""
    from rlm_cli.stream.reading import read
    from rlm_cli.views.run import fold

    one, other = (fold(read(sessions().find(each)).events) for each in (first, second))
    changed = [each for each in _facts(one, other) if each[1] != each[2]]
    for name, before, after in changed:
        say(f"{name}:")
        say(f"  - {one_line(before, _EXCERPT_WIDTH)}")
        say(f"  + {one_line(after, _EXCERPT_WIDTH)}")
    lines = [*_citations(one, other), *_answers(one, other)]
    for line in lines:
        say(line)
    if not changed and not lines:
        say("no difference")
    return 0


def stale(as_json: AsJson = False) -> int:
    """List past answers whose cited files have changed, or are gone."""
    from rlm_cli.runs.staleness import stale_citations
    from rlm_cli.stream.reading import read

    found = []
    for summary in sessions().newest_first():
        if summary.finished is None or not summary.finished.citations:
            continue
        for path, why in stale_citations(summary.header.started, read(summary.path).events):
            found.append((summary.header.run, path, why))
    if as_json:
        say_json([{"session": run, "path": path, "why": why} for run, path, why in found])
        return 0
    for line in rows(found):
        say(line)
    if not found:
        note("every cited file is as it was")
    else:
        run = found[0][0]
        note(f"{counted(len(found), 'cited file')} not as it was; see: rlm replay {run} --verify")
    return 0


def _where(span: str) -> str:
    parts = [part for part in span.split("/")[1:] if part[:1] in "tcs"]
    names = {"t": "turn", "c": "cell", "s": "sub-call"}
    return f" of {names[parts[-1][0]]} {parts[-1][1:]}" if parts else ""


def _facts(one: RunView, other: RunView) -> list[tuple[str, str, str]]:
    from rlm_cli.views import wording
    from rlm_cli.views.result import ended

    def of(view: RunView) -> dict[str, str]:
        started, end = view.started, ended(view)
        return {
            "question": started.question if started else "not recorded",
            "models": wording.models(started) if started else "not recorded",
            "documents": view.corpus.fingerprint if view.corpus else "none",
            "ended": wording.ending(end),
            "read": wording.coverage(end),
            "spent": wording.spending(end),
        }

    first, second = of(one), of(other)
    return [(name, first[name], second[name]) for name in first]


def _citations(one: RunView, other: RunView) -> list[str]:
    from rlm_cli.views.result import ended, place_of

    first = {f'{place_of(each)}: "{" ".join(each.quote.split())}"' for each in ended(one).citations}
    second = {f'{place_of(each)}: "{" ".join(each.quote.split())}"' for each in ended(other).citations}
    lines = [f"  - {one_line(each, _EXCERPT_WIDTH)}" for each in sorted(first - second)]
    lines += [f"  + {one_line(each, _EXCERPT_WIDTH)}" for each in sorted(second - first)]
    return ["citations:", *lines] if lines else []


def _answers(one: RunView, other: RunView) -> list[str]:
    from rlm_cli.views.differences import changes
    from rlm_cli.views.result import ended

    found = changes(ended(one).answer, ended(other).answer)
    if all(what == "=" for what, _ in found):
        return []
    marks = {"-": "  - ", "+": "  + ", "=": "    "}
    lines = [marks[what] + line for what, text in found for line in text.splitlines() if line.strip()]
    return ["answer:", *lines]
