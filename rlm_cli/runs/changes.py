"""Which documents have changed between two readings of a corpus, and what the root model is told of it."""

from __future__ import annotations

from msgspec import UNSET

from rlm_cli.base.text import counted
from rlm_cli.events.bodies import CorpusChanged, CorpusLoaded

_NAMED = 20


def changes_between(then: CorpusLoaded, now: CorpusLoaded) -> CorpusChanged | None:
    """What has changed; None when nothing has. No name is known when a corpus is too large to be listed."""
    if then.fingerprint == now.fingerprint:
        return None
    before, after = _manifest(then), _manifest(now)
    return CorpusChanged(
        added=sorted(after.keys() - before.keys()),
        changed=sorted(path for path in before.keys() & after.keys() if before[path] != after[path]),
        removed=sorted(before.keys() - after.keys()),
    )


def note_of(changed: CorpusChanged) -> str:
    """What the root model is told."""
    parts = [
        f"{what}: {', '.join(paths[:_NAMED])}" + (" …" if len(paths) > _NAMED else "")
        for what, paths in (
            ("added", changed.added),
            ("changed", changed.changed),
            ("removed", changed.removed),
        )
        if paths
    ]
    count = len(changed.added) + len(changed.changed) + len(changed.removed)
    which = f"{counted(count, 'document')} ({'; '.join(parts)})" if count else "Documents"
    return f"{which} changed since the last question. What you have read of them may be out of date."


def _manifest(loaded: CorpusLoaded) -> dict[str, str]:
    text = getattr(loaded, "manifest", "")
    if text is UNSET or not text:
        return {}
    pairs = (line.split("  ", 1) for line in str(text).splitlines())
    return {pair[1]: pair[0] for pair in pairs if len(pair) == 2}
