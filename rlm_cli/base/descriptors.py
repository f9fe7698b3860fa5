"""How many files this process may hold open: as many as it is allowed to allow itself, and whether they do.

A process that runs out of them in the middle of its work fails in places that nobody can foresee, so
it is looked at before a run begins.
"""

from __future__ import annotations

import contextlib
import resource

from rlm_cli.base.errors import KernelError

ENOUGH = 96
"""What a run needs: kernel, models, documents, record. A kernel alone comes to its end below 56."""

REMEDY = "Allow more, and try again: ulimit -n 1024"
_WANTED = 4096


def widen() -> None:
    """Raise the limit of this process towards 4,096; the administrator's own limit is never passed."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _WANTED if hard == resource.RLIM_INFINITY else min(_WANTED, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def check() -> None:
    """Do nothing where this process may open enough files for a run.

    Errors:  KernelError, with the remedy, where it may not.
    """
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < ENOUGH:
        why = f"only {soft} files may be open at once, and a run needs {ENOUGH}"
        raise KernelError("cannot start the kernel", why, REMEDY)
