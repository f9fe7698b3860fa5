"""Searching a corpus that was read: opening, memory, patterns, the worst pattern, ranked search, citations.

    python -m bench.corpus [--megabytes 100] [--files 100000] [--runs 3] [PART …]

Every figure stands beside that of a peer in the same run over the same files: ripgrep where it is installed,
and `re` file by file. PART is one of open, memory, grep, worst, search, cite; without one, all of them.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from bench.corpora import folder_of_files, folder_of_text
from rlm_cli.corpus.opened import HostCorpus, open_corpus
from rlm_cli.inkernel.documents import Corpus, Services
from rlm_cli.inkernel.documents import open_corpus as open_mounted

WORDS = "indemnification majeure überschuß naïveté ticket"
PATTERNS = {
    "rare literal": ("ConnectionResetError", False),
    "5 words, any case": ("|".join(WORDS.split()), True),
    r"\b[A-Z][a-z]+Error\b": (r"\b[A-Z][a-zA-Z]+Error\b", False),
    "e-mail": (r"[\w.]+@[\w.]+\.\w+", False),
    "50 words": ("|".join(f"{a}{b}{n}" for a in "abcde" for b in "xy" for n in range(5)), True),
    "date": (r"\b\d{2}\.\d{2}\.\d{4}\b", False),
}
WORST = {"(a+)+$": r"(a+)+$", "back reference": r"(\w+) \1\b", "nested words": r"(\w+\s?)*!"}
QUERIES = [
    "indemnification of the supplier",
    "ConnectionResetError server",
    "force majeure notice",
    "東京都の契約",
]
MEMORY = """
import json, sys
def private():
    lines = open("/proc/self/smaps_rollup").read().splitlines()
    return sum(int(line.split()[1]) for line in lines if line.startswith("Private_")) * 1024
from rlm_cli.inkernel.documents import Services, open_corpus
import hyperscan
mount = json.loads(sys.argv[1])
before = private()
corpus, _ = open_corpus(mount, Services())
corpus[len(corpus) // 2][:100]
opened = private()
corpus.grep("ConnectionResetError")
print(opened - before, private() - before)
"""


def best(action: Callable[[], object], runs: int) -> float:
    """The median seconds of some runs, after one that warms the caches."""
    action()
    seconds = []
    for _ in range(runs):
        began = time.perf_counter()
        action()
        seconds.append(time.perf_counter() - began)
    return statistics.median(seconds)


def row(name: str, *cells: str) -> None:
    print("  ".join([f"{name:28}", *(f"{each:>16}" for each in cells)]), flush=True)


def milliseconds(seconds: float) -> str:
    return f"{1000 * seconds:,.1f} ms"


class Bench:
    """One corpus of text and one of tiny files, read once."""

    def __init__(self, place: Path, megabytes: int, files: int, runs: int) -> None:
        self.place, self.megabytes, self.files, self.runs = place, megabytes, files, runs
        self.text = folder_of_text(place / "text", megabytes * 1_000_000)
        self.host = self.read(self.text)
        self.size = self.host.loaded.bytes

    def read(self, folder: Path) -> HostCorpus:
        return open_corpus([folder], cache_dir=self.place / "cache")

    def mounted(self, host: HostCorpus) -> Corpus:
        mount = host.mount
        return open_mounted({"store": mount.store, "generation": mount.generation}, Services())[0]

    def open(self) -> None:
        """From a mount to the first slice, in a kernel."""
        host = self.read(folder_of_files(self.place / "tiny", self.files))
        seconds = best(lambda: self.mounted(host)[len(host) // 2][:100], self.runs)
        row(f"open, {len(host):,} files", milliseconds(seconds), "goal 10 ms")
        listed = best(lambda: [path.stat() for path in (self.place / "tiny").glob("*/*")][:1], 1)
        row("peer: list and stat them", milliseconds(listed), f"{listed / seconds:,.0f} ×")

    def memory(self) -> None:
        """What a kernel takes for itself, beyond what it shares."""
        for name, host in (
            ("text", self.host),
            ("tiny files", self.read(folder_of_files(self.place / "tiny", self.files))),
        ):
            mount = json.dumps({"store": host.mount.store, "generation": host.mount.generation})
            done = subprocess.run(
                [sys.executable, "-c", MEMORY, mount], capture_output=True, text=True, check=True
            )
            opened, searched = map(int, done.stdout.split())
            allowed = 0.02 * host.loaded.bytes + 100 * len(host)
            row(f"private, {name}: opened", f"{opened / 1e6:,.2f} MB", f"goal {allowed / 1e6:,.2f} MB")
            row(f"private, {name}: searched", f"{searched / 1e6:,.2f} MB")

    def grep(self) -> None:
        """All matches of some patterns; the hits of `re` in small corpora."""
        corpus, rg = self.mounted(self.host), shutil.which("rg")
        row("pattern", "hits", "counts", "rg --json", "rg -c", "hits / rg", "matches")
        for name, (pattern, ignores) in PATTERNS.items():
            options = {"ignore_case": ignores, "max_seconds": 600.0}
            ours = best(lambda p=pattern, o=options: corpus.grep(p, max_hits=10**8, **o), self.runs)
            counted = best(lambda p=pattern, o=options: corpus.counts(p, **o), self.runs)
            found = corpus.counts(pattern, **options).total
            cells = [self.speed(ours), self.speed(counted)]
            if rg:
                command = [
                    rg,
                    f"-j{os.cpu_count()}",
                    *(["-i"] if ignores else []),
                    "-e",
                    pattern,
                    str(self.text),
                ]
                as_json = best(lambda c=command: _quiet([*c, "--json"]), self.runs)
                as_count = best(lambda c=command: _quiet([*c, "-c"]), self.runs)
                cells += [self.speed(as_json), self.speed(as_count), f"{as_json / ours:.1f} ×"]
            row(name, *cells, self.checked(pattern, ignores, found))

    def checked(self, pattern: str, ignores: bool, found: int) -> str:
        """Whether `re`, file by file, finds as many, and how much longer it takes."""
        if self.megabytes > 200:
            return f"{found:,}"
        compiled = re.compile(pattern, re.MULTILINE | (re.IGNORECASE if ignores else 0))
        began = time.perf_counter()
        wanted = sum(
            sum(1 for _ in compiled.finditer(path.read_text("utf-8"))) for path in self.text.glob("*/*")
        )
        speed = self.speed(time.perf_counter() - began)
        return f"{found:,} {'=' if found == wanted else f'NOT {wanted:,}'} re, {speed}"

    def worst(self) -> None:
        """Patterns that make `re` backtrack: a second a gigabyte, or a clean limit."""
        corpus = self.mounted(self.host)
        for name, pattern in WORST.items():
            began = time.perf_counter()
            hits = corpus.grep(pattern, max_seconds=10.0)
            said = hits.truncated.split(":")[0] or "whole"
            row(name, milliseconds(time.perf_counter() - began), f"{len(hits):,} hits", said)

    def search(self) -> None:
        """Ranked search without an index."""
        corpus, rg = self.mounted(self.host), shutil.which("rg")
        seconds = [best(lambda q=query: corpus.search(q, 10), self.runs) for query in QUERIES]
        for query, each in zip(QUERIES, seconds, strict=True):
            row(query, milliseconds(each), f"{1000 * each * 1e9 / self.size:,.0f} ms a GB")
        middle = statistics.median(seconds)
        row("p50", milliseconds(middle), f"{1000 * middle * 1e9 / self.size:,.0f} ms a GB", "goal 250")
        if rg:
            words = "|".join(QUERIES[0].split())
            peer = best(lambda: _quiet([rg, "-i", "-c", words, str(self.text)]), self.runs)
            row("peer: rg -i -c of the words", milliseconds(peer), f"{peer / middle:.1f} ×")

    def cite(self) -> None:
        """Looking a quotation up: in a named document, and anywhere."""
        middle = self.host.texts()[len(self.host) // 2] if self.megabytes <= 200 else None
        corpus = self.mounted(self.host)
        document = corpus[len(corpus) // 2]
        quote = " ".join((middle[1] if middle else document.text)[2000:2120].split(" ")[1:-1])
        for name, where in (("named document", document.path), ("anywhere", None)):
            citation = self.host.cite(quote, where)
            assert citation.checked, citation.why
            seconds = best(lambda w=where: self.host.cite(quote, w), self.runs)
            row(f"cite, {name}", milliseconds(seconds), f"elsewhere {citation.elsewhere}")

    def speed(self, seconds: float) -> str:
        return f"{self.size / seconds / 1e9:.2f} GB/s"


def _quiet(command: list[str]) -> None:
    subprocess.run(command, stdout=subprocess.DEVNULL, check=False)


PARTS = ("open", "memory", "grep", "worst", "search", "cite")


def main() -> None:
    """Measure the parts that are asked for."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--megabytes", type=int, default=100)
    parser.add_argument("--files", type=int, default=100_000)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--keep", type=Path, help="a folder in which the corpora stay")
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []])
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        place = given.keep or Path(temporary)
        place.mkdir(parents=True, exist_ok=True)
        bench = Bench(place, given.megabytes, given.files, given.runs)
        print(f"{bench.size / 1e6:,.0f} MB in {len(bench.host):,} files", flush=True)
        for part in given.parts or PARTS:
            print(f"\n{part}")
            getattr(bench, part)()


if __name__ == "__main__":
    main()
