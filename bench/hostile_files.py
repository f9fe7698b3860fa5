"""Damaged files in numbers: each must end as text or as one line with a reason, and the others be read.

python -m bench.hostile_files [500]
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from tests.unit.corpus.making import folder_of, opened
from tests.unit.corpus.mutating import mutants


def measure(count: int) -> None:
    """Read so many damaged files with one whole file among them, and count how they end."""
    with tempfile.TemporaryDirectory() as folder:
        files = dict(mutants(count, seed=count))
        root = folder_of(Path(folder) / "in", {**files, "zz.txt": "read as ever"})
        began = time.perf_counter()
        corpus = opened(root, Path(folder) / "cache")
        seconds = time.perf_counter() - began
        read = {path.split("!/")[0] for path, _ in corpus.texts()}
        skips = list(corpus.skipped())
        lost = set(files) - read - {skip.path.split("!/")[0] for skip in skips}
        bad = [skip for skip in skips if not skip.why or "\n" in skip.why]
        print(f"{count} damaged files in {seconds:.1f} s: {len(read & set(files))} gave text, ", end="")
        print(f"{len(set(files) - read)} gave a reason; lost without a word: {len(lost)} (goal 0)")
        print(f"reasons that are not one line: {len(bad)} (goal 0); the whole file: {'zz.txt' in read}")
        for why, number in Counter(skip.why.partition(":")[0] for skip in skips).most_common(20):
            print(f"  {number:>5}  {why}")


if __name__ == "__main__":
    measure(int(sys.argv[1]) if len(sys.argv) > 1 else 500)
