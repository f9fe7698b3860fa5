"""The exit codes by which the processes of a kernel tell the program how they ended."""

from __future__ import annotations

OVER_MEMORY, OVER_PROCESSES, OVER_DISK = 81, 82, 83
"""The supervisor has ended the kernel at a limit."""

UNCONFINED = 85
"""The kernel found itself without a protection that it was told it has."""

ALONE = 86
"""The kernel's socketpair has come to its end."""
