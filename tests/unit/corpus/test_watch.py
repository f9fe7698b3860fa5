"""Waiting for changed files: what counts is what a walk finds."""

from __future__ import annotations

import os
import threading
from pathlib import Path

from rlm_cli.corpus.options import ReadOptions
from rlm_cli.corpus.watch import Watch


def watched(folder: Path, *inputs: str) -> Watch:
    options = ReadOptions(include=("*.txt",))
    return Watch([*inputs] or [str(folder)], options, quiet_seconds=0.02, look_seconds=0.2)


def test_changed_added_and_removed_files_are_named_together(tmp_path: Path) -> None:
    for name in ("a.txt", "b.txt", "c.md"):
        (tmp_path / name).write_text("one")
    watch = watched(tmp_path)
    (tmp_path / "a.txt").write_text("two and more")
    (tmp_path / "b.txt").unlink()
    (tmp_path / "c.md").write_text("not read")
    (tmp_path / "d.txt").write_text("new")
    assert watch.wait() == ["a.txt", "b.txt", "d.txt"]
    watch.close()


def test_a_file_that_was_replaced_by_one_of_its_size_and_time_has_changed(tmp_path: Path) -> None:
    file = tmp_path / "a.txt"
    file.write_text("one")
    facts = file.stat()
    watch = watched(tmp_path, str(file))
    fresh = tmp_path / "fresh"
    fresh.write_text("two")
    os.utime(fresh, ns=(facts.st_atime_ns, facts.st_mtime_ns))
    fresh.replace(file)
    assert watch.wait() == ["a.txt"]
    watch.close()


def test_waiting_ends_when_it_is_stopped(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("one")
    watch = watched(tmp_path)
    threading.Timer(0.05, watch.stop).start()
    assert watch.wait() is None
    watch.close()
