"""What the kernel's own process does to itself before anything else runs in it: limits, Landlock, seccomp.

Standard library only, through system calls of Linux. `confine` is given plain data from the boot file,
made by `rlm_cli.kernel.sandbox`, and knows nothing of why it was decided so.
"""

from __future__ import annotations

import sys
from typing import Any


def confine(policy: dict[str, Any]) -> list[str]:
    """Take away from this process, for good, what a cell must not have; the checks that then held.

    Errors:  OSError when a protection cannot be put on. Unconfined when one that is on does not hold.
    """
    from rlm_cli.inkernel.confining import limits, selfcheck

    limits.limit(policy["limits"])
    if sys.platform == "linux":
        from rlm_cli.inkernel.confining import landlock, privileges, seccomp

        if policy["is_unprivileged"]:
            privileges.drop()
        if policy["landlock"]:
            landlock.restrict(policy["landlock"])
        if policy["seccomp"]:
            seccomp.restrict(policy["seccomp"])
    return selfcheck.check(policy["checks"])
