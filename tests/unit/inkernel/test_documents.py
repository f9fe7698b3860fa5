"""Documents, subsets, tables, packs, chunks and places, as cells have them."""

from __future__ import annotations

import datetime
import shutil
from pathlib import Path

import pytest

from rlm_cli.inkernel.chunks import WAYS
from rlm_cli.inkernel.documents import Corpus
from rlm_cli.inkernel.querying import QueryError
from tests.unit.corpus.making import folder_of, pdf
from tests.unit.inkernel.test_grep import mounted

ZOO = Path(__file__).parents[2] / "zoo"
SALES = (
    "region;amount;day;code;paid;note\n"
    "north;10;2024-01-31;007;true;first\n"
    'south;2.5;2024-02-29;010;false;"a; b"\n'
    "north;;2024-03-01;011;true;\n"
)


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    root = tmp_path_factory.mktemp("documents")
    files: dict[str, str | bytes] = {
        "sales.csv": SALES,
        "log.jsonl": '{"who": "ann", "n": 3}\n{"who": "bob", "tags": ["x"]}\nnot json\n',
        "msa.pdf": pdf([["First page, the cap."], ["Second page."], ["Third: the very last words"]]),
        "guide.md": "intro\n# One\nalpha beta\n# Two\ngamma ünïcödé " + "delta " * 400 + "\n",
        **{f"small/{n:03}.txt": f"Memo {n}: the budget is {n} euros.\n" for n in range(50)},
    }
    return mounted(folder_of(root / "docs", files), root / "cache")


def test_columns_have_the_types_of_all_of_their_fields(corpus: Corpus) -> None:
    table = corpus["sales.csv"].table()

    assert table.columns == ["region", "amount", "day", "code", "paid", "note"]
    assert table.column("amount") == [10.0, 2.5, None]
    assert table[1]["day"] == datetime.date(2024, 2, 29)
    assert table.column("code") == ["007", "010", "011"]
    assert table.column("paid") == [True, False, True]
    assert table[1]["note"] == "a; b"


def test_sql_answers_over_one_table_and_over_several(corpus: Corpus) -> None:
    totals = corpus["sales.csv"].sql("SELECT region, sum(amount) AS total FROM t GROUP BY region ORDER BY 1")
    assert list(totals) == [{"region": "north", "total": 10.0}, {"region": "south", "total": 2.5}]

    names = [{"code": "007", "name": "Bond"}]
    joined = corpus.sql(
        "SELECT name, amount FROM s JOIN n USING (code) WHERE day < '2024-02-01'",
        s=corpus["sales.csv"],
        n=names,
    )
    assert list(joined) == [{"name": "Bond", "amount": 10.0}]
    assert totals.sql("SELECT count(*) AS n FROM t") == [{"n": 2}]


def test_a_wrong_query_says_which_columns_there_are_and_reaches_no_file(
    corpus: Corpus, tmp_path: Path
) -> None:
    with pytest.raises(QueryError, match=r"no such column.*t\(region, amount"):
        corpus["sales.csv"].sql("SELECT nonsense FROM t")
    with pytest.raises(QueryError):
        corpus["sales.csv"].sql(f"ATTACH '{tmp_path}/x.db' AS x")
    assert not (tmp_path / "x.db").exists()


def test_dates_in_json_lines_are_dates_where_all_of_a_column_are(tmp_path: Path) -> None:
    lines = [
        '{"who": "ann", "day": "2024-02-29", "at": "2024-02-29T10:00:00Z", "code": "007", "n": 1}',
        '{"who": "bob", "day": null, "at": "2024-03-01T11:30:00+02:00", "code": "20", "ok": true}',
    ]
    table = mounted(folder_of(tmp_path / "in", {"a.jsonl": "\n".join(lines)}), tmp_path / "cache")[0].table()

    assert table.column("day") == [datetime.date(2024, 2, 29), None]
    assert table.column("at")[0] == datetime.datetime(2024, 2, 29, 10, tzinfo=datetime.UTC)
    assert table.types == {
        "who": "text", "day": "date", "at": "datetime", "code": "text", "n": "integer", "ok": "boolean",
    }  # fmt: skip


def test_lines_that_are_no_json_are_told(corpus: Corpus) -> None:
    table = corpus["log.jsonl"].table()

    assert [row["who"] for row in table] == ["ann", "bob"]
    assert table.problems[0][0] == 3


@pytest.fixture(scope="module")
def zoo(tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    """A workbook and slides that other programs have made."""
    root = tmp_path_factory.mktemp("zoo")
    (root / "docs").mkdir()
    for name in ("costs.xlsx", "deck.pptx", "lease.docx", "lease.epub"):
        shutil.copy(ZOO / name, root / "docs")
    return mounted(root / "docs", root / "cache")


def test_a_sheet_is_a_table_and_a_hit_in_it_names_its_cell(zoo: Corpus) -> None:
    book = zoo["costs.xlsx"]

    assert book.sheets == ["costs"]
    assert book.table("costs").column("Amount") == [1200.5, 880.0, 15000.0]
    assert book.table()[2]["Due"] == datetime.date(2025, 1, 31)
    assert book.sql("SELECT Owner, sum(Amount) AS total FROM t GROUP BY Owner")[0]["total"] == 16200.5
    (hit,) = zoo.grep("roof needle")
    assert hit.place == 'sheet "costs", cell A6'
    assert str(hit).startswith('costs.xlsx sheet "costs", cell A6 l.5: Roof')
    with pytest.raises(KeyError, match="'costs'"):
        book.table("prices")


def test_slides_are_pages(zoo: Corpus) -> None:
    slides = zoo["deck.pptx"].pages

    assert [slide.number for slide in slides] == [1, 2]
    assert "Supplier insolvency" in slides[1]
    assert [hit.place for hit in zoo.grep("merger before Friday")] == ["slide 2, notes"]


def test_sections_are_those_of_the_document_and_notes_stand_by_themselves(zoo: Corpus) -> None:
    lease = zoo["lease.docx"]

    assert [section.title for section in lease.sections] == ["Lease agreement", "Payment terms", "footnotes"]
    assert "".join(lease.sections) == lease.text
    assert [section.title for section in zoo["lease.epub"].sections] == ["chapter 1"]


def test_every_document_is_in_one_pack_under_its_path(corpus: Corpus) -> None:
    small = corpus.filter("small/*")
    packs = small.packs(500)

    assert [path for pack in packs for path in pack.paths] == small.paths()
    assert all(len(pack) <= 500 for pack in packs)
    assert "[small/000.txt]\nMemo 0: the budget is 0 euros.\n" in packs[0]
    assert len(corpus.packs(10**6)) == 1


def test_a_long_document_is_cut_over_packs_without_loss(corpus: Corpus) -> None:
    packs = corpus.filter("guide.md").packs(600)

    bodies = [pack.partition("\n")[2] for pack in packs]
    assert "".join(bodies) == corpus["guide.md"].text
    assert all(len(pack) <= 600 for pack in packs)


@pytest.mark.parametrize("by", WAYS)
@pytest.mark.parametrize("size", [100, 1000])
def test_chunks_cover_every_character_and_know_their_place(corpus: Corpus, by: str, size: int) -> None:
    for document in corpus:
        at = 0
        for chunk in document.chunks(size, by):
            assert len(chunk) <= size
            assert document[chunk.start : chunk.end] == chunk
            assert not document[at : chunk.start].strip()
            at = chunk.end
        assert not document[at:].strip()


def test_a_needle_at_a_border_is_whole_in_a_chunk_that_overlaps(corpus: Corpus) -> None:
    document = corpus["guide.md"]
    chunks = document.chunks(200, overlap=60)

    assert all(two.start <= one.end - 60 or two.start <= one.end for one, two in zip(chunks, chunks[1:]))  # noqa: B905, RUF007
    at = chunks[0].end - 10
    needle = document[at : at + 20]
    assert any(needle in chunk for chunk in chunks)


def test_near_finds_two_words_that_stand_together(corpus: Corpus) -> None:
    hits = corpus.near("alpha", "gamma", within=30)
    assert [(hit.path, hit.match) for hit in hits] == [("guide.md", "alpha beta\n# Two\ngamma")]
    assert corpus.near("alpha", "gamma", within=5) == []
    assert [hit.path for hit in corpus.near("memo", r"\b7 euros", within=40)] == ["small/007.txt"]


def test_near_is_symmetric_and_its_line_is_true(corpus: Corpus) -> None:
    (one,), (other,) = corpus.near("beta", "gamma"), corpus.near("gamma", "beta")

    assert (one.start, one.end, one.line) == (other.start, other.end, other.line)
    assert one.line == 3


def test_a_subset_is_a_corpus(corpus: Corpus) -> None:
    some = corpus.filter("small/*").sample(10, seed=4)

    assert len(some) == 10
    assert some.paths() == sorted(some.paths())
    assert some.stats()["documents"] == 10
    assert some[2:4].tree().count("\n") == 2
    assert [each.path for each in corpus.filter(lambda doc: "cap" in doc.text, kind="pdf")] == ["msa.pdf"]


def test_a_corpus_says_what_it_is_in_three_lines(corpus: Corpus) -> None:
    lines = repr(corpus).split("\n")

    assert len(lines) == 3
    assert "54 documents" in lines[0]
    assert "pdf 1" in lines[1]


def test_the_last_words_of_the_last_page_have_their_page(corpus: Corpus) -> None:
    (hit,) = corpus.grep("very last words")

    assert (hit.path, hit.page) == ("msa.pdf", 3)
    assert corpus["msa.pdf"].pages[2].number == 3
    assert hit.match in corpus["msa.pdf"].pages[2]


def test_a_size_may_be_said_in_tokens(corpus: Corpus) -> None:
    document = corpus["guide.md"]

    chunks = document.chunks(tokens=100)

    assert 350 < max(map(len, chunks)) <= 400
    assert "".join(chunks) == document.text
    assert max(map(len, corpus.packs(tokens=150))) <= 600
