"""Plain text in any sane encoding: what is stored, how it is counted, what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from rlm_cli.corpus.opened import HostCorpus
from tests.unit.corpus.making import folder_of, opened

GERMAN = "Der Vertrag über Größe und Maß gilt für spätere Änderungen.\nZweite Zeile.\n"
RUSSIAN = "Договор поставки и ответственность сторон за убытки.\nВторая строка договора.\n" * 5
JAPANESE = "契約書の補償条項について。\n売主は買主を補償する。\n" * 5


def _only(root: Path, cache: Path, content: bytes, name: str = "a.txt") -> tuple[HostCorpus, str]:
    corpus = opened(folder_of(root, {name: content}), cache)
    return corpus, corpus.texts()[0][1]


@pytest.mark.parametrize(
    ("encoding", "text"),
    [
        ("utf-8", GERMAN + JAPANESE + "🙂"),
        ("utf-8-sig", GERMAN),
        ("utf-16", GERMAN + JAPANESE),
        ("utf-16-le", GERMAN),
        ("utf-16-be", GERMAN),
        ("utf-32", GERMAN),
        ("latin-1", GERMAN),
        ("cp1252", "L’été à la plage: “oui” – 5 €\n"),
        ("cp1251", RUSSIAN),
        ("shift_jis", JAPANESE),
    ],
)
def test_the_text_is_the_same_in_every_encoding(tmp_path: Path, encoding: str, text: str) -> None:
    _, stored = _only(tmp_path / "in", tmp_path / "cache", text.encode(encoding))

    assert stored == text


def test_line_ends_are_read_as_open_reads_them(tmp_path: Path) -> None:
    raw = b"one\r\ntwo\rthree\n\r\nfour\r"
    _, stored = _only(tmp_path / "in", tmp_path / "cache", raw)

    assert stored == (tmp_path / "in" / "a.txt").read_text() == "one\ntwo\nthree\n\nfour\n"


def test_line_ends_at_the_border_of_a_piece_are_one(tmp_path: Path) -> None:
    raw = b"x" * ((1 << 18) - 1) + b"\r\n" + "é".encode() * (1 << 17) + b"\r"
    _, stored = _only(tmp_path / "in", tmp_path / "cache", raw)

    assert stored == "x" * ((1 << 18) - 1) + "\n" + "é" * (1 << 17) + "\n"


def test_a_character_at_the_border_of_a_piece_stays_whole(tmp_path: Path) -> None:
    for shift in range(4):
        text = "x" * ((1 << 18) - shift) + "🙂日é" * 10
        _, stored = _only(tmp_path / str(shift), tmp_path / "cache", text.encode())
        assert stored == text


def test_damaged_places_of_utf8_are_visible_and_counted(tmp_path: Path) -> None:
    raw = "naïve café, deux étés, ".encode() * 20 + b"\xff\xfe broken \xc3 end"
    corpus, stored = _only(tmp_path / "in", tmp_path / "cache", raw)

    assert stored.count("\ufffd") == 3
    assert stored.startswith("naïve café")
    record = corpus._texts.generation.record(0)
    assert corpus._texts.generation.meta_of(record) == {"replaced": 3, "replaced_lines": [1]}


def test_a_damaged_place_far_inside_a_long_file_is_found(tmp_path: Path) -> None:
    raw = "naïve ".encode() * 100_000 + b"\xff" + "fin é".encode()
    _, stored = _only(tmp_path / "in", tmp_path / "cache", raw)

    assert stored == "naïve " * 100_000 + "\ufffdfin é"


def test_one_huge_line_is_one_line(tmp_path: Path) -> None:
    corpus, stored = _only(tmp_path / "in", tmp_path / "cache", b"word " * 1_000_000)

    assert len(stored) == 5_000_000
    assert corpus.cite("word word", 0, start=4_000_000).line_start == 1


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("a.png", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "binary: PNG image"),
        ("a.bin", bytes(range(256)) * 4, "binary: it holds NUL bytes"),
        ("a.xlsx", b"PK\3\4\0\0", "damaged workbook: Cannot detect file format"),
        ("a.zip", b"PK\3\4\0\0", "damaged ZIP archive: File is not a zip file"),
        (
            "a.doc",
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1\0",
            "binary: old Office file (.doc, .ppt, .msg): save it in the format of today",
        ),
        ("a.txt", b"", "empty"),
        ("b.txt", b"\xef\xbb\xbf", "empty"),
        ("a.pdf", b"just text", "not a PDF: it does not begin like one"),
        ("a.docx", b"just text", "not a .docx file: it does not begin like one"),
    ],
)
def test_what_is_no_text_is_skipped_with_its_reason(
    tmp_path: Path, name: str, content: bytes, why: str
) -> None:
    folder_of(tmp_path / "in", {name: content, "z.txt": "something"})

    corpus = opened(tmp_path / "in", tmp_path / "cache")

    assert [(skip.path, skip.why) for skip in corpus.skipped()] == [(name, why)]


@pytest.mark.parametrize(
    ("name", "kind"),
    [("a.md", "markdown"), ("a.csv", "csv"), ("a.py", "code"), ("a.jsonl", "jsonl"), ("README", "text")],
)
def test_the_suffix_decides_the_kind_of_a_text(tmp_path: Path, name: str, kind: str) -> None:
    corpus = opened(folder_of(tmp_path / "in", {name: "a,b\n1,2\n"}), tmp_path / "cache")

    assert corpus.loaded.kinds == {kind: 1}


def test_text_that_begins_like_a_program_stays_text(tmp_path: Path) -> None:
    _, stored = _only(tmp_path / "in", tmp_path / "cache", b"MZ is the mark of Mark Zbikowski\n")

    assert stored.startswith("MZ is")
