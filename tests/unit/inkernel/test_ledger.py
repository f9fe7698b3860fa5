"""The ledger: which stretches a model has read, which only code has, and which nobody."""

from __future__ import annotations

from pathlib import Path

import pytest

from rlm_cli.inkernel.documents import Corpus
from rlm_cli.inkernel.spans import Spans
from tests.unit.corpus.making import folder_of
from tests.unit.inkernel.test_grep import mounted


def paragraph(n: int) -> str:
    return f"Paragraph {n} says that the {n}th duty is owed by party {n % 7}.\n"


@pytest.fixture
def corpus(tmp_path: Path) -> Corpus:
    files: dict[str, str | bytes] = {
        "a.txt": "".join(paragraph(n) for n in range(200)),
        "b.txt": "".join(paragraph(n) for n in range(1000, 1010)),
        "c.txt": "nobody ever asks for this\n",
    }
    return mounted(folder_of(tmp_path / "docs", files), tmp_path / "cache")


def test_a_slice_that_went_to_a_model_is_read_and_the_rest_is_not(corpus: Corpus) -> None:
    document = corpus["a.txt"]
    middle = document[3000:6000]

    corpus.ledger.shown(f"Which duties are named?\n<context>\n{middle}\n</context>")

    seen = corpus.coverage()
    spans = seen.spans("a.txt")
    assert [who for _, _, who in spans] == ["code", "model", "code"]
    assert spans[0][0] == 0
    assert spans[-1][1] == len(document)
    _, (start, end, _), _ = spans
    assert 3000 <= start < 3080
    assert 5900 < end <= 6000
    assert seen["characters_read_by_model"] == end - start
    assert seen["characters"] == sum(len(each) for each in corpus)


def test_what_nobody_has_seen_is_a_corpus(corpus: Corpus) -> None:
    corpus.ledger.shown(corpus["b.txt"].text)
    corpus.filter("a.txt").grep("duty")

    seen = corpus.coverage()
    assert (seen.read.paths(), seen.only_code.paths(), seen.unseen.paths()) == (
        ["b.txt"],
        ["a.txt"],
        ["c.txt"],
    )
    assert seen.spans("c.txt") == [(0, len(corpus["c.txt"]), "nobody")]
    assert seen.spans("b.txt")[0][2] == "model"
    assert seen["read_by_model"] == 1


def test_hits_that_are_printed_count_where_they_stand(corpus: Corpus) -> None:
    hit = corpus.grep(r"the 150th duty")[0]

    corpus.ledger.shown(repr(hit))

    ((start, end),) = corpus.ledger.read_spans(hit.document.index)
    assert start <= hit.start
    assert hit.end <= end
    assert end - start < 100


def test_coverage_of_a_subset_counts_the_subset(corpus: Corpus) -> None:
    corpus.ledger.shown(corpus["a.txt"].text)

    assert corpus.filter("b.txt").coverage()["read_by_model"] == 0
    assert corpus.filter("a.txt").coverage() == {
        "documents": 1,
        "searched_by_code": 1,
        "read_by_model": 1,
        "characters": len(corpus["a.txt"]),
        "characters_read_by_model": corpus.coverage()["characters_read_by_model"],
    }


def test_another_kernel_goes_on_with_what_is_known(corpus: Corpus, tmp_path: Path) -> None:
    corpus.ledger.shown(corpus["a.txt"][:1000])
    fresh = mounted(tmp_path / "docs", tmp_path / "cache")

    fresh.ledger.take_up(corpus.ledger.state())

    assert fresh.coverage() == corpus.coverage()
    assert fresh.ledger.read_spans(0) == corpus.ledger.read_spans(0)


def test_spans_join_where_they_touch_and_stay_few() -> None:
    spans = Spans(near=5)
    for start, end in [(50, 60), (10, 20), (22, 30), (0, 3), (58, 64)]:
        spans.add(start, end)

    assert list(spans) == [(0, 3), (10, 30), (50, 64)]
    assert spans.characters == 37
    for start in range(0, 100_000, 20):
        spans.add(start, start + 1)
    assert len(list(spans)) <= 2000
