"""Ranked search: the passage that says it comes first, in any language, with its true place."""

from __future__ import annotations

import random
from itertools import pairwise

import pytest

from rlm_cli.inkernel.documents import Corpus
from rlm_cli.inkernel.terms import forms, stem, terms_of
from tests.unit.corpus.making import folder_of
from tests.unit.inkernel.test_grep import mounted

WORDS = "notice party agreement shall provide services under this schedule payment term house claim".split()  # noqa: SIM905
SAID = {
    "a/english.txt": "The Supplier indemnifies the Customer against losses from defective wiring.",
    "b/german.txt": "Der Überschuß wird an die Gesellschafter ausgeschüttet.",
    "c/chinese.txt": "甲方应当在三十日内支付违约金。",
    "d/russian.txt": "Стороны договорились о неустойке за просрочку.",
}
ASKED = {
    "indemnification of customers for wiring": "a/english.txt",
    "ÜBERSCHUSS überschuß Gesellschafter": "b/german.txt",
    "支付违约金": "c/chinese.txt",
    "неустойке СТОРОНЫ": "d/russian.txt",
}


def filling(rng: random.Random, size: int) -> str:
    lines = (" ".join(rng.choices(WORDS, k=14)) for _ in range(size // 90))
    return "\n".join(lines) + "\n"


@pytest.fixture(scope="module", params=[2_000, 40_000], ids=["small", "swept"])
def corpus(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    """Forty files, of which four say something; small, or large enough to be swept by the engine."""
    root, rng = tmp_path_factory.mktemp("search"), random.Random(3)
    files: dict[str, str | bytes] = {f"f/{n:02}.txt": filling(rng, request.param) for n in range(40)}
    for path, words in SAID.items():
        files[path] = filling(rng, request.param // 2) + words + "\n" + filling(rng, request.param // 2)
    return mounted(folder_of(root / "docs", files), root / "cache")


@pytest.mark.parametrize("query", ASKED)
def test_the_passage_that_says_it_comes_first(corpus: Corpus, query: str) -> None:
    hit = corpus.search(query, k=3)[0]

    assert hit.path == ASKED[query]
    assert SAID[hit.path] in hit.text
    assert hit.document[hit.start : hit.end] == hit.text
    assert hit.line == hit.document.line_at(hit.start)
    assert hit.score


def test_hits_are_different_passages_best_first(corpus: Corpus) -> None:
    hits = corpus.search("payment claim house", k=10)

    assert len(hits) == 10
    assert [hit.score for hit in hits] == sorted((hit.score or 0 for hit in hits), reverse=True)
    spans = sorted((hit.document.index, hit.start, hit.end) for hit in hits)
    assert all(a[0] != b[0] or a[2] <= b[1] for a, b in pairwise(spans))


def test_a_subset_gives_only_its_own_passages(corpus: Corpus) -> None:
    some = corpus.filter("f/0*")

    assert {hit.path[:3] for hit in some.search("notice of payment", k=20)} == {"f/0"}
    assert some.search("indemnification") == []


def test_all_documents_count_as_searched(corpus: Corpus) -> None:
    corpus.search("nothing-of-this-kind whatsoever")

    assert corpus.coverage()["searched_by_code"] == len(corpus)


def test_a_query_needs_words(corpus: Corpus) -> None:
    with pytest.raises(ValueError, match="say some words"):
        corpus.search(" ,;")


@pytest.mark.parametrize(
    "word", ["indemnify", "parties", "losses", "running", "city", "agreement", "us", "Ärger"]
)
def test_a_word_is_a_form_of_its_stem(word: str) -> None:
    assert word.lower() in forms(stem(word.lower()))


def test_little_words_are_left_out_unless_there_are_no_others() -> None:
    assert terms_of("what is the cap of liability") == ["cap", "liabiliti"]
    assert terms_of("to be or not to be")
    assert terms_of("支付违约") == ["支付", "付违", "违约"]
