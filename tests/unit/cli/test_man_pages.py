"""The man pages: fresh, and sound for the formatter where there is one."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from rlm_cli.cli.man_pages import pages, write

MAN = Path(__file__).parents[3] / "man"


def test_the_committed_pages_are_what_the_command_tree_says() -> None:
    committed = {path.name: path.read_text("utf-8") for path in MAN.iterdir()}
    assert committed == pages(), "stale: run `make completions`"


def test_pages_of_commands_that_are_gone_are_removed(tmp_path: Path) -> None:
    (tmp_path / "rlm-gone.1").write_text("x")
    write(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == pages().keys()


def test_the_formatter_has_nothing_to_complain_of() -> None:
    groff = shutil.which("groff")
    if groff is None:
        pytest.skip("groff is not installed")
    for name, text in pages().items():
        done = subprocess.run(
            [groff, "-man", "-Tutf8", "-ww"], input=text.encode(), capture_output=True, check=False
        )
        assert (done.returncode, done.stderr) == (0, b""), name
        assert b"User Commands" in done.stdout
