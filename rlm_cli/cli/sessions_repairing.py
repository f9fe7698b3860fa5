"""`rlm sessions repair`: a damaged session is made whole from what can be read of it."""

from __future__ import annotations

from rlm_cli.base.text import counted
from rlm_cli.cli.screen import note, say
from rlm_cli.cli.session_names import Reference, sessions


def repair(reference: Reference) -> int:
    """Make a damaged session whole from what can be read of it; the file as it was is kept beside it."""
    from rlm_cli.stream.repairing import repair as repair_file

    done = repair_file(sessions().find(reference))
    for flaw in done.flaws:
        note(f"rlm: {flaw.text}")
    if done.before is None:
        say(f"{counted(done.events, 'event')}, nothing to repair")
    else:
        say(f"{counted(done.events, 'event')} written anew; the file as it was: {done.before}")
    return 0
