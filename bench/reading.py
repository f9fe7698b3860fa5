"""Reading a corpus: walk, text, tiny files, PDF, workbooks, pages, mails, and the second question.

    python -m bench.reading [--files 100000] [--megabytes 1000] [--pdfs 200] [--runs 3] [PART …]

Every figure stands beside that of a peer, measured in the same run over the same files. PART is one of walk,
text, tiny, pdf, workbook, html, mail, again; without one, all of them. openpyxl is a peer only where it is
installed.
"""

from __future__ import annotations

import argparse
import email
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from multiprocessing import get_context
from pathlib import Path

from bench.corpora import folder_of_files, folder_of_text
from rlm_cli.corpus.inputs import sources_of
from rlm_cli.corpus.opened import HostCorpus, kept_corpus, open_corpus
from rlm_cli.corpus.options import ReadOptions
from rlm_cli.corpus.walk import walk

WORDS = [
    "the",
    "supplier",
    "shall",
    "indemnify",
    "the",
    "customer",
    "against",
    "all",
    "claims",
    "that",
    "arise",
    "from",
    "this",
    "agreement",
]


class Bench:
    """Folders made once, and how often a thing is measured."""

    def __init__(self, root: Path, asked: argparse.Namespace) -> None:
        self.root = root
        self.files: int = asked.files
        self.megabytes: int = asked.megabytes
        self.pdfs: int = asked.pdfs
        self.runs: int = asked.runs

    def read(self, folder: Path, workers: int | None = None) -> tuple[float, HostCorpus]:
        """Seconds of a cold reading, the store on the same disk; and the corpus."""
        cache = self.root / "cache"
        shutil.rmtree(cache, ignore_errors=True)
        began = time.perf_counter()
        corpus = open_corpus([folder], ReadOptions(workers=workers), cache_dir=cache)
        return time.perf_counter() - began, corpus

    def median(self, action: Callable[[], float]) -> float:
        """The median of some runs, after one that is not counted where there are several."""
        if self.runs > 1:
            action()
        return statistics.median(action() for _ in range(self.runs))


def timed(action: Callable[[], object]) -> float:
    """Seconds that something takes."""
    began = time.perf_counter()
    action()
    return time.perf_counter() - began


def told(name: str, ours: str, peer: str, ratio: float, goal: str) -> None:
    """Print a line of the table."""
    print(f"{name}: {ours}; {peer}; ratio {ratio:.2f} (goal {goal})", flush=True)


def walking(bench: Bench) -> None:
    """The walk with rules against a bare scandir."""
    folder = folder_of_files(bench.root / "tiny", bench.files)
    (folder / ".gitignore").write_text("*.tmp\nbuild/\n!keep.tmp\n")
    bare = bench.median(lambda: timed(lambda: scanned(str(folder))))
    with_stat = bench.median(lambda: timed(lambda: scanned(str(folder), stats=True)))
    sources = sources_of([folder])
    timed(lambda: sum(1 for _ in walk(sources, ReadOptions())))
    ours = bench.median(lambda: timed(lambda: sum(1 for _ in walk(sources, ReadOptions()))))
    peer = f"scandir {bare * 1000:,.0f} ms, scandir and stat {with_stat * 1000:,.0f} ms"
    told(f"walk of {bench.files:,} files", f"{ours * 1000:,.0f} ms", peer, ours / bare, "≤ 2, 110 ms")
    if shutil.which("rg"):
        listed = bench.median(lambda: timed(lambda: run("rg", "--files", "-j1", str(folder))))
        print(f"  rg --files -j1: {listed * 1000:,.0f} ms")


def scanned(folder: str, stats: bool = False) -> int:
    """How many files a bare scandir finds."""
    count, folders = 0, [folder]
    while folders:
        with os.scandir(folders.pop()) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    folders.append(entry.path)
                else:
                    count += 1
                    if stats:
                        entry.stat(follow_symlinks=False)
    return count


def text(bench: Bench) -> None:
    """Cold ingest of text, against copying the same bytes into one file."""
    folder = folder_of_text(bench.root / "text", bench.megabytes * 1_000_000)
    size = sum(path.stat().st_size for path in folder.rglob("*.txt")) / 1e6
    ours = bench.median(lambda: bench.read(folder)[0])
    peer = bench.median(lambda: timed(lambda: copied(folder, bench.root / "copy")))
    line = f"{size / ours:,.0f} MB/s", f"cat into one file {size / peer:,.0f} MB/s"
    told(f"cold ingest of {size:,.0f} MB of text", *line, peer / ours, "≥ 600 MB/s a core, 1,000 on two")
    (bench.root / "copy").unlink()


def copied(folder: Path, target: Path) -> None:
    """Copy all files below a folder into one, and bring it to the disk."""
    with target.open("wb") as out:
        for path in sorted(folder.rglob("*.txt")):
            out.write(path.read_bytes())
        out.flush()
        os.fsync(out.fileno())


def tiny(bench: Bench) -> None:
    """Many tiny files, against reading each with open()."""
    folder = folder_of_files(bench.root / "tiny", bench.files)
    ours = bench.median(lambda: bench.read(folder)[0])
    peer = bench.median(lambda: timed(lambda: copied(folder, bench.root / "copy")))
    line = f"{bench.files / ours:,.0f} files/s", f"open and read each {bench.files / peer:,.0f} files/s"
    told(f"cold ingest of {bench.files:,} tiny files", *line, peer / ours, "≥ 100,000 files/s a core")


def again(bench: Bench) -> None:
    """The second question on the same folder: a warm store is checked and opened."""
    folder = folder_of_files(bench.root / "tiny", bench.files)
    _, corpus = bench.read(folder)
    del corpus
    cache = bench.root / "cache"
    served = bench.median(lambda: timed(lambda: kept_corpus([folder], cache_dir=cache)))
    assert kept_corpus([folder], cache_dir=cache) is not None
    warm = bench.median(lambda: timed(lambda: open_corpus([folder], cache_dir=cache)))
    bare = bench.median(lambda: timed(lambda: scanned(str(folder), stats=True)))
    peer = f"scandir and stat {bare * 1000:,.0f} ms"
    name = f"second question on {bench.files:,} files"
    told(f"{name}: served", f"{served * 1000:,.1f} ms", peer, served / bare, "≤ 100 ms")
    told(f"{name}: looked at, beside it", f"{warm * 1000:,.0f} ms", peer, warm / bare, "none")


def pdf(bench: Bench) -> None:
    """PDF pages, against pdfium itself in one process and in two."""
    folder = pdf_folder(bench.root / "pdf", bench.pdfs)
    paths = sorted(map(str, folder.iterdir()))
    pages = sum(map(raw_pdfium, paths))
    one = bench.median(lambda: timed(lambda: list(map(raw_pdfium, paths))))
    with get_context("spawn").Pool(2) as pool:
        two = bench.median(lambda: timed(lambda: pool.map(raw_pdfium, paths, chunksize=4)))
    for workers, peer in ((1, one), (2, two)):
        ours = bench.median(lambda workers=workers: bench.read(folder, workers)[0])
        line = f"{pages / ours:,.0f} pages/s", f"raw pdfium {pages / peer:,.0f} pages/s"
        goal = "≥ 0.9" if workers == 1 else f"≥ 0.9; ours on two ≥ 1.9 × one pdfium: {one / ours:.2f}"
        told(f"{bench.pdfs} PDFs, {pages:,} pages, {workers} worker(s)", *line, peer / ours, goal)


def pdf_folder(folder: Path, count: int) -> Path:
    """PDFs of 1 to 60 pages, one of 500; text in two fonts."""
    from reportlab.lib.pagesizes import A4
    from reportlab.pdfgen.canvas import Canvas

    if folder.exists():
        return folder
    folder.mkdir()
    for number in range(count):
        canvas = Canvas(str(folder / f"{number:03}.pdf"), pagesize=A4, invariant=1)
        for page in range(500 if number == 0 else number % 60 + 1):
            canvas.setFont("Times-Roman" if page % 2 else "Helvetica", 10)
            for line in range(50):
                shift = (number + page + line) % len(WORDS)
                canvas.drawString(60, 780 - 14 * line, f"{number}.{page}.{line} " + " ".join(WORDS[shift:]))
            canvas.showPage()
        canvas.save()
    return folder


def raw_pdfium(path: str) -> int:
    """Take the text of all pages with pdfium alone; how many there were."""
    import pypdfium2

    document = pypdfium2.PdfDocument(path)
    for page in document:
        page.get_textpage().get_text_range()
    return len(document)


def workbook(bench: Bench) -> None:
    """XLSX files, against openpyxl."""
    from xlsxwriter import Workbook

    folder = bench.root / "workbooks"
    folder.mkdir(exist_ok=True)
    for number in range(20):
        book = Workbook(folder / f"{number:02}.xlsx")
        for sheet in range(3):
            rows = book.add_worksheet(f"S{sheet}")
            for row in range(1500):
                rows.write_row(row, 0, [row, number * row / 7, *WORDS[row % 5 : row % 5 + 6]])
        book.close()
    ours = bench.median(lambda: bench.read(folder, 1)[0])
    try:
        import openpyxl
    except ImportError:
        print(f"20 workbooks: {20 / ours:,.1f} files/s; openpyxl is not installed")
        return

    def peer() -> None:
        for path in folder.iterdir():
            book = openpyxl.load_workbook(path, read_only=True)
            for sheet in book.worksheets:
                for _ in sheet.iter_rows(values_only=True):
                    pass

    theirs = timed(peer)
    line = f"{20 / ours:,.1f} files/s", f"openpyxl {20 / theirs:,.1f} files/s"
    told("20 workbooks of 3 × 1,500 rows, 1 worker", *line, theirs / ours, "≥ 10")


def html(bench: Bench) -> None:
    """Web pages, against parsing alone."""
    from selectolax.lexbor import LexborHTMLParser

    block = "<h2>Head</h2>" + f"<p>{' '.join(WORDS)} <b>and more</b></p>" * 6 + "<ul><li>one<li>two</ul>"
    pages = [f"<html><head><title>{n}</title></head><body>{block * 4}{n}</body></html>" for n in range(5000)]
    folder = files_of(bench.root / "html", {f"{n:05}.html": page.encode() for n, page in enumerate(pages)})
    ours = bench.median(lambda: bench.read(folder)[0])

    def peer() -> None:
        for page in pages:
            LexborHTMLParser(page).body.text()  # type: ignore[union-attr]

    theirs = timed(peer)
    line = f"{len(pages) / ours:,.0f} files/s", f"selectolax alone, one process {len(pages) / theirs:,.0f}/s"
    told("5,000 pages of 3 kB", *line, theirs / ours, "≥ 5,000 files/s")


def mail(bench: Bench) -> None:
    """Mails, one a file and all in a mailbox, against the standard library's parser alone."""
    from email.message import EmailMessage

    mails = []
    for number in range(5000):
        message = EmailMessage()
        message["From"], message["To"], message["Subject"] = "a@b.org", "c@d.org", f"Offer {number}"
        message.set_content("\n".join([" ".join(WORDS)] * 20))
        message.add_alternative(f"<p>{' '.join(WORDS)}</p>" * 20, subtype="html")
        mails.append(message.as_bytes())
    folder = files_of(bench.root / "mail", {f"{n:05}.eml": raw for n, raw in enumerate(mails)})
    border = b"From a@b.org Sat Jan  3 01:05:34 1998\n"
    box = files_of(bench.root / "box", {"all.mbox": b"".join(border + raw + b"\n" for raw in mails)})

    def peer() -> None:
        for raw in mails:
            parsed = email.message_from_bytes(raw)
            for part in parsed.walk():
                part.get_payload(decode=True)

    theirs = timed(peer)
    for name, source in (("5,000 mails, one a file", folder), ("5,000 mails in a mailbox", box)):
        ours = bench.median(lambda source=source: bench.read(source)[0])
        line = f"{len(mails) / ours:,.0f} mails/s", f"email alone, one process {len(mails) / theirs:,.0f}/s"
        told(name, *line, theirs / ours, "≥ 3,500 mails/s")


def files_of(folder: Path, files: dict[str, bytes]) -> Path:
    """A folder with these files; made once."""
    if not folder.exists():
        folder.mkdir()
        for name, content in files.items():
            (folder / name).write_bytes(content)
    return folder


def run(*words: str) -> None:
    """Run a program and throw its output away."""
    subprocess.run(words, stdout=subprocess.DEVNULL, check=True)


PARTS: dict[str, Callable[[Bench], None]] = {
    "walk": walking,
    "text": text,
    "tiny": tiny,
    "again": again,
    "pdf": pdf,
    "workbook": workbook,
    "html": html,
    "mail": mail,
}


def measure(words: list[str]) -> None:
    """Measure the parts that were asked for."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--files", type=int, default=100_000)
    parser.add_argument("--megabytes", type=int, default=1000)
    parser.add_argument("--pdfs", type=int, default=200)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("parts", nargs="*", metavar="PART")
    asked = parser.parse_args(words)
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(Path(folder), asked)
        for name in asked.parts or PARTS:
            PARTS[name](bench)


if __name__ == "__main__":
    measure(sys.argv[1:])
