"""Parquet: a row a line, with the types of the file in its table; files made by DuckDB 1.5 and by PyArrow."""

from __future__ import annotations

import datetime
import random
from decimal import Decimal
from pathlib import Path

import pytest

from rlm_cli.corpus.opened import HostCorpus
from rlm_cli.inkernel.documents import Corpus, Services, open_corpus
from tests.unit.corpus.making import folder_of, opened

FILES = Path(__file__).parent / "tables"
DUCKDB, PYARROW = "payments-duckdb.parquet", "people-pyarrow.parquet"


@pytest.fixture
def host(tmp_path: Path) -> HostCorpus:
    files: dict[str, str | bytes] = {name: (FILES / name).read_bytes() for name in (DUCKDB, PYARROW)}
    return opened(folder_of(tmp_path / "in", files), tmp_path / "cache")


@pytest.fixture
def corpus(host: HostCorpus) -> Corpus:
    mount = host.mount
    return open_corpus({"store": mount.store, "generation": mount.generation}, Services())[0]


def test_a_row_is_a_line_that_can_be_cited(host: HostCorpus, corpus: Corpus) -> None:
    document = corpus[DUCKDB]
    (hit,) = document.grep("00123")

    assert document.kind == "parquet"
    assert document.lines[0].split("\t")[:4] == ["id", "code", "region", "amount"]
    assert len(document.lines) == 201
    assert hit.line == 124
    assert hit.text.split("\t")[:4] == ["123", "00123", "north", "153.75"]
    cited = host.cite("123\t00123\tnorth", DUCKDB)
    assert (cited.checked, cited.line_start) == (True, 124)


def test_the_table_has_the_types_of_the_file(corpus: Corpus) -> None:
    table = corpus[DUCKDB].table()

    assert table.types == {
        "id": "integer",
        "code": "text",
        "region": "text",
        "amount": "decimal",
        "due": "date",
        "seen": "datetime",
        "paid": "boolean",
        "note": "text",
        "parts": "other",
        "detail": "other",
        "share": table.types["share"],
    }
    row = table[6]
    assert (row["id"], row["code"], row["region"], row["amount"]) == (7, "00007", "süd", None)
    assert (row["due"], row["paid"]) == (datetime.date(2024, 1, 8), False)
    assert row["seen"] == datetime.datetime(2024, 1, 1, 10, 7)
    assert table[1]["amount"] == Decimal("2.50")
    assert (table[0]["note"], table[4]["note"], table[1]["note"]) == (None, "", "note 2 second line")
    assert (row["parts"], row["detail"]) == ([7, 8], {"a": 7, "b": "x"})


def test_nulls_dictionaries_and_bytes_of_another_writer(corpus: Corpus) -> None:
    table = corpus[PYARROW].table()

    assert len(table) == 120
    assert table.column("name")[:4] == ["Ann", "Bob", None, "Zoë"]
    assert table.column("zip")[:4] == ["01234", "98765", "00000", None]
    assert table.column("n")[:4] == [1, 2, None, 4]
    assert table.column("rate")[:4] == [0.5, None, 2.0, 1e-9]
    assert table.column("born")[3] == datetime.date(2024, 2, 29)
    assert table.column("at")[0] == datetime.datetime(2024, 1, 2, 3, 4, 5, tzinfo=datetime.UTC)
    assert table.column("raw")[:2] == ["<2 bytes>", None]


def test_sql_asks_it(corpus: Corpus) -> None:
    found = corpus.sql(
        "SELECT region, count(*) AS n, sum(amount) AS total FROM p WHERE paid GROUP BY 1 ORDER BY 1",
        p=corpus[DUCKDB],
    )

    assert [row["n"] for row in found] == [33, 33, 34]
    assert found[0]["region"] == "north"


def test_a_data_frame_has_the_types_too(corpus: Corpus) -> None:
    pytest.importorskip("pandas")

    frame = corpus[PYARROW].table().frame()

    kinds = {name: str(kind) for name, kind in frame.dtypes.items()}
    assert (kinds["zip"], kinds["n"], kinds["rate"]) == ("string", "Int64", "Float64")
    assert kinds["born"].startswith("datetime64")
    assert kinds["at"].startswith("datetime64") and "UTC" in kinds["at"]
    assert frame["n"].isna().sum() == 30
    assert frame["zip"][0] == "01234"


@pytest.mark.parametrize("harm", ["cut", "scrambled", "empty"])
def test_a_damaged_file_costs_itself_alone(tmp_path: Path, harm: str) -> None:
    raw = bytearray((FILES / DUCKDB).read_bytes())
    if harm == "cut":
        raw = raw[: len(raw) // 2]
    elif harm == "empty":
        raw = raw[:4]
    else:
        rng = random.Random(3)
        for at in range(len(raw) - 4000, len(raw) - 8):
            raw[at] = rng.randrange(256)
    folder_of(tmp_path / "in", {"bad.parquet": bytes(raw), "good.txt": "text"})

    corpus = opened(tmp_path / "in", tmp_path / "cache")

    assert [path for path, _ in corpus.texts()] == ["good.txt"]
    (skipped,) = corpus.skipped()
    assert skipped.why.startswith("damaged Parquet file")
