"""Every measurement, one after the other, below the name of the machine and the date.

    python -m bench [NAME …]

NAME is a module of this folder, such as `start_up`; without one, all of them run, which takes a while.
"""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

HERE = Path(__file__).parent


def names() -> list[str]:
    """The modules here that measure something."""
    return sorted(
        path.stem
        for path in HERE.glob("*.py")
        if path.stem != "__main__" and '\nif __name__ == "__main__":' in path.read_text("utf-8")
    )


def machine() -> str:
    """What the figures were measured on."""
    model = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        lines = [line for line in info.read_text().splitlines() if line.startswith("model name")]
        model = lines[0].partition(": ")[2] if lines else model
    gib = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    system = f"{platform.system()} {platform.release()}"
    return f"{model}, {os.cpu_count()} cores, {gib:.0f} GiB; {system}; Python {platform.python_version()}"


def main() -> int:
    """Run them; 1 when one fails."""
    known = names()
    chosen = sys.argv[1:] or known
    unknown = [name for name in chosen if name not in known]
    if unknown:
        print(f"there is no {', '.join(unknown)}; there are {', '.join(known)}", file=sys.stderr)
        return 2
    print(f"{datetime.now(UTC):%Y-%m-%d}; {machine()}", flush=True)
    failed = 0
    for name in chosen:
        print(f"\n## {name}\n", flush=True)
        failed += subprocess.run([sys.executable, "-m", f"bench.{name}"], cwd=HERE.parent).returncode != 0
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main())
