"""`rlm corpus grep` and `rlm corpus search`: what a cell would find, on the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.journeys.program import Program
from tests.unit.corpus.making import folder_of, pdf


@pytest.fixture
def papers(tmp_path: Path) -> Path:
    return folder_of(
        tmp_path / "papers",
        {
            "msa.pdf": pdf([["First page."], ["Clause 9.", "Liability of the Supplier is uncapped."]]),
            "notes.txt": "Nothing here.\nuncapped, she said\nUncapped again\n",
        },
    )


def test_a_pattern_is_found_with_page_and_line(program: Program, papers: Path) -> None:
    ended = program.rlm("corpus", "grep", "uncapped", papers)

    assert ended.code == 0
    assert ended.out.splitlines() == [
        "msa.pdf p. 2 l. 3: Liability of the Supplier is uncapped.",
        "notes.txt l. 2: uncapped, she said",
        "notes.txt l. 3: Uncapped again",
    ]
    assert "3 matches in 2 documents" in ended.err


def test_what_was_cut_off_is_said(program: Program, papers: Path) -> None:
    found = json.loads(program.rlm("corpus", "grep", "uncapped", papers, "--max-hits", "1", "--json").out)

    assert [hit["path"] for hit in found["hits"]] == ["msa.pdf"]
    assert found["truncated"].startswith("stopped at max_hits=1, 2 of 2 documents")


def test_matches_are_counted_and_case_is_told(program: Program, papers: Path) -> None:
    ended = program.rlm("corpus", "grep", "uncapped", papers, "--count", "--case")

    assert [line.split() for line in ended.out.splitlines()] == [["1", "msa.pdf"], ["1", "notes.txt"]]


def test_passages_are_ranked(program: Program, papers: Path) -> None:
    found = json.loads(program.rlm("corpus", "search", "supplier liability", papers, "-k", "1", "--json").out)

    (hit,) = found["hits"]
    assert (hit["path"], hit["page"]) == ("msa.pdf", 2)
    assert "uncapped" in hit["text"]


def test_a_wrong_pattern_or_number_is_a_usage_error(program: Program, papers: Path) -> None:
    wrong = program.rlm("corpus", "grep", "(x", papers)
    assert (wrong.code, wrong.out) == (2, "")
    assert "--literal" in wrong.err
    assert program.rlm("corpus", "grep", "x", papers, "--max-hits", "many").code == 2
    assert program.rlm("corpus", "search", "x", papers, "-k", "0").code == 2


def test_an_index_is_made_once_and_then_only_what_is_new(program: Program, papers: Path) -> None:
    pytest.importorskip("tantivy")
    (papers / "long.txt").write_text("a party shall give notice of any claim\n" * 40_000)
    first = program.rlm("corpus", "index", papers)
    again = program.rlm("corpus", "index", papers)
    (papers / "new.txt").write_text("The zymurgist is not liable.\n")
    grown = program.rlm("corpus", "index", papers)
    found = json.loads(program.rlm("corpus", "search", "zymurgist liable", papers, "-k", "1", "--json").out)

    assert (first.code, first.out[:7]) == (0, "index: ")
    assert "1.6 MB added" in first.out
    assert again.out.rstrip().endswith("it was up to date")
    assert "0.0 MB added" in grown.out
    assert [hit["path"] for hit in found["hits"]] == ["new.txt"]
    (kept,) = json.loads(program.rlm("corpus", "cache", "size", "--json").out)
    assert 0 < kept["index_bytes"] < kept["bytes"]
