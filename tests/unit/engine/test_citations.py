"""Marks become numbers, quotations are looked up, and a mark vouches only for its own words."""

from __future__ import annotations

import pytest

from rlm_cli.engine.citations import Citations
from rlm_cli.engine.quotations import quotations
from rlm_cli.ports import CiteCall
from tests.fakes.corpus import FakeCorpus

CORPUS = FakeCorpus(
    {"a.txt": "The cap is ten dollars a year, and no more.", "b.txt": "The seller bears all loss alone."}
)


async def test_marks_are_numbered_in_the_order_of_the_answer() -> None:
    citations = Citations()
    first = (await citations.cite(CORPUS, CiteCall(quote="ten dollars"))).text
    second = (await citations.cite(CORPUS, CiteCall(quote="all loss"))).text
    cited = citations.render(f"B {second}, A {first}, B again {second}.", CORPUS)
    assert cited.text == "B [1], A [2], B again [1]."
    assert [(each.id, each.path) for each in cited.citations] == [(1, "b.txt"), (2, "a.txt")]


async def test_a_quote_that_is_not_there_gets_no_mark() -> None:
    reply = await Citations().cite(CORPUS, CiteCall(quote="eleven dollars"))
    assert reply.problem is not None
    assert reply.problem.kind == "quote_not_found"


def test_a_mark_that_stands_for_nothing_is_removed_and_told() -> None:
    cited = Citations().render("Surely [[cite:9]].", CORPUS)
    assert cited.text == "Surely ."
    assert cited.unknown_marks == ["[[cite:9]]"]


async def test_a_true_mark_does_not_vouch_for_a_wrong_quotation_beside_it() -> None:
    citations = Citations()
    mark = (await citations.cite(CORPUS, CiteCall(quote="The cap is ten dollars a year"))).text
    cited = citations.render(f'"The cap is nine dollars a year" {mark}', CORPUS)
    assert cited.unfound_quotes == ["The cap is nine dollars a year"]


async def test_a_marked_quotation_keeps_its_one_number() -> None:
    citations = Citations()
    mark = (await citations.cite(CORPUS, CiteCall(quote="The cap is ten dollars a year"))).text
    cited = citations.render(f'"The cap is ten dollars a year" {mark}', CORPUS)
    assert cited.text == '"The cap is ten dollars a year" [1]'


def test_block_quotes_and_typographic_quotes_are_quotations() -> None:
    content = '> The seller bears all loss alone.\n\nand “The cap is ten dollars a year” and "two words".'
    assert [each.words for each in quotations(content)] == [
        "The seller bears all loss alone",
        "The cap is ten dollars a year",
    ]


async def test_the_same_place_cited_twice_is_one_citation() -> None:
    citations = Citations()
    marks = {(await citations.cite(CORPUS, CiteCall(quote="ten dollars"))).text for _ in range(3)}
    assert len(marks) == 1


async def test_quotation_marks_inside_of_a_marked_quotation_begin_none_of_their_own() -> None:
    source = (
        'rows = [{"prompt": "how high is the cap of it", "reply": "ten dollars in a year"}]' + ", 0" * 100
    )
    corpus, citations = FakeCorpus({"a.py": source}), Citations()
    mark = (await citations.cite(corpus, CiteCall(quote=source))).text
    cited = citations.render(f'- "{source}" {mark}\n- "no such words stand there"', corpus)
    assert cited.text == f'- "{source}" [1]\n- "no such words stand there"'
    assert cited.unfound_quotes == ["no such words stand there"]


async def test_a_mark_does_not_vouch_for_a_longer_quotation_that_ends_with_its_words() -> None:
    citations = Citations()
    mark = (await citations.cite(CORPUS, CiteCall(quote="The cap is ten dollars a year"))).text
    for content in (
        f'"It is not true that The cap is ten dollars a year" {mark}',
        f'"It is not true that The cap is ten dollars a year {mark}"',
    ):
        unfound = citations.render(content, CORPUS).unfound_quotes
        assert unfound == ["It is not true that The cap is ten dollars a year"]


def test_quotations_beyond_those_that_are_looked_up_are_counted() -> None:
    content = "\n".join('"The cap is ten dollars a year"' for _ in range(103))
    cited = Citations().render(content, CORPUS)
    assert cited.not_looked_up == 3
    assert cited.text.count("[1]") == 100


def test_a_quotation_that_the_time_did_not_suffice_for_is_not_called_wrong() -> None:
    corpus = FakeCorpus({"a.txt": "The cap is ten dollars a year, and no more."})
    corpus.is_slow = True
    cited = Citations().render('"The seller bears all loss alone"', corpus)
    assert (cited.unfound_quotes, cited.not_looked_up) == ([], 1)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ('> It shall pay 9,000 dollars under the "Agreement" without a cap.', None),
        ("- > It shall pay under no cap\n  > or any other\n", "It shall pay under no cap\nor any other"),
        ('The "term "Losses" means all of them" is wide.', 'term "Losses" means all of them'),
        ("\u201eDie Haftung ist auf zehn begrenzt\u201c", "Die Haftung ist auf zehn begrenzt"),
        ("\u201cOuter \u201cinner\u201d and more words\u201d", "Outer \u201cinner\u201d and more words"),
        ("\u300c\u8ca0\u50b5\u306e\u4e0a\u9650\u306f\u5e74\u9593\u5341\u30c9\u30eb\u300d", None),
        ('"' + "a long text " * 400 + '"', ("a long text " * 400).strip()),
        ('"never closed, and so\n\n"this alone is a quotation"', "this alone is a quotation"),
    ],
)
def test_quotations_are_found_whole_in_whatever_marks(content: str, words: str | None) -> None:
    found = [each.words for each in quotations(content)]
    assert found == [words or content.strip("> \u300c\u300d").rstrip(".")]


async def test_a_few_words_beside_a_mark_are_compared_with_its_document() -> None:
    citations = Citations()
    mark = (await citations.cite(CORPUS, CiteCall(quote="The cap is ten dollars a year"))).text
    cited = citations.render(f'It is "90 dollars" {mark}, "ten dollars" {mark}, and "fair".', CORPUS)
    assert cited.unfound_quotes == ["90 dollars"]


async def test_what_a_cell_has_written_itself_is_no_source() -> None:
    reply = await Citations().cite(
        CORPUS.of_texts({"a.txt": "It is not capped at all."}), CiteCall(quote="not capped at all")
    )
    assert reply.problem is not None
