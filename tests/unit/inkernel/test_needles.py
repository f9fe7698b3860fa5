"""The needles again, from a cell: found by grep, search and chunks, at the place that a citation names."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest

from rlm_cli.inkernel.documents import Corpus
from rlm_cli.inkernel.extents import Extents
from tests.unit.corpus.making import folder_of, opened
from tests.unit.corpus.test_needles import NEEDLE, PLACES
from tests.unit.inkernel.test_grep import mounted

# The long line is looked for once, by the tests of citations: it takes a second to read.
HERE = [where for where in PLACES if where != "one line of 60 MB"]
HAY = "".join(f"Line {n} of a record in which nothing of note is said by anyone.\n" for n in range(20_000))


@pytest.mark.parametrize("where", HERE)
def test_a_cell_finds_the_needle_where_a_citation_does(tmp_path: Path, where: str) -> None:
    name, content, path, page, place = PLACES[where]()
    folder = folder_of(tmp_path / "in", {name: content, "hay.txt": HAY})
    corpus = mounted(folder, tmp_path / "cache")
    cited = opened(folder, tmp_path / "cache").cite(NEEDLE)

    (hit,) = corpus.grep("Heron waits at dusk")
    assert (hit.path, hit.page, hit.place) == (path, page, place)
    assert (hit.start, hit.line) == (cited.start + len("the "), cited.line_start)
    assert hit.document[hit.start : hit.end] == NEEDLE[4:]

    best = corpus.search("herons waiting at dusk", k=1)[0]
    assert (best.path, best.start <= cited.start < best.end) == (path, True)
    assert [chunk.path for chunk in corpus.chunks(5000, overlap=100) if NEEDLE in chunk]
    assert corpus.counts("heron") == {path: 1}


def test_very_long_documents_are_scanned_in_overlapping_parts_of_whole_characters(tmp_path: Path) -> None:
    text = "é日" * 3000 + "\n" + "x" * 500 + "\n" + "日é" * 9000
    corpus: Corpus = mounted(folder_of(tmp_path / "in", {"long.txt": text}), tmp_path / "cache")
    store = corpus.library.store
    extents = Extents(store, range(1))
    (piece,) = extents.pieces()

    parts = list(extents.cut(store, piece, overlap_bytes=50, long_bytes=4000))

    segment = store.segment_numbered(piece.segment)
    assert (parts[0].start, parts[-1].end) == (piece.start, piece.end)
    assert len(parts) > 10
    for one, two in pairwise(parts):
        assert 50 <= one.end - two.start < 60
    for part in parts:
        assert segment[part.start : part.end].decode()
        assert part.end - part.start <= 4000


def test_documents_that_changed_since_are_found_among_the_others(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {f"{n:03}.txt": f"{n}\n" + HAY[:40_000] for n in range(40)}
    folder = folder_of(tmp_path / "in", files)
    mounted(folder, tmp_path / "cache")
    folder_of(folder, {"007.txt": "seven\n" + HAY[:30_000] + NEEDLE, "039.txt": NEEDLE + "\n" + HAY[:50_000]})

    again = mounted(folder, tmp_path / "cache")

    assert [(hit.path, hit.line) for hit in again.grep(NEEDLE)] == [
        ("007.txt", again["007.txt"].text.count("\n") + 1),
        ("039.txt", 1),
    ]
    assert again.coverage()["searched_by_code"] == 40
