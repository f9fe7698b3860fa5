"""The store: what is read again and what is not, two processes at once, and death in the middle."""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from rlm_cli.base.errors import CorpusError
from rlm_cli.corpus.ingest import ReadingStopped
from rlm_cli.corpus.opened import HostCorpus, open_corpus
from rlm_cli.corpus.options import ReadOptions
from rlm_cli.corpus.progress import Progress
from tests.unit.corpus.making import age, folder_of, opened, pdf


def _store(cache: Path) -> Path:
    (folder,) = (cache / "corpora").iterdir()
    return folder


def test_an_unchanged_corpus_is_not_read_again(tmp_path: Path) -> None:
    root = folder_of(tmp_path / "in", {"a.txt": "one", "b.pdf": pdf([["two"]]), "bad.pdf": b"%PDF-1.4 x"})
    first = opened(root, tmp_path / "cache")
    told: list[Progress] = []

    second = open_corpus([root], cache_dir=tmp_path / "cache", progress=told.append)

    assert (first.loaded.extracted, second.loaded.extracted) == (3, 0)
    assert not told
    assert second.mount == first.mount
    assert list(second.skipped()) == list(first.skipped())


def test_only_what_has_changed_is_read_again(tmp_path: Path) -> None:
    root = folder_of(
        tmp_path / "in", {f"{n}.txt": f"text {n}" for n in range(6)} | {"bad.pdf": b"%PDF-1.4 x"}
    )
    before = opened(root, tmp_path / "cache")
    folder_of(root, {"3.txt": "changed text", "new/7.txt": "text seven"})
    (root / "5.txt").unlink()

    after = opened(root, tmp_path / "cache")

    assert after.loaded.extracted == 2
    assert dict(after.texts()) == {
        **{f"{n}.txt": f"text {n}" for n in (0, 1, 2, 4)},
        "3.txt": "changed text",
        "new/7.txt": "text seven",
    }
    assert dict(before.texts())["3.txt"] == "text 3"
    assert after.loaded.fingerprint != before.loaded.fingerprint


def test_a_moved_pdf_is_not_parsed_again(tmp_path: Path) -> None:
    root = folder_of(tmp_path / "in", {"a.pdf": pdf([["two"]]), "z.txt": "z"})
    opened(root, tmp_path / "cache")
    (root / "sub").mkdir()
    (root / "a.pdf").rename(root / "sub" / "b.pdf")

    moved = opened(root, tmp_path / "cache")

    assert moved.loaded.extracted == 0
    assert moved.cite("two").path == "sub/b.pdf"


def test_each_content_is_stored_once(tmp_path: Path) -> None:
    root = folder_of(tmp_path / "in", {f"{n}.txt": "the same text again\n" * 100 for n in range(50)})
    corpus = opened(root, tmp_path / "cache")

    (segment,) = _store(tmp_path / "cache").glob("segment-*")
    assert segment.stat().st_size == 20 * 100 + 1
    assert len(corpus) == 50


def test_a_file_that_was_written_a_moment_ago_is_looked_at_again(tmp_path: Path) -> None:
    root = folder_of(tmp_path / "in", {"a.txt": "first"})
    facts = (root / "a.txt").stat()
    now = time.time_ns()
    os.utime(root / "a.txt", ns=(now, now))
    opened(root, tmp_path / "cache")
    (root / "a.txt").write_text("later")
    os.utime(root / "a.txt", ns=(now, now))
    assert (root / "a.txt").stat().st_size == facts.st_size

    assert opened(root, tmp_path / "cache").texts() == [("a.txt", "later")]


def test_rubbish_of_old_versions_is_compacted(tmp_path: Path) -> None:
    root = folder_of(tmp_path / "in", {"keep.txt": "kept " * 1000, "big.txt": "x" * 3_000_000})
    corpus = opened(root, tmp_path / "cache")
    for version in range(3):
        folder_of(root, {"big.txt": f"{version}" * 3_000_000})
        del corpus
        corpus = opened(root, tmp_path / "cache")

    size = sum(path.stat().st_size for path in _store(tmp_path / "cache").glob("segment-*"))
    assert size < 7_000_000
    assert dict(corpus.texts()) == {"keep.txt": "kept " * 1000, "big.txt": "2" * 3_000_000}
    assert len(list(_store(tmp_path / "cache").glob("generation-*"))) == 1


def test_a_generation_that_is_held_stays_readable(tmp_path: Path) -> None:
    root = folder_of(tmp_path / "in", {"a.txt": "x" * 3_000_000})
    held = opened(root, tmp_path / "cache")
    for version in range(4):
        folder_of(root, {"a.txt": f"{version}" * 3_000_000})
        opened(root, tmp_path / "cache")

    assert held.texts() == [("a.txt", "x" * 3_000_000)]
    assert (_store(tmp_path / "cache") / held.mount.generation).exists()


def test_the_store_is_for_the_user_alone(tmp_path: Path) -> None:
    opened(folder_of(tmp_path / "in", {"a.txt": "secret"}), tmp_path / "cache")

    folder = _store(tmp_path / "cache")
    assert [oct(path.stat().st_mode & 0o077) for path in (folder, *folder.iterdir())] == ["0o0"] * 4


@pytest.mark.parametrize("damage", ["generation", "segment", "both"])
def test_a_damaged_store_is_made_again(tmp_path: Path, damage: str) -> None:
    root = folder_of(tmp_path / "in", {"a.txt": "one", "b.txt": "two"})
    opened(root, tmp_path / "cache")
    for path in _store(tmp_path / "cache").iterdir():
        if path.name.startswith(("generation", "segment") if damage == "both" else damage):
            os.truncate(path, 3)

    assert opened(root, tmp_path / "cache").texts() == [("a.txt", "one"), ("b.txt", "two")]


def test_two_processes_on_one_new_folder_both_answer_and_one_reads(tmp_path: Path) -> None:
    root = folder_of(tmp_path / "in", {f"{n:03}.txt": f"text {n} " * 2000 for n in range(300)})
    context = multiprocessing.get_context("spawn")
    with context.Pool(2) as pool:
        results = pool.starmap(_open_and_tell, [(root, tmp_path / "cache")] * 2)

    assert [texts for texts, _ in results] == [300, 300]
    assert sorted(extracted for _, extracted in results) == [0, 300]


@pytest.mark.parametrize("after_files", [5, 60])
def test_a_killed_reading_leaves_a_whole_store_and_the_next_one_finishes(
    tmp_path: Path, after_files: int
) -> None:
    root = folder_of(tmp_path / "in", {f"{n:03}.txt": f"text {n} " * 20_000 for n in range(80)})
    opened(folder_of(tmp_path / "other", {"a.txt": "a"}), tmp_path / "cache")
    code = (
        "import os, sys; from pathlib import Path; from rlm_cli.corpus.opened import open_corpus\n"
        f"die = lambda p: os.kill(os.getpid(), 9) if p.files == {after_files} else None\n"
        "open_corpus([Path(sys.argv[1])], cache_dir=Path(sys.argv[2]), progress=die)"
    )
    for _ in range(2):
        died = subprocess.run([sys.executable, "-c", code, str(root), str(tmp_path / "cache")], check=False)
        assert died.returncode == -signal.SIGKILL

    corpus = opened(root, tmp_path / "cache")
    assert dict(corpus.texts()) == {f"{n:03}.txt": f"text {n} " * 20_000 for n in range(80)}


def test_a_reading_that_fails_in_the_middle_goes_on_where_it_stopped(tmp_path: Path) -> None:
    root = folder_of(tmp_path / "in", {f"{n:03}.txt": f"text {n}" for n in range(20)})
    asked = iter(range(1000))
    with pytest.raises(ReadingStopped):
        open_corpus([root], cache_dir=tmp_path / "cache", is_cancelled=lambda: next(asked) > 12)

    corpus = opened(root, tmp_path / "cache")
    assert 0 < corpus.loaded.extracted < 20
    assert len(corpus) == 20


def test_the_least_recently_used_store_is_evicted_when_the_cache_is_full(tmp_path: Path) -> None:
    for name in ("old", "new"):
        folder_of(tmp_path / name, {"a.txt": name * 100_000})
    opened(tmp_path / "old", tmp_path / "cache")
    old = _store(tmp_path / "cache")
    age(old, 5000)

    opened(tmp_path / "new", tmp_path / "cache", ReadOptions(cache_bytes=400_000))

    assert not old.exists()
    assert opened(tmp_path / "old", tmp_path / "cache").texts() == [("a.txt", "old" * 100_000)]


def test_a_cache_that_cannot_be_written_is_an_error_with_a_remedy(tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file where the folder should be")
    root = folder_of(tmp_path / "in", {"a.txt": "a"})

    with pytest.raises(CorpusError) as caught:
        opened(root, tmp_path / "cache")

    assert "cannot write the corpus store" in caught.value.what
    assert "XDG_CACHE_HOME" in caught.value.remedy


def _open_and_tell(root: Path, cache: Path) -> tuple[int, int]:
    corpus: HostCorpus = opened(root, cache)
    return len(corpus.texts()), corpus.loaded.extracted


def test_what_the_system_refused_for_a_moment_is_read_the_next_time(tmp_path: Path) -> None:
    folder = folder_of(tmp_path / "in", {"a.txt": "the cap is ten", "b.txt": "no cap"})
    code = (
        "import resource, sys\nfrom rlm_cli.corpus.opened import open_corpus\n"
        "import rlm_cli.corpus.ingest, rlm_cli.corpus.pool, rlm_cli.corpus.reading\n"
        "soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)\n"
        "resource.setrlimit(resource.RLIMIT_NOFILE, (int(sys.argv[3]), hard))\n"
        "from pathlib import Path\n"
        "try:\n    open_corpus([sys.argv[1]], cache_dir=Path(sys.argv[2]))\n"
        "except Exception as error:\n    print(error)\n"
    )
    refused = 0
    for files in range(6, 14, 2):
        cache = tmp_path / f"cache-{files}"
        argv = [sys.executable, "-c", code, str(folder), str(cache), str(files)]
        done = subprocess.run(argv, capture_output=True, text=True, check=False)
        refused += "too many open files" in done.stdout.lower()
        again = opened(folder, cache)
        assert again.loaded.documents == 2, (files, done.stdout)
    assert refused
