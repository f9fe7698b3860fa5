"""The example contracts: the files are what the facts say, and the gold answer is true of the files."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import zipfile
import zlib
from functools import cache
from pathlib import Path
from typing import Any

import docx
import pypdf
import pytest
from selectolax.lexbor import LexborHTMLParser

EXAMPLES = Path(__file__).parents[2] / "examples"
CORPUS = EXAMPLES / "contracts"
GOLD = EXAMPLES / "contracts_gold.json"
MASTER = "master_services_agreement_2024.pdf"
THE_WORDS = re.compile(r"indemn|harmless", re.IGNORECASE)
ITEMS: list[dict[str, Any]] = json.loads(GOLD.read_text(encoding="utf-8"))["items"]


@pytest.fixture(scope="module")
def regenerated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    into = tmp_path_factory.mktemp("examples")
    command = [sys.executable, "-m", "examples.generate", "--into", str(into)]
    subprocess.run(command, cwd=EXAMPLES.parent, check=True, timeout=60)
    return into


def test_the_corpus_is_thirteen_files_in_five_formats_without_the_gold() -> None:
    files = [path for path in CORPUS.rglob("*") if path.is_file()]

    assert len(files) == 13
    assert {path.suffix for path in files} == {".pdf", ".docx", ".md", ".txt", ".html"}
    assert all("gold" not in path.name for path in files)


def test_the_master_agreement_has_500_pages_and_stays_small() -> None:
    assert len(_pdf(MASTER).pages) == 500
    assert (CORPUS / MASTER).stat().st_size < 1_500_000


def test_regenerating_gives_the_same_bytes_of_text_and_gold(regenerated: Path) -> None:
    names = [path.name for path in CORPUS.iterdir() if path.suffix in {".md", ".txt", ".html"}]

    for name in names:
        assert (regenerated / "contracts" / name).read_bytes() == (CORPUS / name).read_bytes(), name
    assert (regenerated / GOLD.name).read_bytes() == GOLD.read_bytes()


def test_regenerating_gives_the_same_pdf_content_with_a_fixed_date(regenerated: Path) -> None:
    """Streams are compared inflated: another zlib may pack the same text into other bytes."""
    for path in CORPUS.glob("*.pdf"):
        again = (regenerated / "contracts" / path.name).read_bytes()
        assert _inflated(again) == _inflated(path.read_bytes()), path.name
        assert b"/CreationDate (D:20000101" in again


def test_regenerating_gives_the_same_docx_parts_with_fixed_dates(regenerated: Path) -> None:
    for path in CORPUS.glob("*.docx"):
        with zipfile.ZipFile(path) as kept, zipfile.ZipFile(regenerated / "contracts" / path.name) as again:
            assert {entry.date_time for entry in again.infolist()} == {(2000, 1, 1, 0, 0, 0)}
            for name in ("word/document.xml", "docProps/core.xml"):
                assert again.read(name) == kept.read(name), f"{path.name}: {name}"


@pytest.mark.parametrize("item", ITEMS, ids=[item["id"] for item in ITEMS])
def test_every_gold_quote_stands_where_the_gold_says(item: dict[str, Any]) -> None:
    assert len(item["places"]) >= 2
    for place in item["places"]:
        assert (place["page"] is not None) == place["file"].endswith(".pdf")
        assert _folded(place["quote"]) in _text(place["file"], place["page"]), place


def test_there_are_enough_conflicts_of_each_kind_and_enough_decoys() -> None:
    kinds = [item["kind"] for item in ITEMS if item["verdict"] == "conflict"]
    decoys = {item["kind"] for item in ITEMS if item["verdict"] == "decoy"}

    assert set(kinds) == {"opposite direction", "capped against uncapped", "defined term differs"}
    assert all(kinds.count(kind) >= 2 for kind in kinds)
    assert sum(item["verdict"] == "decoy" for item in ITEMS) >= 6
    assert {"superseded by a later amendment", "expired", "other party", "same in other words"} <= decoys


@pytest.mark.parametrize("verdict", ["conflict", "decoy"])
def test_half_of_the_planted_items_use_neither_word(verdict: str) -> None:
    items = [item for item in ITEMS if item["verdict"] == verdict]
    with_words = [i for i in items if any(THE_WORDS.search(place["quote"]) for place in i["places"])]

    assert len(with_words) * 2 == len(items)
    assert [item for item in items if item["uses_the_words"]] == with_words


@cache
def _pdf(name: str) -> pypdf.PdfReader:
    return pypdf.PdfReader(CORPUS / name)


@cache
def _text(name: str, page: int | None) -> str:
    path = CORPUS / name
    match path.suffix:
        case ".pdf":
            assert page is not None
            return _folded(_pdf(name).pages[page - 1].extract_text())
        case ".docx":
            return _folded("\n".join(paragraph.text for paragraph in docx.Document(str(path)).paragraphs))
        case ".html":
            return _folded(LexborHTMLParser(path.read_bytes()).text())
        case _:
            return _folded(path.read_text(encoding="utf-8"))


def _folded(text: str) -> str:
    return " ".join(text.split())


def _inflated(pdf: bytes) -> list[bytes]:
    streams = re.findall(rb"stream\r?\n(.*?)\r?\nendstream", pdf, re.DOTALL)
    return [zlib.decompressobj().decompress(stream) for stream in streams]
