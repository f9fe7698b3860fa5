"""What must be quick imports nothing heavy: help, version, completion, settings and replay."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

PROVIDERS_AND_KERNELS = {"litellm", "jupyter_client", "ipykernel", "zmq", "aiohttp", "openai", "IPython"}
SCREENS_AND_MORE = {
    "rich",
    "prompt_toolkit",
    "pydantic",
    "tomlkit",
    "jsonschema",
    "pypdf",
    "docx",
    "selectolax",
}
RUN = """
import json, sys
from rlm_cli.__main__ import main
sys.argv = ["rlm", *sys.argv[1:]]
try:
    main()
finally:
    sys.stderr.write("\\n" + json.dumps(sorted({name.partition(".")[0] for name in sys.modules})))
"""


def imported_by(home: Path, *arguments: str) -> set[str]:
    """The top-level modules that a command has imported when it ends."""
    environ = {"PATH": os.environ["PATH"], "HOME": str(home), "LANG": "C.UTF-8"}
    done = subprocess.run(
        [sys.executable, "-c", RUN, *arguments],
        env={**environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        cwd=home,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return set(json.loads(done.stderr.splitlines()[-1]))


@pytest.mark.parametrize(
    "line",
    [
        "--help",
        "--version",
        "ask --help",
        "help config",
        "help keys",
        "config show --origin",
        "config path",
        "completions bash",
        "sessions list",
        "models list",
        "models list openai",
    ],
)
def test_a_command_that_calls_no_model_imports_nothing_heavy(tmp_path: Path, line: str) -> None:
    heavy = PROVIDERS_AND_KERNELS | SCREENS_AND_MORE
    assert not heavy & imported_by(tmp_path, *line.split())


def test_the_version_is_told_before_the_command_tree_is_imported(tmp_path: Path) -> None:
    assert "typer" not in imported_by(tmp_path, "--version")


def test_a_replay_imports_no_provider_and_no_kernel(tmp_path: Path) -> None:
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "a.txt").write_text("The quick brown fox jumps over the lazy dog.\n")
    imported_by(tmp_path, "ask", "notes", "who jumps?", "--model", "offline")

    for line in ("replay last", "replay last -f jsonl", "replay last -f json", "sessions show last"):
        assert not PROVIDERS_AND_KERNELS & imported_by(tmp_path, *line.split()), line


def test_an_estimate_imports_no_provider_and_no_kernel(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("The quick brown fox jumps over the lazy dog.\n")
    assert not PROVIDERS_AND_KERNELS & imported_by(tmp_path, "ask", "a.txt", "who jumps?", "--estimate")
