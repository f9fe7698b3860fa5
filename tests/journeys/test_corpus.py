"""`rlm corpus`: what a scan says, a document as it is read, and the cache, as a user has them."""

from __future__ import annotations

import json
import os
from pathlib import Path

from tests.journeys.program import Program
from tests.unit.corpus.making import folder_of, pdf

ZOO = Path(__file__).parents[1] / "zoo"


def test_a_scan_of_a_messy_folder_counts_everything(program: Program, tmp_path: Path) -> None:
    folder = folder_of(
        tmp_path / "in",
        {
            "a.txt": "one",
            "latin.txt": "Grüße aus Köln, schöne Tage\n".encode("latin-1"),
            "broken.txt": "naïve café ".encode() * 20 + b"\n\xff\n",
            "half.pdf": pdf([["one"], []]),
            "bad.pdf": b"%PDF-1.4 nothing",
            ".hidden": "x",
            "empty.md": "",
            "x.png": b"\x89PNG\r\n\x1a\n\0\0",
            "bundle.zip": (ZOO / "bundle-infozip.zip").read_bytes(),
        },
    )

    ended = program.rlm("corpus", "scan", folder, "--json")

    found = json.loads(ended.out)
    assert ended.code == 0
    assert found["corpus"]["documents"] == 4 + 6
    assert found["corpus"]["skipped_count"] == 5
    assert sum(found["reasons"].values()) == 5
    assert {each["path"]: each["why"] for each in found["corpus"]["partly"]} == {
        "broken.txt": "1 character could not be decoded, shown as \ufffd: line 2",
        "half.pdf": "1 of 2 pages have no text layer: 2",
    }
    shown = program.rlm("corpus", "scan", folder).out
    assert "read in part:" in shown
    assert "bundle.zip!/empty.txt  empty" in shown


def test_every_reason_of_a_messy_folder_is_counted_exactly(program: Program, tmp_path: Path) -> None:
    folder = folder_of(
        tmp_path / "in",
        {
            ".gitignore": "*.tmp\n",
            "skip.tmp": "x",
            "skip2.tmp": "x",
            "keep/a.txt": "one",
            "keep/utf16.txt": "two".encode("utf-16"),
            "keep/nuls.log": b"three\n" + bytes(500) + b"four\n",
            "keep/deep.eml": (ZOO / "costs-mpack.eml").read_bytes(),
            "scan.pdf": (ZOO / "scan-ghostscript.pdf").read_bytes(),
            "locked.zip": (ZOO / "locked-infozip.zip").read_bytes(),
            "x.png": b"\x89PNG\r\n\x1a\n\0\0",
            "y.png": b"\x89PNG\r\n\x1a\n\0\0",
            "old.doc": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1\0",
            "empty.txt": "",
            "big.log": "0123456789\n" * 200_000,
            "liar.pdf": "no pdf",
        },
    )
    os.mkfifo(folder / "pipe")
    (folder / "link.txt").symlink_to(folder / "keep" / "a.txt")
    (folder / "loop").symlink_to(folder)
    words = ("corpus", "scan", folder, "--max-file-size", "1MB", "--json", "--all")

    found = json.loads(program.rlm(*words).out)

    assert found["corpus"]["documents"] == 5
    assert found["corpus"]["kinds"] == {"text": 2, "log": 1, "mail": 1, "workbook": 1}
    assert found["reasons"] == {
        "ignored by .gitignore (--no-ignore reads it)": 2,
        "symbolic link (--follow-symlinks reads it)": 2,
        "binary: PNG image": 2,
        "hidden (--hidden reads it)": 1,
        "no text layer: all 2 pages are images or empty (it needs OCR)": 1,
        "encrypted: it needs a password": 1,
        "binary: old Office file (.doc, .ppt, .msg): save it in the format of today": 1,
        "empty": 1,
        "larger than 1 MB (--max-file-size)": 1,
        "not a PDF: it does not begin like one": 1,
        "a named pipe, not a file": 1,
    }
    assert found["corpus"]["skipped_count"] == sum(found["reasons"].values()) == len(found["skipped"])


def test_one_page_of_one_document_is_shown_as_it_is_read(program: Program) -> None:
    page = program.rlm("corpus", "show", f"{ZOO / 'lease-writer.pdf'}:2")
    inside = program.rlm("corpus", "show", f"{ZOO / 'bundle-infozip.zip'}!/inner.tar.gz!/deep/note.txt")
    slide = program.rlm("corpus", "show", f"{ZOO / 'deck.pptx'}:2")
    line = program.rlm("corpus", "show", f"{ZOO / 'lease.rtf'}:3")

    assert page.out == "On the second page the landlord waives the pet clause.\n"
    assert page.err == "lease-writer.pdf: pdf, 320 characters, 2 pages; page 2\n"
    assert inside.out == "the last word of the archive is zebra\n"
    assert slide.out.startswith("# Slide 2: Risks\n") and "[notes]" in slide.out
    assert line.out == "Payment terms\n"


def test_what_cannot_be_shown_says_why(program: Program) -> None:
    for given, why in (
        ("lease-writer.pdf:9", "has no page 9: the last is 2"),
        ("none.pdf", "does not exist: no such file"),
        ("bundle-infozip.zip", "has no text itself: inside are bundle-infozip.zip!/deep/note.txt"),
        ("bundle-infozip.zip!/empty.txt", "cannot be read: empty"),
    ):
        ended = program.rlm("corpus", "show", str(ZOO / given))
        assert ended.code == 4
        assert why in ended.err


def test_the_cache_is_told_and_cleared(program: Program, tmp_path: Path) -> None:
    folder = folder_of(tmp_path / "in", {"a.txt": "one"})
    program.rlm("corpus", "scan", folder)

    place = Path(program.rlm("corpus", "cache", "path").out.strip())
    (told,) = json.loads(program.rlm("corpus", "cache", "size", "--json").out)
    cleared = program.rlm("corpus", "cache", "clear")

    assert (told["inputs"], told["documents"], told["in_use"]) == ([str(folder)], 1, False)
    assert told["bytes"] > 0 and Path(told["folder"]).parent == place
    assert cleared.err.startswith("removed 1 corpus, ")
    assert list(place.iterdir()) == []
    assert program.rlm("corpus", "cache", "size").out == "0.0 kB in 0 corpora\n"
