"""`rlm export`: a session as a page, a document, a notebook, a recording or its messages, without secrets."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rlm_cli.base.errors import UsageError
from rlm_cli.cli.commands import new_app
from rlm_cli.cli.screen import note, say_bytes

if TYPE_CHECKING:
    from rlm_cli.faces.export.secrets import Cleaner
    from rlm_cli.settings.locations import Directories
    from rlm_cli.stream.reading import Recording

app = new_app()

FORMATS = {"html": ".html", "markdown": ".md", "ipynb": ".ipynb", "cast": ".cast", "messages": ".json"}
_WHOLE = 100_000_000
_SECRET_NAMES = ("KEY", "TOKEN", "SECRET", "PASSWORD", "CREDENTIALS")


@app.command()
def export(
    reference: Annotated[
        str,
        typer.Argument(
            metavar="ID|FILE|last", help="A session: its id or the beginning of it, a file, or last."
        ),
    ],
    output_format: Annotated[
        str, typer.Option("-f", "--format", metavar="FORMAT", help="html, markdown, ipynb, cast or messages.")
    ] = "html",
    out: Annotated[
        str | None,
        typer.Option("-o", "--out", metavar="FILE", help="Where to write it; - is stdout. [ID.html …]"),
    ] = None,
    no_files: Annotated[
        bool, typer.Option("--no-files", help="Do not read cited files for the passages around quotations.")
    ] = False,
) -> int:
    """Write a session as one file to keep or to hand on. Keys and tokens are taken out of it."""
    from rlm_cli.runs.foreign import is_own
    from rlm_cli.settings.locations import directories
    from rlm_cli.stream.reading import read
    from rlm_cli.stream.sessions import Sessions

    if output_format not in FORMATS:
        raise UsageError(
            f"--format {output_format} cannot be used", f"it must be one of {', '.join(FORMATS)}", ""
        )
    places = directories(os.environ)
    file = Sessions(places.sessions).find(reference)
    recording = read(file)
    if not no_files and not is_own(file, places.sessions):
        no_files = True
        if output_format == "html":
            note("it is not one of your sessions: the files that it cites are not read")
    for flaw in recording.flaws:
        note(f"rlm: warning: {flaw.text}")
    path = Path(out or f"{recording.header.run}{FORMATS[output_format]}")
    if out != "-":
        from rlm_cli.faces.delivery import check_out_file

        check_out_file(path)
    cleaner = _cleaner(places)
    data = _made(output_format, recording, cleaner, None if no_files else places)
    if out == "-":
        say_bytes(data)
        return 0
    from rlm_cli.faces.delivery import write_whole

    try:
        write_whole(path, data)
    except OSError as error:
        raise UsageError(
            f"cannot write {path}", error.strerror or str(error), "Name another with --out"
        ) from error
    note(f"written to {path} ({len(data):,} bytes)")
    removed = cleaner.account()
    note(f"removed from it: {'; '.join(removed)}" if removed else "no secret was found in it")
    return 0


def _made(output_format: str, recording: Recording, cleaner: Cleaner, places: Directories | None) -> bytes:
    from rlm_cli.faces.export.account import Origin, Passage
    from rlm_cli.faces.export.telling import story_of
    from rlm_cli.runs.passages import passages
    from rlm_cli.views.result import ended
    from rlm_cli.views.run import fold

    events = [*recording.notices(), *recording.events]
    if output_format == "cast":
        return _cast(recording, cleaner)
    if output_format == "messages":
        from rlm_cli.faces.export.messages import to_messages

        return to_messages(events, recording.header.run, cleaner)
    found = {}
    if output_format == "html":
        citations = ended(fold(recording.events)).citations
        cited = passages(citations, recording.events, places.cache if places is not None else None)
        found = {
            number: Passage(each.before, each.quote, each.after, each.origin)
            for number, each in cited.items()
        }
    header = recording.header
    origin = Origin(header.run, header.started, header.program, tuple(header.argv), found)
    if output_format == "html":
        from rlm_cli.faces.export.html import page_within

        return page_within(lambda limit: story_of(events, origin, _again(cleaner), limit)).encode("utf-8")
    if output_format == "markdown":
        from rlm_cli.faces.export.markdown import to_markdown

        return to_markdown(story_of(events, origin, cleaner)).encode("utf-8")
    from rlm_cli.events.bodies import CorpusLoaded
    from rlm_cli.faces.export.notebook import to_notebook

    inputs = next((each.body.inputs for each in events if isinstance(each.body, CorpusLoaded)), [])
    folders = [(each.variable, cleaner.clean(each.path)) for each in inputs]
    return to_notebook(story_of(events, origin, cleaner, _WHOLE), folders)


def _again(cleaner: Cleaner) -> Cleaner:
    """The same cleaner, its counts at zero: a page may have to be made more than once."""
    cleaner.removed.clear()
    return cleaner


def _cast(recording: Recording, cleaner: Cleaner) -> bytes:
    import asyncio
    from datetime import datetime

    from rlm_cli.faces.export.cast import to_cast

    try:
        started = int(datetime.fromisoformat(recording.header.started).timestamp())
    except ValueError:
        started = 0
    title = f"rlm {recording.header.run}"
    return asyncio.run(to_cast(recording.events, recording.header.run, started, title, cleaner))


def _cleaner(places: Directories) -> Cleaner:
    """Knows the secrets of this user: of the environment, and of the file of keys."""
    from rlm_cli.faces.export.secrets import Cleaner
    from rlm_cli.runs.from_settings import key_names
    from rlm_cli.settings.keys import credentials

    environ = credentials(dict(os.environ), places, key_names())
    secrets = [
        value for name, value in environ.items() if any(part in name.upper() for part in _SECRET_NAMES)
    ]
    return Cleaner(secrets, os.environ.get("HOME", ""))
