"""The tree is the contract: imports go down only, and nothing heavy is imported before it is needed."""

from __future__ import annotations

import json
import pkgutil
import subprocess
import sys
from pathlib import Path

import pytest

import rlm_cli

ROOT = Path(__file__).parents[2]
HEAVY = (
    "litellm",
    "jupyter_client",
    "ipykernel",
    "IPython",
    "zmq",
    "aiohttp",
    "pypdf",
    "docx",
    "openai",
    "rich",
)
LIGHT = ["base", "events", "ports", "stream", "views", "faces", "settings", "engine"]


def modules_of(name: str) -> list[str]:
    """Every module below `rlm_cli.<name>`."""
    package = ROOT / "rlm_cli" / name
    if not package.is_dir():
        return [f"rlm_cli.{name}"]
    return [
        f"rlm_cli.{name}",
        *(f"rlm_cli.{name}.{each.name}" for each in pkgutil.iter_modules([str(package)])),
    ]


def imported_by(code: str, *argv: str) -> set[str]:
    """The top-level modules that a fresh Python has imported after some code."""
    said = subprocess.run(
        [
            sys.executable,
            "-c",
            f"import sys\n{code}\nimport json\nsys.stderr.write('\\n@' + json.dumps(list(sys.modules)))",
            *argv,
        ],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
    )
    assert "\n@" in said.stderr, said.stderr
    return {name.partition(".")[0] for name in json.loads(said.stderr.rpartition("\n@")[2])}


def test_imports_keep_the_contracts_of_the_layers() -> None:
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            "import sys; from importlinter.cli import lint_imports_command as c; c(['--no-cache'])",
        ],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 broken" in done.stdout


@pytest.mark.parametrize("name", LIGHT)
def test_a_layer_that_needs_nothing_heavy_imports_nothing_heavy(name: str) -> None:
    code = "\n".join(f"import {module}" for module in modules_of(name))
    assert imported_by(code) & set(HEAVY) == set()


def test_replaying_a_session_imports_no_model_and_no_kernel() -> None:
    code = (
        "import asyncio\nfrom pathlib import Path\n"
        "from rlm_cli.faces.choosing import face_for\nfrom rlm_cli.faces.options import FaceOptions\n"
        "from rlm_cli.faces.output import standard_output\nfrom rlm_cli.stream.replaying import open_replay\n"
        "header, events = open_replay(Path(sys.argv[1]))\n"
        "face = face_for('json', standard_output({}), FaceOptions(is_silent=True))\n"
        "assert asyncio.run(face(events, lambda command: None)) == 0"
    )
    golden = ROOT / "tests" / "golden" / "schema-1" / "session.jsonl"
    assert imported_by(code, str(golden)) & set(HEAVY) == set()


def test_every_folder_of_the_program_has_its_layer() -> None:
    known = {"base", "events", "ports", "corpus", "kernel", "inkernel", "models", "engine", "stream", "views"}
    known |= {"settings", "runs", "faces", "cli", "__main__"}
    assert {module.name for module in pkgutil.iter_modules(rlm_cli.__path__)} <= known
