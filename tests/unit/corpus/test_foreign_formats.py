"""PDF, Word, HTML and notebooks: text, pages, and what a bad file costs."""

from __future__ import annotations

import contextlib
import io
import json
import os
import signal
import threading
from pathlib import Path

import psutil
import pytest
from pypdf import PdfWriter
from pypdf.annotations import Text
from pypdf.generic import ArrayObject, DictionaryObject, FloatObject, NameObject

from rlm_cli.corpus.ingest import ReadingStopped
from rlm_cli.corpus.opened import HostCorpus, open_corpus
from rlm_cli.corpus.options import ReadOptions
from tests.unit.corpus.making import contract_docx, encrypted_pdf, folder_of, opened, pdf

ZOO = Path(__file__).parents[2] / "zoo"
PAGES = [
    ["Page one. The Supplier shall indemni-", "fy the Customer."],
    ["Page two speaks of caf\u00e9s and \u201cquotes\u201d."],
    ["Page three: the cap is USD 5,000,000."],
]


def _text(corpus: HostCorpus, path: str) -> str:
    return dict(corpus.texts())[path]


def test_a_pdf_is_text_with_a_page_map(tmp_path: Path) -> None:
    corpus = opened(folder_of(tmp_path / "in", {"m.pdf": pdf(PAGES)}), tmp_path / "cache")

    text = _text(corpus, "m.pdf")
    assert "indemnify the Customer" in text
    assert "\r" not in text
    assert [corpus.cite(words).page for words in ("Page one", "“quotes”", "USD 5,000,000")] == [1, 2, 3]
    cited = corpus.cite("the cap is USD 5,000,000", "m.pdf")
    assert text[cited.start : cited.end] == "the cap is USD 5,000,000"


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (pdf(PAGES)[:400], "damaged PDF"),
        (b"%PDF-1.7\n" + os.urandom(4000), "damaged PDF"),
        (encrypted_pdf(PAGES, "secret"), "encrypted: it needs a password"),
        (pdf([[], []]), "no text layer: all 2 pages are images or empty (it needs OCR)"),
    ],
)
def test_a_bad_pdf_costs_itself_alone(tmp_path: Path, content: bytes, why: str) -> None:
    folder_of(tmp_path / "in", {"bad.pdf": content, "good.pdf": pdf(PAGES), "z.txt": "text"})

    corpus = opened(tmp_path / "in", tmp_path / "cache")

    assert [path for path, _ in corpus.texts()] == ["good.pdf", "z.txt"]
    (skipped,) = corpus.skipped()
    assert skipped.path == "bad.pdf"
    assert skipped.why.startswith(why)


def test_a_pdf_with_one_empty_page_says_so(tmp_path: Path) -> None:
    corpus = opened(folder_of(tmp_path / "in", {"m.pdf": pdf([["one"], [], ["three"]])}), tmp_path / "cache")

    record = corpus._texts.generation.record(0)
    assert corpus._texts.generation.meta_of(record)["pages_without_text"] == [2]
    assert corpus.cite("three").page == 3


def test_a_page_whose_fonts_name_no_letters_says_so(tmp_path: Path) -> None:
    writer = PdfWriter(clone_from=ZOO / "scripts-chromium.pdf")
    for font in writer.pages[1]["/Resources"]["/Font"].values():  # type: ignore[index]
        del font.get_object()["/ToUnicode"]
    writer.write(tmp_path / "letters.pdf")
    files = {"m.pdf": (tmp_path / "letters.pdf").read_bytes()}
    corpus = opened(folder_of(tmp_path / "in", files), tmp_path / "cache")

    ((path, what),) = [(each.path, each.why) for each in corpus.loaded.partly or ()]
    assert path == "m.pdf"
    assert what == "1 of 2 pages are set in fonts that do not say which letters they show: 2"


def test_notes_and_struck_out_words_of_a_pdf_are_named_as_such(tmp_path: Path) -> None:
    writer = PdfWriter(clone_from=io.BytesIO(pdf([["The fee is USD 9 in all."], ["Second page."]])))
    writer.add_annotation(0, Text(text="Dana: ask for less", rect=(50, 450, 70, 470), title_bar="Dana"))
    quad = ArrayObject([FloatObject(each) for each in (72, 732, 300, 732, 72, 716, 300, 716)])
    strike = {"/Type": "/Annot", "/Subtype": "/StrikeOut"}
    names = {NameObject(key): NameObject(value) for key, value in strike.items()}
    rect = ArrayObject([FloatObject(each) for each in (72, 716, 300, 732)])
    places = {NameObject("/QuadPoints"): quad, NameObject("/Rect"): rect}
    writer.add_annotation(0, DictionaryObject({**names, **places}))
    out = io.BytesIO()
    writer.write(out)
    corpus = opened(folder_of(tmp_path / "in", {"m.pdf": out.getvalue()}), tmp_path / "cache")

    assert _text(corpus, "m.pdf") == (
        "The fee is USD 9 in all.\n[note by Dana] Dana: ask for less\n"
        "[struck out] The fee is USD 9 in all.\nSecond page.\n"
    )
    assert corpus.cite("ask for less").page == 1


def test_pypdf_reads_what_pdfium_cannot(tmp_path: Path) -> None:
    from rlm_cli.corpus.extract import TextOut, extract

    spool = os.open(tmp_path / "spool", os.O_RDWR | os.O_CREAT)
    found = extract("pdf", pdf(PAGES), TextOut(spool), "pypdf")
    os.close(spool)

    assert found.meta["engine"] == "pypdf"
    assert [part.number for part in found.parts] == [1, 2, 3]
    assert "5,000,000" in (tmp_path / "spool").read_text()


def test_a_word_file_keeps_tables_margins_and_accepted_changes(tmp_path: Path) -> None:
    corpus = opened(folder_of(tmp_path / "in", {"a.docx": contract_docx()}), tmp_path / "cache")

    text = _text(corpus, "a.docx")
    assert "# Master Agreement\n" in text
    assert "Supplier | USD 5,000,000\n" in text
    assert "Liability is unlimited\n" in text
    assert text.index("capped") == text.index("[deleted by unknown] capped\n") + len("[deleted by unknown] ")
    assert "[header] Confidential draft\n" in text
    assert "[footer] Page footer line\n" in text


def test_html_is_read_block_by_block(tmp_path: Path) -> None:
    page = """<!doctype html><html><head><title>T</title><script>bad()</script></head><body>
    <h2>Head</h2><p>one <b>two</b>
    three<br>four</p><ul><li>first<li>second</ul><style>p{}</style>
    <table><tr><th>a</th><th>b</th></tr><tr><td>1</td><td>2</td></tr></table><pre>x
      y</pre></body></html>"""
    corpus = opened(folder_of(tmp_path / "in", {"p.html": page}), tmp_path / "cache")

    assert _text(corpus, "p.html") == (
        "## Head\n\none two three\nfour\n\n- first\n- second\n\na | b\n1 | 2\n\nx\n      y\n"
    )


def test_a_cell_of_a_page_is_read_in_its_row_and_what_was_struck_out_is_marked(tmp_path: Path) -> None:
    page = """<p>The cap is <del>USD 1</del><ins>USD 2</ins> &amp; no more &lt;x&gt;.</p><table>
    <tr><td><p>a</p></td><td><div>b</div><p>c</p></td></tr><tr><td>d</td><td> <p>e</p> </td></tr></table>
    <table><tr><td><table><tr><td>in 1</td><td>in 2</td></tr></table></td><td>out</td></tr></table>
    <!-- a > b --><p title="x > y">last</p>"""
    corpus = opened(folder_of(tmp_path / "in", {"p.html": page}), tmp_path / "cache")

    assert [line for line in _text(corpus, "p.html").split("\n") if line] == [
        "The cap is ~~USD 1~~USD 2 & no more <x>.",
        "a | b",
        "c",
        "d | e",
        "in 1 | in 2",
        " | out",
        "last",
    ]


def test_html_is_decoded_as_it_declares(tmp_path: Path) -> None:
    page = '<html><head><meta charset="windows-1251"></head><body><p>Договор</p></body></html>'
    corpus = opened(folder_of(tmp_path / "in", {"p.htm": page.encode("cp1251")}), tmp_path / "cache")

    assert _text(corpus, "p.htm") == "Договор\n"


def test_a_notebook_is_read_cell_by_cell(tmp_path: Path) -> None:
    cells = [
        {"cell_type": "markdown", "source": ["# Title\n", "text"]},
        {"cell_type": "code", "source": "1 + 1", "outputs": [{"data": {"text/plain": "2"}}]},
    ]
    notebook = json.dumps({"cells": cells, "nbformat": 4})
    corpus = opened(folder_of(tmp_path / "in", {"n.ipynb": notebook}), tmp_path / "cache")

    assert _text(corpus, "n.ipynb") == "# Title\ntext\n\n```python\n1 + 1\n```\n[output]\n2\n\n"


def test_a_document_that_takes_too_long_is_given_up(tmp_path: Path) -> None:
    folder_of(tmp_path / "in", {"a.pdf": pdf(PAGES), "z.txt": "text"})

    corpus = opened(tmp_path / "in", tmp_path / "cache", ReadOptions(document_seconds=0.0))

    assert [(skip.path, skip.why) for skip in corpus.skipped()] == [("a.pdf", "took longer than 0 s to read")]


def test_documents_that_came_together_are_each_given_up_for_themselves(tmp_path: Path) -> None:
    pages: dict[str, str | bytes] = {f"{n:02}.html": f"<p>page {n}</p>" for n in range(20)}
    folder_of(tmp_path / "in", {**pages, "z.txt": "text"})

    corpus = opened(tmp_path / "in", tmp_path / "cache", ReadOptions(document_seconds=0.0))

    assert [path for path, _ in corpus.texts()] == ["z.txt"]
    assert [(skip.path, skip.why) for skip in corpus.skipped()] == [
        (name, "took longer than 0 s to read") for name in pages
    ]


def test_a_document_that_needs_too_much_memory_costs_itself_alone(tmp_path: Path) -> None:
    heavy = '{"cells": [' + ",".join(["{}"] * 1_500_000) + "]}"
    folder_of(tmp_path / "in", {"a.ipynb": heavy, "b.pdf": pdf(PAGES), "z.txt": "text"})

    corpus = opened(tmp_path / "in", tmp_path / "cache", ReadOptions(worker_memory_bytes=90 << 20))

    assert [path for path, _ in corpus.texts()] == ["b.pdf", "z.txt"]
    assert "memory" in next(corpus.skipped()).why


def test_a_stopped_reading_leaves_no_worker_and_keeps_what_was_read(tmp_path: Path) -> None:
    files = {f"{n:02}.pdf": pdf([[f"Document {n}"]]) for n in range(12)}
    folder_of(tmp_path / "in", files)
    before = _children()
    stop = threading.Event()

    def watch(progress: object) -> None:
        if _children() - before:
            stop.set()

    with pytest.raises(ReadingStopped) as caught:
        open_corpus([tmp_path / "in"], cache_dir=tmp_path / "cache", progress=watch, is_cancelled=stop.is_set)

    assert caught.value.exit_code == 130
    assert _children() == before
    corpus = opened(tmp_path / "in", tmp_path / "cache")
    assert len(corpus) == 12


def test_a_worker_that_is_killed_costs_one_document_at_most(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {f"{n:02}.html": f"<p>Document {n}</p>" for n in range(40)}
    folder_of(tmp_path / "in", files)
    before = _children()
    killed: list[int] = []

    def kill_one(progress: object) -> None:
        for pid in _children() - before:
            if not killed:
                killed.append(pid)
                os.kill(pid, signal.SIGKILL)

    corpus = open_corpus([tmp_path / "in"], cache_dir=tmp_path / "cache", progress=kill_one)

    assert killed
    skipped = list(corpus.skipped())
    assert len(corpus) + len(skipped) == 40
    assert len(skipped) <= 1
    assert all("crashed" in skip.why for skip in skipped)


def _children() -> set[int]:
    found = set()
    for child in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.Error):
            if "rlm_cli.corpus.worker" in " ".join(child.cmdline()):
                found.add(child.pid)
    return found
