"""The needle tests: one sentence hidden where readers lose it; found, quoted, cited at the right place."""

from __future__ import annotations

import io
import os
import zipfile
from collections.abc import Callable
from pathlib import Path

import docx
import pytest
from docx.shared import Inches
from xlsxwriter import Workbook

from rlm_cli.corpus.finding import find
from rlm_cli.corpus.opened import HostCorpus
from rlm_cli.corpus.plain import PIECE_BYTES
from tests.unit.corpus.making import age, folder_of, opened, pdf
from tests.unit.corpus.test_containers import mail, zipped

ZOO = Path(__file__).parents[2] / "zoo"
NEEDLE = "the heron waits at dusk"
HAY = "Nothing of note was said on this line of the record. "


def _word_file(where: str) -> bytes:
    document = docx.Document()
    document.add_heading("One", level=1)
    document.add_paragraph(HAY)
    if where == "header":
        document.sections[0].header.paragraphs[0].text = NEEDLE
    if where == "footer":
        document.sections[0].footer.paragraphs[0].text = NEEDLE
    if where == "nested table":
        outer = document.add_table(rows=1, cols=2)
        inner = outer.cell(0, 1).add_table(rows=1, cols=1)
        inner.cell(0, 0).text = NEEDLE
    if where == "comment":
        document.add_comment(document.add_paragraph("x").runs, NEEDLE, author="E")
    if where == "text box":
        run = document.add_paragraph().add_run()
        box = (
            '<w:pict xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main" '
            'xmlns:v="urn:schemas-microsoft-com:vml"><v:shape><v:textbox><w:txbxContent><w:p><w:r>'
            f"<w:t>{NEEDLE}</w:t></w:r></w:p></w:txbxContent></v:textbox></v:shape></w:pict>"
        )
        from lxml import etree

        run._r.append(etree.fromstring(box))
    document.sections[0].page_width = Inches(8)
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


Hidden = tuple[str, bytes, str, int | None, str]
"""A file name, its bytes, the path of the document with the needle, its page and its place."""


def _plain(name: str, content: bytes) -> Hidden:
    return name, content, name, None, ""


def _in_latin_1() -> bytes:
    return ("Größe, Übermaß, café. " * 50 + NEEDLE).encode("latin-1")


def _across_a_border() -> bytes:
    hay = HAY.encode() * (PIECE_BYTES // len(HAY) + 2)
    return hay[: PIECE_BYTES - 9] + b" " + NEEDLE.encode() + b" " + hay


def _forwarded() -> bytes:
    inner = mail("Inner", "see there", offer_pdf=pdf([[HAY], [NEEDLE]]))
    return mail("Outer", "as attached", forwarded=inner).as_bytes()


def _archive_in_mail() -> bytes:
    return mail("Z", "z", a_zip=zipped({"n.txt": NEEDLE})).as_bytes()


def _footnote() -> bytes:
    """The footnote of a real file of LibreOffice, with other words."""
    out = io.BytesIO()
    with zipfile.ZipFile(ZOO / "lease.odt") as package, zipfile.ZipFile(out, "w") as made:
        for name in package.namelist():
            content = package.read(name)
            made.writestr(name, content.replace(b"Fair wear and tear excepted", NEEDLE.encode()))
    return out.getvalue()


def _workbook() -> bytes:
    out = io.BytesIO()
    book = Workbook(out)
    book.add_worksheet("Near").write(0, 0, HAY)
    book.add_worksheet("Far").write("CZ9000", NEEDLE)
    book.close()
    return out.getvalue()


PLACES: dict[str, Callable[[], Hidden]] = {
    "last bytes": lambda: _plain("z.txt", HAY.encode() * 1000 + NEEDLE.encode()),
    "border of a piece": lambda: _plain("b.txt", _across_a_border()),
    "one line of 60 MB": lambda: _plain("l.txt", HAY.encode() * 1_150_000 + f"{NEEDLE} {HAY}".encode()),
    "utf-16": lambda: _plain("u.txt", (HAY * 90 + "\r\n日本語\r\n" + NEEDLE).encode("utf-16")),
    "latin-1": lambda: _plain("i.txt", _in_latin_1()),
    "crlf": lambda: _plain("c.txt", f"{HAY}\r\n{HAY}\r{NEEDLE}\r\n".encode()),
    "after NUL bytes": lambda: _plain("k.log", HAY.encode() + b"\n" + b"\0" * 4096 + NEEDLE.encode() + b"\n"),
    "parted by NUL bytes": lambda: _plain("q.dat", b"\0".join([HAY.encode()] * 9 + [NEEDLE.encode(), b""])),
    "html": lambda: _plain("w.html", f"<table><tr><td><p>a</p></td><td>{NEEDLE}</table>".encode()),
    "page 500": lambda: ("p.pdf", pdf([[HAY]] * 499 + [[HAY, NEEDLE]]), "p.pdf", 500, ""),
    "header": lambda: ("h.docx", _word_file("header"), "h.docx", None, "header"),
    "footer": lambda: ("f.docx", _word_file("footer"), "f.docx", None, "footer"),
    "nested table": lambda: ("t.docx", _word_file("nested table"), "t.docx", None, "table 1"),
    "text box": lambda: ("x.docx", _word_file("text box"), "x.docx", None, 'section "One"'),
    "comment": lambda: ("k.docx", _word_file("comment"), "k.docx", None, "comment 1"),
    "footnote": lambda: ("o.odt", _footnote(), "o.odt", None, "footnote 1"),
    "sheet": lambda: ("s.xlsx", _workbook(), "s.xlsx", None, 'sheet "Far", cell CZ9000'),
    "attachment of an attachment": lambda: ("m.eml", _forwarded(), "m.eml!/Inner.eml!/offer.pdf", 2, ""),
    "archive": lambda: ("a.zip", zipped({"d/n.txt": NEEDLE}), "a.zip!/d/n.txt", None, ""),
    "archive in mail": lambda: ("n.eml", _archive_in_mail(), "n.eml!/a.zip!/n.txt", None, ""),
}


def test_every_needle_is_found_by_grep_and_each_hit_is_cited_where_it_stands(tmp_path: Path) -> None:
    hidden = {f"{number:02}": make() for number, make in enumerate(PLACES.values())}
    files: dict[str, str | bytes] = {f"{folder}/{each[0]}": each[1] for folder, each in hidden.items()}
    corpus = opened(folder_of(tmp_path / "in", files), tmp_path / "cache")

    found = find(corpus.mount, "grep", NEEDLE, {"literal": True, "max_hits": 1000})

    assert [(hit.path, hit.page, hit.place) for hit in found.hits] == [
        (f"{folder}/{path}", page, place) for folder, (_, _, path, page, place) in hidden.items()
    ]
    for hit in found.hits:
        cited = corpus.cite(hit.match, hit.path, hit.start)
        assert (cited.checked, cited.start, cited.end) == (True, hit.start, hit.end)
        assert (cited.page, cited.place, cited.line_start) == (hit.page, hit.place, hit.line)


@pytest.mark.parametrize("where", PLACES)
def test_the_needle_is_cited_where_it_stands(tmp_path: Path, where: str) -> None:
    name, content, path, page, place = PLACES[where]()
    corpus = opened(folder_of(tmp_path / "in", {name: content, "hay.txt": HAY}), tmp_path / "cache")

    cited = corpus.cite(NEEDLE)

    assert cited.checked, cited.why
    assert (cited.path, cited.page, cited.place) == (path, page, place)
    text = dict(corpus.texts())[path]
    assert text[cited.start : cited.end] == NEEDLE
    assert text.count("\n", 0, cited.start) + 1 == cited.line_start


def test_among_a_thousand_tiny_files_the_last_is_found(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {f"{n // 100}/{n:04}.txt": f"note {n}" for n in range(1000)}
    corpus = opened(folder_of(tmp_path / "in", {**files, "9/0999.txt": NEEDLE}), tmp_path / "cache")

    assert (len(corpus), corpus.cite(NEEDLE).path) == (1000, "9/0999.txt")


@pytest.mark.skipif(os.uname().sysname != "Linux", reason="names that are not UTF-8 are Linux's")
def test_a_name_that_is_no_text_can_be_cited(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    path = os.fsencode(folder) + b"/caf\xe9\x1b[2J\n.txt"
    with open(path, "w") as file:
        file.write(NEEDLE)
    age(Path(os.fsdecode(path)))

    corpus: HostCorpus = opened(folder, tmp_path / "cache")

    cited = corpus.cite(NEEDLE)
    assert (cited.path, cited.checked) == ("caf\\xe9␛[2J␊.txt", True)
    assert corpus.cite(NEEDLE, cited.path).checked
