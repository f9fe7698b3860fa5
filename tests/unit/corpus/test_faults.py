"""A hostile folder: damaged files, files that change, holes, names that lie. Each costs itself alone."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from rlm_cli.corpus.finding import find
from rlm_cli.corpus.inputs import sources_of
from rlm_cli.corpus.layout import Text
from rlm_cli.corpus.opened import open_corpus
from rlm_cli.corpus.options import ReadOptions
from rlm_cli.corpus.reading import FileReader
from rlm_cli.corpus.segments import SegmentWriter
from rlm_cli.corpus.walk import Found, walk
from tests.unit.corpus.making import folder_of, opened, pdf
from tests.unit.corpus.mutating import mutants
from tests.unit.corpus.test_containers import zipped


def test_damaged_files_end_as_text_or_as_one_line_with_a_reason(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {**dict(mutants(90)), "zz.txt": "read as ever"}
    folder_of(tmp_path / "in", files)
    before = {child.pid for child in psutil.Process().children(recursive=True)}

    corpus = opened(tmp_path / "in", tmp_path / "cache")

    read = {path.split("!/")[0] for path, _ in corpus.texts()}
    left_out = {skip.path.split("!/")[0]: skip.why for skip in corpus.skipped()}
    assert read | set(left_out) >= set(files)
    assert all(why and "\n" not in why and len(why) <= 300 for why in left_out.values())
    assert corpus.cite("read as ever").checked
    assert {child.pid for child in psutil.Process().children(recursive=True)} == before
    (store,) = (tmp_path / "cache" / "corpora").iterdir()
    assert not [path.name for path in store.iterdir() if path.name.startswith(".")]


class _Shelf:
    """Takes what is read; does something in the middle of it, once."""

    def __init__(self, meanwhile: Path) -> None:
        self._path = meanwhile
        self.pulses = 0

    def known(self, key: bytes) -> Text | None:
        return None

    def reserve_member(self, outer: int, found: Found) -> int:
        raise AssertionError("a text has no members")

    def pulse(self, bytes_read: int) -> None:
        self.pulses += 1
        if self.pulses == 1:
            with self._path.open("ab") as file:
                file.write(b"and more\n")


def test_a_file_that_changes_while_it_is_read_is_read_once_more_and_looked_at_again(tmp_path: Path) -> None:
    root = folder_of(tmp_path / "in", {"growing.log": "line\n" * 200_000})
    sources = sources_of([root])
    (found,) = walk(sources, ReadOptions())
    assert isinstance(found, Found)
    segments = SegmentWriter(tmp_path, {})
    shelf = _Shelf(root / "growing.log")

    with FileReader(tmp_path, sources, ReadOptions(), segments, shelf) as reader:
        (outcome,) = reader.read(0, found)

    segments.close()
    assert outcome.text is not None and outcome.text.lines == 200_001
    assert not outcome.is_settled
    assert shelf.pulses > 4


def test_a_file_that_is_truncated_after_it_was_read_harms_no_one_who_has_the_corpus(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {
        "a.txt": "the heron waits at dusk\n" * 9000 + "the last words\n",
        "b.pdf": pdf([["The cap."]]),
    }
    root = folder_of(tmp_path / "in", files)
    corpus = opened(root, tmp_path / "cache")

    for path in root.iterdir():
        os.truncate(path, 10)

    assert corpus.cite("the last words", "a.txt").line_start == 9001
    assert corpus.cite("The cap.").page == 1
    found = find(corpus.mount, "count", "heron", {})
    assert found.matches == 9000
    later = opened(root, tmp_path / "cache")
    assert [(path, text) for path, text in later.texts()] == [("a.txt", "the heron ")]
    assert [skip.path for skip in later.skipped()] == ["b.pdf"]


@pytest.mark.parametrize("name", ["shrinks.txt", "shrinks.pdf", "shrinks.zip"])
def test_a_file_that_is_truncated_while_it_is_read_costs_itself_alone(tmp_path: Path, name: str) -> None:
    contents: dict[str, str | bytes] = {
        "shrinks.txt": "a line of text\n" * 200_000,
        "shrinks.pdf": pdf([["words on a page"] * 40] * 300),
        "shrinks.zip": zipped({f"{n}.txt": f"text {n}" * 500 for n in range(200)}),
    }
    root = folder_of(tmp_path / "in", {name: contents[name], "z.txt": "read as ever"})
    shrunk: list[int] = []

    def shrink(progress: object) -> None:
        if not shrunk:
            shrunk.append(1)
            os.truncate(root / name, 500)

    corpus = open_corpus([root], cache_dir=tmp_path / "cache", progress=shrink)

    assert shrunk and corpus.cite("read as ever").checked
    told = {skip.path.split("!/")[0] for skip in corpus.skipped()}
    assert told | {path.split("!/")[0] for path, _ in corpus.texts()} == {name, "z.txt"}


def test_a_file_of_holes_is_not_read(tmp_path: Path) -> None:
    root = folder_of(tmp_path / "in", {"z.txt": "z"})
    with (root / "sparse.log").open("wb") as file:
        file.write(b"text at its start\n")
        file.truncate(4 << 40)

    corpus = opened(root, tmp_path / "cache", ReadOptions(max_file_bytes=None))

    ((path, why),) = [(skip.path, skip.why) for skip in corpus.skipped()]
    assert path == "sparse.log"
    assert why.startswith("sparse: 4,398,047 MB")


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("a.zip", b"%PDF-1.7 not a zip\n", "damaged PDF"),
        ("a.xlsx", b"hello", "not a .xlsx file: it does not begin like one"),
        ("a.pdf", b"<html><p>hello", "not a PDF: it does not begin like one"),
        ("a.docx", b"PK\3\4 no package", "damaged Word file"),
        ("a.tar.gz", b"\x1f\x8b\x08 broken", "damaged tar archive"),
        ("a.log.gz", b"\x1f\x8b\x08 broken", "damaged compressed file"),
        ("a.mbox", b"no border line\n", "not a mailbox: it does not begin like one"),
    ],
)
def test_a_name_that_lies_costs_its_file_alone(tmp_path: Path, name: str, content: bytes, why: str) -> None:
    corpus = opened(folder_of(tmp_path / "in", {name: content, "z.txt": "z"}), tmp_path / "cache")

    ((path, told),) = [(skip.path, skip.why) for skip in corpus.skipped()]
    assert (path, told[: len(why)]) == (name, why)
    assert len(corpus) == 1


def test_a_folder_that_goes_away_meanwhile_is_no_crash(tmp_path: Path) -> None:
    root = folder_of(tmp_path / "in", {f"{n:03}/a.txt": f"text {n}" for n in range(50)})
    removed: list[Path] = []

    def remove(progress: object) -> None:
        if not removed:
            removed.append(root / "049" / "a.txt")
            removed[0].unlink()

    corpus = open_corpus([root], cache_dir=tmp_path / "cache", progress=remove)

    assert removed and len(corpus) == 49
    assert os.listdir(root / "049") == []  # noqa: PTH208 - the names are what counts


def test_two_kills_in_the_middle_of_extraction_leave_a_whole_store_and_no_worker(tmp_path: Path) -> None:
    pages: dict[str, str | bytes] = {f"{n:03}.html": f"<p>page {n}</p>" for n in range(300)}
    inside = zipped({f"{n:02}.html": f"<p>inside {n}</p>" for n in range(20)})
    root = folder_of(tmp_path / "in", {**pages, "150.zip": inside, "a.pdf": pdf([["one"], ["two"]])})
    code = (
        "import os, sys, time; from pathlib import Path; from rlm_cli.corpus import ingest\n"
        "from rlm_cli.corpus.opened import open_corpus\n"
        "ingest._CHECKPOINT_SECONDS = 0.0\n"
        "die = lambda p: os.kill(os.getpid(), 9) if p.files >= int(sys.argv[3]) else None\n"
        "open_corpus([Path(sys.argv[1])], cache_dir=Path(sys.argv[2]), progress=die)"
    )
    words = [sys.executable, "-c", code, str(root), str(tmp_path / "cache")]
    for files in ("120", "250"):
        died = subprocess.run([*words, files], check=False)
        assert died.returncode == -signal.SIGKILL

    corpus = opened(root, tmp_path / "cache")

    assert dict(corpus.texts()) == dict(opened(root, tmp_path / "fresh").texts())
    assert len(corpus) == 321
    assert 0 < corpus.loaded.extracted < 321
    lost = [process for process in psutil.process_iter() if _is_worker_of(process, tmp_path)]
    psutil.wait_procs(lost, timeout=5)
    assert not [process for process in lost if process.is_running()]


def _is_worker_of(process: psutil.Process, folder: Path) -> bool:
    try:
        is_worker = "rlm_cli.corpus.worker" in " ".join(process.cmdline())
        return is_worker and any(str(folder) in file.path for file in process.open_files())
    except psutil.Error:
        return False
