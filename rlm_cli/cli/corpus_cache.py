"""`rlm corpus cache`: where the texts that were read are kept, how much they take, how they are removed."""

from __future__ import annotations

import os
import time

from rlm_cli.base.text import counted
from rlm_cli.cli.commands import new_app
from rlm_cli.cli.options import AsJson
from rlm_cli.cli.screen import note, rows, say, say_json

app = new_app("See and clear what is kept of corpora that were read.", is_group=True)


@app.command("path")
def path() -> int:
    """Print the folder in which the texts of corpora are kept."""
    from rlm_cli.corpus.caches import stores_folder
    from rlm_cli.settings.locations import directories

    say(str(stores_folder(directories(os.environ).cache)))
    return 0


@app.command("size")
def size(as_json: AsJson = False) -> int:
    """Print how much each corpus takes on the disk, and all of them together."""
    from rlm_cli.corpus.caches import kept
    from rlm_cli.settings.locations import directories

    found = kept(directories(os.environ).cache)
    if as_json:
        say_json(
            [
                {
                    "folder": str(each.folder),
                    "bytes": each.size_bytes,
                    "index_bytes": each.index_bytes,
                    "documents": each.documents,
                    "inputs": each.inputs,
                    "used": round(each.used_at, 3),
                    "in_use": each.is_held,
                }
                for each in found
            ]
        )
        return 0
    table = [
        (
            _megabytes(each.size_bytes),
            counted(each.documents, "document"),
            time.strftime("%Y-%m-%d %H:%M", time.localtime(each.used_at)),
            ", ".join(each.inputs) or "not read to its end",
        )
        for each in found
    ]
    for line in rows(table):
        say(line)
    say(f"{_megabytes(sum(each.size_bytes for each in found))} in {counted(len(found), 'corpus', 'corpora')}")
    return 0


@app.command("clear")
def clear() -> int:
    """Remove what is kept; a corpus that is in use stays. It is read again when it is needed."""
    from rlm_cli.corpus.caches import clear as clear_stores
    from rlm_cli.settings.locations import directories

    removed, left = clear_stores(directories(os.environ).cache)
    freed = _megabytes(sum(each.size_bytes for each in removed))
    note(f"removed {counted(len(removed), 'corpus', 'corpora')}, {freed}")
    for each in left:
        note(f"in use, kept: {', '.join(each.inputs) or each.folder.name}")
    return 0


def _megabytes(size_bytes: int) -> str:
    return f"{size_bytes / 1e6:,.1f} MB" if size_bytes >= 1e6 else f"{size_bytes / 1e3:,.1f} kB"
