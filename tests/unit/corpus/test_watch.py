"""Waiting for changed files: what counts is what a walk finds."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from rlm_cli.corpus.hearing import Hearing, hearing
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


def test_where_the_system_watches_too_few_folders_the_files_are_looked_at_and_the_remedy_is_said(
    tmp_path: Path,
) -> None:
    for number in range(9):
        (tmp_path / f"{number}").mkdir()
        (tmp_path / f"{number}" / "a.txt").write_text("one")
    watch = Watch([str(tmp_path)], look_seconds=0.02, quiet_seconds=0.02, system=Hearing(max_watches=10))
    (tmp_path / "8" / "a.txt").write_text("two and more")

    assert "there are 9 folders, and the system watches 10" in watch.why_deaf
    assert "sudo sysctl fs.inotify.max_user_watches=65536" in watch.why_deaf
    assert watch.wait() == ["8/a.txt"]
    watch.close()


def test_on_a_remote_file_system_the_files_are_looked_at_and_it_is_said(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("one")
    mounts = [("/", "ext4"), (str(tmp_path), "nfs4")]
    watch = Watch([str(tmp_path)], look_seconds=0.02, system=Hearing(mounts=mounts))
    (tmp_path / "a.txt").unlink()

    assert f"{tmp_path} is on a remote file system (nfs4)" in watch.why_deaf
    assert watch.wait() == ["a.txt"]
    watch.close()


@pytest.mark.skipif(sys.platform != "linux", reason="inotify is Linux's")
def test_a_limit_that_the_system_enforces_is_survived_and_said(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("one")
    code = (
        "import resource, sys; from pathlib import Path; from rlm_cli.corpus.watch import Watch\n"
        "import watchdog.observers\n"
        "from rlm_cli.corpus.hearing import hearing; system = hearing()\n"
        "folder = Path(sys.argv[1])\n"
        "resource.setrlimit(resource.RLIMIT_NOFILE, (5, 5))\n"
        "watch = Watch([str(folder)], look_seconds=0.02, system=system)\n"
        "(folder / 'a.txt').unlink()\n"
        "print(watch.wait(), watch.why_deaf)"
    )
    ended = subprocess.run([sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True)

    assert ended.stdout.startswith("['a.txt'] the system cannot watch the folders: too many open files")
    assert "Try: sudo sysctl fs.inotify.max_user_instances=" in ended.stdout


def test_the_mount_table_is_read_as_the_system_writes_it() -> None:
    found = hearing()
    if not found.mounts:
        pytest.skip("there is no /proc here")
    assert any(folder == "/" for folder, _ in found.mounts)
    assert found.why_deaf([Path("/")], 1) == "" or "remote" in found.why_deaf([Path("/")], 1)
