"""Searching a corpus that was read: opening, memory, patterns, the worst pattern, ranked search, citations.

    python -m bench.corpus [--megabytes 100] [--files 100000] [--runs 3] [PART …]

Every figure stands beside that of a peer in the same run over the same files: ripgrep where it is installed,
and `re` file by file over the first 20 MB. PART is one of open, memory, grep, languages, worst, search, cite;
without one, all of them. With `--runs 1` nothing is measured twice.

The three sizes of the goal table, and with them those of `bench.reading` (about 25 minutes together on a
quiet machine of two cores, 25 GB at once):

    python -m bench.corpus --megabytes 100 --files 100000 && python -m bench.reading --megabytes 100 walk text
    python -m bench.corpus --megabytes 1000 --files 1000000 --runs 1 && python -m bench.reading --runs 1
    python -m bench.corpus --megabytes 10000 --runs 1 grep worst search cite && \\
        python -m bench.reading --files 1000000 --runs 1 walk tiny again
"""

from __future__ import annotations

import argparse
import json
import os
import random
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
from rlm_cli.corpus.indexing import make
from rlm_cli.corpus.opened import HostCorpus, open_corpus
from rlm_cli.inkernel.documents import Corpus, Services
from rlm_cli.inkernel.documents import open_corpus as open_mounted
from rlm_cli.inkernel.hits import Hits

WORDS = "indemnification majeure überschuß naïveté ticket"
PATTERNS = {
    "very rare literal": ("QX-00042", False),
    "rare literal": ("ConnectionResetError", False),
    "5 words, any case": ("|".join(WORDS.split()), True),
    r"\b[A-Z][a-z]+Error\b": (r"\b[A-Z][a-zA-Z]+Error\b", False),
    "e-mail": (r"[\w.]+@[\w.]+\.\w+", False),
    "50 words": ("|".join(f"{a}{b}{n}" for a in "abcde" for b in "xy" for n in range(5)), True),
    "date": (r"\b\d{2}\.\d{2}\.\d{4}\b", False),
}
WORST = {"(a+)+$": r"(a+)+$", "back reference": r"(\w+) \1\b", "nested words": r"(\w+\s?)*!"}
LANGUAGES = {
    "german.txt": "Der Überschuß wird an die Gesellschafter ausgeschüttet; Größe und Straße.",
    "french.txt": "L’indemnité est due dès réception, à Noël ou à Pâques.",
    "russian.txt": "Стороны договорились о неустойке за просрочку в размере 5 %.",
    "greek.txt": "Οι συμβαλλόμενοι συμφώνησαν ΤΙΜΗ και τιμή.",
    "turkish.txt": "İstanbul’da ılık ve ISSIZ bir gün; izin verildi.",
    "arabic.txt": "يلتزم البائع بتعويض المشتري عن الأضرار ١٢٣.",
    "hebrew.txt": "המוכר ישפה את הקונה בגין כל נזק.",
    "hindi.txt": "विक्रेता क्रेता को क्षतिपूर्ति देगा।",
    "thai.txt": "ผู้ขายต้องชดใช้ค่าเสียหายแก่ผู้ซื้อ",
    "chinese.txt": "甲方应当在三十日内支付违约金。",
    "japanese.txt": "東京都の契約に基づき、サーバーを停止する。",
    "korean.txt": "공급자는 고객에게 손해를 배상한다.",
    "emoji.txt": "Fine 👍🏽 and naïve café, K and ſ: ﬁne ligature.",
}
IN_LANGUAGES = [
    r"überschuß|größe", r"indemnité\b", r"\bнеустойк\w+", r"τιμη|τιμή", r"istanbul", r"ı\w+", r"تعويض",
    r"\bהקונה\b", r"क्षतिपूर्ति", r"ชดใช้", r"违约金|支付", r"サー.ー", r"\w*에게", r"👍.", r"caf\w", r"k",
    r"\d+", r"ſ|ﬁ", r"[^\W\d_]{9,}", r"(?<=d)er|\bL", r"^.{0,3}\S", r"日内?",
]  # fmt: skip
QUERIES = [
    "indemnification of the supplier",
    "ConnectionResetError server",
    "force majeure notice",
    "東京都の契約",
]
SAMPLE_BYTES = 20_000_000
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
print(opened - before, private() - before, flush=True)
sys.stdin.read()
"""


def best(action: Callable[[], object], runs: int) -> float:
    """The median seconds of some runs, after one that warms the caches where there are several."""
    if runs > 1:
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
        self.place, self.files, self.runs = place, files, runs
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
            opened, searched, child = _private(mount)
            allowed = 0.02 * host.loaded.bytes + 100 * len(host)
            row(f"private, {name}: opened", f"{opened / 1e6:,.2f} MB", f"goal {allowed / 1e6:,.2f} MB")
            row(f"private, {name}: searched", f"{searched / 1e6:,.2f} MB")
            row("  a child kernel beside it", f"{child / 1e6:,.2f} MB", "shares the map")

    def grep(self) -> None:
        """All matches of some patterns; the hits of `re` in small corpora."""
        corpus, rg = self.mounted(self.host), shutil.which("rg")
        row("pattern", "hits", "counts", "rg --json", "rg -c", "hits / rg", "first 20 MB")
        for name, (pattern, ignores) in PATTERNS.items():
            options = {"ignore_case": ignores, "max_seconds": 600.0}
            ours = best(lambda p=pattern, o=options: corpus.grep(p, max_hits=10**8, **o), self.runs)
            counted = best(lambda p=pattern, o=options: corpus.counts(p, **o), self.runs)
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
            row(name, *cells, self.checked(corpus, pattern, ignores, ours))

    def checked(self, corpus: Corpus, pattern: str, ignores: bool, seconds: float) -> str:
        """Whether `re` finds the same in the first files, and how much longer it takes for all of them."""
        some = corpus[: max(1, len(corpus) * SAMPLE_BYTES // self.size)]
        compiled = re.compile(pattern, re.MULTILINE | (re.IGNORECASE if ignores else 0))
        began = time.perf_counter()
        texts = [self.text.joinpath(document.path).read_text("utf-8") for document in some]
        wanted = [match.span() for text in texts for match in compiled.finditer(text)]
        slow = (time.perf_counter() - began) * self.size / sum(len(text.encode()) for text in texts)
        found = [(hit.start, hit.end) for hit in some.grep(pattern, ignore_case=ignores, max_hits=10**8)]
        return (
            f"{len(found):,} {'=' if found == wanted else f'NOT {len(wanted):,}'} re, {slow / seconds:,.0f} ×"
        )

    def languages(self) -> None:
        """The hits of `re` in thirteen languages and scripts, whichever of the two ways finds them."""
        folder = self.place / "languages"
        folder.mkdir(exist_ok=True)
        for name, line in LANGUAGES.items():
            (folder / name).write_text(f"{line}\n" * 2000 + line, "utf-8")
        corpus, same = self.mounted(self.read(folder)), 0
        for pattern in IN_LANGUAGES:
            compiled = re.compile(pattern, re.MULTILINE | re.IGNORECASE)
            wanted = [
                (document.path, *match.span())
                for document in corpus
                for match in compiled.finditer(document.text)
            ]
            hits = corpus.grep(pattern, max_hits=10**8)
            found = [(hit.path, hit.start, hit.end) for hit in hits]
            same += found == wanted
            if found != wanted:
                row(pattern, f"{len(found):,} hits", f"re {len(wanted):,}")
        row("patterns with re's hits", f"{same} of {len(IN_LANGUAGES)}")

    def worst(self) -> None:
        """Patterns that make `re` backtrack: a second a gigabyte, or a clean limit."""
        corpus = self.mounted(self.host)
        for name, pattern in WORST.items():
            began = time.perf_counter()
            hits = corpus.grep(pattern, max_seconds=10.0, max_hits=10**6)
            said = hits.truncated.split(":")[0] or "whole"
            row(name, milliseconds(time.perf_counter() - began), f"{len(hits):,} hits", said)

    def search(self) -> None:
        """Ranked search without an index and with one."""
        shutil.rmtree(Path(self.host.mount.store) / "index", ignore_errors=True)
        corpus, rg = self.mounted(self.host), shutil.which("rg")
        seconds = [best(lambda q=query: corpus.search(q, 10), self.runs) for query in QUERIES]
        middle = statistics.median(seconds)
        row(
            "p50 without", milliseconds(middle), f"{1000 * middle * 1e9 / self.size:,.0f} ms a GB", "goal 250"
        )
        if rg:
            words = "|".join(QUERIES[0].split())
            peer = best(lambda: _quiet([rg, "-i", "-c", words, str(self.text)]), self.runs)
            row("peer: rg -i -c of the words", milliseconds(peer), f"{peer / middle:.1f} ×")
        queries = [*QUERIES, *self.queries(corpus)]
        plain = [corpus.search(query, 10) for query in queries[:20]]
        began = time.perf_counter()
        make(self.host.mount, lambda _: None)
        made = time.perf_counter() - began
        size = sum(path.stat().st_size for path in (Path(self.host.mount.store) / "index").iterdir())
        row("index", f"{self.size / made / 1e6:,.0f} MB/s", f"{size / self.size:.1%}", "goals 100 MB/s, 12 %")
        self.with_index(queries, plain, middle)

    def queries(self, corpus: Corpus) -> list[str]:
        """Words of the documents, one to five together."""
        rng = random.Random(7)
        words = [word for word in corpus[len(corpus) // 3].text.split() if len(word) > 3]
        return [" ".join(rng.choices(words, k=rng.randrange(1, 6))) for _ in range(100)]

    def with_index(self, queries: list[str], plain: list[Hits], without: float) -> None:
        """The times of many queries, and what the best passages are worth beside those of a scan."""
        corpus = self.mounted(self.host)
        began = time.perf_counter()
        corpus.search(queries[0], 10)
        row("first query, index opened", milliseconds(time.perf_counter() - began))
        seconds, worth = [], []
        for number, query in enumerate(queries):
            began = time.perf_counter()
            hits = corpus.search(query, 10)
            seconds.append(time.perf_counter() - began)
            if number < len(plain) and plain[number]:
                sums = [
                    sum(hit.score or 0 for hit in each[: len(plain[number])])
                    for each in (hits, plain[number])
                ]
                worth.append(sums[0] / sums[1])
        seconds.sort()
        middle, late = statistics.median(seconds), seconds[int(len(seconds) * 0.95)]
        row(
            "p50, p95 with",
            milliseconds(middle),
            milliseconds(late),
            "goal 5 ms",
            f"{without / middle:,.0f} ×",
        )
        row(
            "scores of the best ten",
            f"{statistics.mean(worth):.3f} ×",
            f"least {min(worth):.2f}",
            "of a scan's",
        )

    def cite(self) -> None:
        """Looking a quotation up: in a named document, and anywhere."""
        corpus = self.mounted(self.host)
        document = corpus[len(corpus) // 2]
        quote = " ".join(document.text[2000:2120].split(" ")[1:-1])
        for name, where in (("named document", document.path), ("anywhere", None)):
            citation = self.host.cite(quote, where)
            assert citation.checked, citation.why
            seconds = best(lambda w=where: self.host.cite(quote, w), self.runs)
            row(f"cite, {name}", milliseconds(seconds), f"elsewhere {citation.elsewhere}")

    def speed(self, seconds: float) -> str:
        return f"{self.size / seconds / 1e9:.2f} GB/s"


def _worth(hits: Hits, count: int) -> float:
    return sum(hit.score or 0.0 for hit in hits[:count])


def _private(mount: str) -> tuple[int, int, int]:
    """Private bytes of a kernel that has opened, then searched, a corpus; of another that opens it then."""
    command = [sys.executable, "-c", MEMORY, mount]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as first:
        assert first.stdin is not None and first.stdout is not None
        opened, searched = map(int, first.stdout.readline().split())
        beside = subprocess.run(command, input="", capture_output=True, text=True, check=True)
        first.stdin.close()
    return opened, searched, int(beside.stdout.split()[0])


def _quiet(command: list[str]) -> None:
    subprocess.run(command, stdout=subprocess.DEVNULL, check=False)


PARTS = ("open", "memory", "grep", "languages", "worst", "search", "cite")


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
