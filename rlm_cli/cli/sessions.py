"""`rlm sessions`: recorded sessions listed, shown and verified. Its other commands stand beside it."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rlm_cli.base.errors import UsageError, VerificationFailed
from rlm_cli.base.text import counted, money, one_line
from rlm_cli.cli import sessions_finding, sessions_keeping, sessions_repairing
from rlm_cli.cli.commands import new_app
from rlm_cli.cli.options import AsJson
from rlm_cli.cli.screen import note, rows, say, say_json
from rlm_cli.cli.session_names import Reference, age, sessions

if TYPE_CHECKING:
    from rlm_cli.stream.sessions import Summary

app = new_app("List, show, find, compare, verify and remove recorded sessions.", is_group=True)

_QUESTION_WIDTH = 60
_CORPUS_WIDTH = 24


@app.command("list")
def list_(
    count: Annotated[
        str, typer.Option("-n", "--count", metavar="N", help="At most so many.", show_default=True)
    ] = "20",
    as_json: AsJson = False,
) -> int:
    """List sessions, the newest first: age, status, cost, model, corpus, question."""
    found = list(itertools.islice(sessions().newest_first(), _count(count)))
    if as_json:
        say_json([_object(each) for each in found])
        return 0
    now = datetime.now(UTC)
    for line in rows([_row(each, now) for each in found]):
        say(line)
    if not found:
        note(f"there is no session in {sessions().root}")
    return 0


@app.command("show")
def show(reference: Reference, as_json: AsJson = False) -> int:
    """Show a session: its question, how it ended, what it cost, and its answer."""
    from rlm_cli.stream.reading import read
    from rlm_cli.views import wording
    from rlm_cli.views.result import SessionFacts, answer_text, ended, result_object
    from rlm_cli.views.run import fold

    recording = read(sessions().find(reference))
    view = fold([*recording.notices(), *recording.events])
    if as_json:
        say_json(result_object(view, SessionFacts(recording.header.run, str(recording.path))))
        return 0
    end, started = ended(view), view.started
    lines = [
        ("session", recording.header.run),
        ("started", recording.header.started),
        ("question", started.question if started else "not recorded"),
        ("models", wording.models(started).removeprefix("model: ") if started else "not recorded"),
        ("ended", wording.ending(end)),
        ("read", wording.coverage(end)),
        ("spent", wording.spending(end)),
        ("sandbox", end.sandbox or "no kernel was started"),
        ("file", str(recording.path)),
    ]
    for line in rows(lines):
        say(line)
    for flaw in recording.flaws:
        note(f"rlm: warning: {flaw.text}")
    answer = answer_text(view)
    if answer:
        say()
        say(answer)
    return 0


@app.command("path")
def path(reference: Reference) -> int:
    """Print the path of a session's file."""
    say(str(sessions().find(reference)))
    return 0


@app.command("verify")
def verify(reference: Reference) -> int:
    """Check that nothing in a session's file was altered; exit code 9 when something was."""
    from rlm_cli.stream.verifying import verify as verify_file

    file = sessions().find(reference)
    found = verify_file(file)
    for flaw in found.flaws:
        note(f"rlm: {flaw.text}")
    if not found.is_intact:
        first = f"the first is line {found.first_altered}" if found.first_altered else ""
        raise VerificationFailed(f"{file} is not as it was written", first)
    end = "" if found.is_sealed else ", but it was never closed: the last line cannot be vouched for"
    say(f"{counted(found.lines, 'line')}, nothing altered{end}")
    return 0


app.command("search")(sessions_finding.search)
app.command("diff")(sessions_finding.diff)
app.command("stale")(sessions_finding.stale)
app.command("rename")(sessions_keeping.rename)
app.command("rm")(sessions_keeping.rm)
app.command("prune")(sessions_keeping.prune)
app.command("repair")(sessions_repairing.repair)


def _count(text: str) -> int:
    from rlm_cli.settings.parsing import whole

    try:
        count = whole(text)
    except ValueError:
        count = 0
    if count < 1:
        raise UsageError(f"--count {text} cannot be used", "it must be a whole number above 0", "-n 20")
    return count


def _status(summary: Summary) -> str:
    if summary.finished is not None:
        return summary.finished.status
    from rlm_cli.stream.tail import is_being_written

    return "running" if is_being_written(summary.path) else "no end"


def _row(summary: Summary, now: datetime) -> tuple[str, ...]:
    usd = None
    if summary.finished is not None:
        usd = (summary.finished.root_usage + summary.finished.sub_usage).usd
    started = summary.started
    return (
        summary.header.run,
        age(summary.header.started, now),
        _status(summary),
        money(usd) if summary.finished else "",
        one_line(started.root_model.rpartition("/")[2] if started else "", _CORPUS_WIDTH),
        one_line(_inputs(started.inputs) if started else "", _CORPUS_WIDTH),
        one_line(summary.title or (started.question if started else ""), _QUESTION_WIDTH),
    )


def _inputs(given: list[str]) -> str:
    return ", ".join(Path(each).name or each for each in given)


def _object(summary: Summary) -> dict[str, object]:
    end, started = summary.finished, summary.started
    return {
        "session": summary.header.run,
        "session_file": str(summary.path),
        "started": summary.header.started,
        "question": started.question if started else None,
        "title": summary.title or None,
        "inputs": started.inputs if started else [],
        "model": started.root_model if started else None,
        "status": end.status if end else None,
        "is_running": _status(summary) == "running",
        "stop": end.stop if end else None,
        "exit_code": end.exit_code if end else None,
        "usd": (end.root_usage + end.sub_usage).usd if end else None,
        "seconds": summary.seconds,
    }
