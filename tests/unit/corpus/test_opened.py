"""A corpus on the host: its facts, overview, subsets, inputs, and what it says of wrong input."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from rlm_cli.base.errors import CorpusError
from rlm_cli.corpus.opened import open_corpus, scan
from rlm_cli.corpus.options import ReadOptions
from tests.unit.corpus.making import folder_of, opened, pdf


def test_the_facts_are_exact(tmp_path: Path) -> None:
    root = folder_of(
        tmp_path / "in", {"a.txt": "häuser\n", "b/c.md": "# T\n", "d.pdf": pdf([["one"]]), "e.bin": b"\0\1"}
    )

    loaded = opened(root, tmp_path / "cache").loaded

    assert (loaded.documents, loaded.characters, loaded.tokens) == (3, 7 + 4 + 4, 2 + 1 + 1)
    assert loaded.bytes == sum(path.stat().st_size for path in root.rglob("*") if path.is_file()) - 2
    assert loaded.kinds == {"text": 1, "markdown": 1, "pdf": 1}
    assert [(skip.path, skip.why) for skip in loaded.skipped] == [("e.bin", "binary: it holds NUL bytes")]
    assert (loaded.skipped_count, loaded.extracted) == (1, 3)
    assert [(i.variable, i.path, i.documents) for i in loaded.inputs] == [("in_files", str(root), 3)]


def test_a_scan_counts_every_reason(tmp_path: Path) -> None:
    files = {"a.txt": "a", "b.bin": b"\0\1", "c.bin": b"\0\2", ".hidden": "h", "empty": b""}
    report = scan([folder_of(tmp_path / "in", files)], cache_dir=tmp_path / "cache")

    assert report.loaded.documents == 1
    assert report.reasons == {"binary: it holds NUL bytes": 2, "hidden (--hidden reads it)": 1, "empty": 1}
    assert sorted(skip.path for skip in report.skipped) == [".hidden", "b.bin", "c.bin", "empty"]


def test_a_single_file_is_a_corpus(tmp_path: Path) -> None:
    root = folder_of(tmp_path, {".notes.md": "hidden but named", "x.txt": "x"})

    corpus = opened(root / ".notes.md", tmp_path / "cache")

    assert corpus.texts() == [(".notes.md", "hidden but named")]


def test_a_link_that_is_named_is_followed(tmp_path: Path) -> None:
    folder_of(tmp_path / "in", {"a.txt": "a"})
    (tmp_path / "link").symlink_to(tmp_path / "in")

    assert opened(tmp_path / "link", tmp_path / "cache").texts() == [("a.txt", "a")]


def test_stdin_is_a_document(tmp_path: Path) -> None:
    folder_of(tmp_path / "in", {"a.txt": "a"})
    for data in (b"from a pipe", pdf([["from a pipe"]]), b"from a pipe, again"):
        corpus = open_corpus(["-", tmp_path / "in"], cache_dir=tmp_path / "cache", stdin=data)
        assert corpus.texts()[0][1].startswith("from a pipe")
        assert corpus.mount.variables == {"stdin": [0], "in_files": [1]}


def test_several_inputs_have_their_own_variables(tmp_path: Path) -> None:
    folder_of(tmp_path, {"one/a.txt": "a", "one/sub/b.txt": "b", "two/c.txt": "c"})
    inputs = [tmp_path / "one", tmp_path / "two", tmp_path / "one" / "sub"]

    corpus = open_corpus(inputs, cache_dir=tmp_path / "cache")

    assert [path for path, _ in corpus.texts()] == ["one/a.txt", "one/sub/b.txt", "two/c.txt"]
    assert corpus.mount.variables == {"one": [0, 1], "two": [2], "sub": [1]}


def test_the_tree_closes_folders_that_do_not_fit(tmp_path: Path) -> None:
    files = {f"big/{n}.txt": "x" for n in range(30)} | {"small/a.txt": "xy", "top.txt": "xyz"}
    corpus = opened(folder_of(tmp_path / "in", files), tmp_path / "cache")

    assert corpus.tree(6).splitlines() == [
        "big/  (30 documents, 30 characters)",
        "small/  (1 document, 2 characters)",
        "  a.txt  (2 characters)",
        "top.txt  (3 characters)",
    ]
    assert corpus.tree(2).splitlines()[-1] == "… 2 more entries"
    assert len(corpus.tree(100).splitlines()) == 34


def test_a_preview_shows_each_kind_first_and_says_what_is_left(tmp_path: Path) -> None:
    files = {"a.txt": "a" * 50, "b.txt": "b" * 400, "c.md": "c" * 10}
    corpus = opened(folder_of(tmp_path / "in", files), tmp_path / "cache")

    preview = corpus.preview(2, 100)

    first = f"--- b.txt (text, 400 characters)\n{'b' * 100}\n[… 300 more characters]"
    assert preview == f"{first}\n\n--- c.md (markdown, 10 characters)\n{'c' * 10}"


def test_a_subset_sees_its_documents_alone(tmp_path: Path) -> None:
    files = {f"{n}.txt": f"document number {n}" for n in range(5)}
    corpus = opened(folder_of(tmp_path / "in", files), tmp_path / "cache")

    subset = corpus.subset([3, 1, 99])

    assert [path for path, _ in subset.texts()] == ["1.txt", "3.txt"]
    assert (subset.loaded.documents, subset.loaded.characters) == (2, 34)
    assert subset.mount.documents == [1, 3]
    assert subset.cite("document number 3").path == "3.txt"
    assert not subset.cite("document number 2").checked
    assert not subset.cite("document number 2", 2).checked
    assert subset.subset([1, 2]).mount.documents == [1]
    with pytest.raises(CorpusError):
        corpus.subset([77])


def test_texts_of_a_cell_are_a_corpus_too(tmp_path: Path) -> None:
    corpus = opened(folder_of(tmp_path / "in", {"a.txt": "a"}), tmp_path / "cache")

    made = corpus.of_texts({"summary": "dés faits\r\nnouveaux", "": "no name"})

    assert made.texts() == [("summary", "dés faits\nnouveaux"), ("text", "no name")]
    assert made.cite("faits nouveaux").why.startswith("it is of a text that a cell has made")
    assert made.loaded.documents == 2
    assert corpus.of_texts({"summary": "dés faits\r\nnouveaux", "": "no name"}).mount == made.mount


def test_an_empty_folder_says_so(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()

    with pytest.raises(CorpusError) as caught:
        opened(tmp_path / "in", tmp_path / "cache")

    assert caught.value.why == "the folder is empty"


def test_a_folder_of_which_nothing_can_be_read_says_why(tmp_path: Path) -> None:
    folder_of(tmp_path / "in", {"a.bin": b"\0\1", "b.bin": b"\0\2", "c.txt": b""})

    with pytest.raises(CorpusError) as caught:
        opened(tmp_path / "in", tmp_path / "cache")

    assert (
        caught.value.why
        == "a.bin: binary: it holds NUL bytes; b.bin: binary: it holds NUL bytes; c.txt: empty"
    )
    assert "rlm corpus scan" in caught.value.remedy


def test_a_file_larger_than_allowed_is_skipped_unread(tmp_path: Path) -> None:
    root = folder_of(tmp_path / "in", {"a.txt": "a"})
    with (root / "sparse.txt").open("wb") as sparse:
        os.truncate(sparse.fileno(), 1 << 40)

    corpus = opened(root, tmp_path / "cache", ReadOptions(max_file_bytes=10_000_000))

    assert [(s.path, s.why) for s in corpus.skipped()] == [
        ("sparse.txt", "larger than 10 MB (--max-file-size)")
    ]


def test_an_input_that_may_not_be_read_is_an_error(tmp_path: Path) -> None:
    if os.geteuid() == 0:
        pytest.skip("the superuser may read everything")
    root = folder_of(tmp_path / "in", {"a.txt": "a"})
    root.chmod(0)

    with pytest.raises(CorpusError) as caught:
        opened(root, tmp_path / "cache")

    assert caught.value.why == "permission denied"
