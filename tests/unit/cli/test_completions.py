"""The completion scripts: fresh, sound for their shells, and right where it matters."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from rlm_cli.cli.completions import SHELLS, script_for

ROOT = Path(__file__).parents[3]
FILES = {"bash": "rlm.bash", "zsh": "_rlm", "fish": "rlm.fish"}
HERE = Path(__file__).parent

BASH = """
source {script}
COMP_WORDS=({words})
COMP_CWORD={place}
COMPREPLY=()
_rlm
printf '%s\\n' "${{COMPREPLY[@]}}"
"""


@pytest.mark.parametrize("shell", SHELLS)
def test_the_committed_script_is_what_the_command_tree_says(shell: str) -> None:
    committed = (ROOT / "completions" / FILES[shell]).read_text()
    assert committed == script_for(shell), "stale: run `make completions`"


@pytest.fixture
def offers(request: pytest.FixtureRequest, tmp_path: Path) -> object:
    """What a shell offers after a line, from the committed script."""
    shell = request.param
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not installed")
    sessions = tmp_path / "data" / "rlm" / "sessions"
    (sessions / "20261121-113012-7kq3x9").mkdir(parents=True)
    (tmp_path / "contracts").mkdir()
    environ = {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "HOME": str(tmp_path),
        "XDG_DATA_HOME": str(tmp_path / "data"),
        "TERM": "dumb",
    }

    def run(*command: str) -> list[str]:
        done = subprocess.run(
            command, cwd=tmp_path, env=environ, capture_output=True, text=True, timeout=60, check=False
        )
        return [line.split("\t")[0] for line in done.stdout.splitlines() if line]

    def in_bash(line: str) -> list[str]:
        words = line.split(" ")
        script = BASH.format(
            script=ROOT / "completions/rlm.bash",
            words=" ".join(f'"{word}"' for word in words),
            place=len(words) - 1,
        )
        return run("bash", "--norc", "-c", script)

    def in_zsh(line: str) -> list[str]:
        return run("zsh", "-f", str(HERE / "complete.zsh"), str(ROOT / "completions"), str(tmp_path), line)

    def in_fish(line: str) -> list[str]:
        return run("fish", "--no-config", "-c", f"source {ROOT}/completions/rlm.fish; complete -C '{line}'")

    return {"bash": in_bash, "zsh": in_zsh, "fish": in_fish}[shell]


@pytest.mark.parametrize("offers", SHELLS, indirect=True)
def test_commands_options_values_and_sessions_are_offered(offers) -> None:  # type: ignore[no-untyped-def]
    assert {"ask", "config", "replay"} <= set(offers("rlm "))
    assert "config" in offers("rlm con")
    assert "--format" in offers("rlm ask --for")
    assert {"json", "jsonl"} <= set(offers("rlm ask contracts --format "))
    assert "limits.usd" in offers("rlm config set limits.u")
    assert set(offers("rlm config keys ")) >= {"list", "set", "rm"}
    assert "20261121-113012-7kq3x9" in offers("rlm sessions show ")


@pytest.mark.skipif(not (Path(sys.executable).parent / "rlm").exists(), reason="the program is not installed")
@pytest.mark.parametrize("offers", SHELLS, indirect=True)
def test_models_of_a_provider_are_offered(offers) -> None:  # type: ignore[no-untyped-def]
    assert "openai/gpt-5" in offers("rlm ask contracts --model openai/gpt-5")
    assert "anthropic/" in offers("rlm ask contracts -m anthropic")


@pytest.mark.parametrize("offers", ["zsh", "fish"], indirect=True)
def test_files_are_offered_where_a_path_may_stand(offers) -> None:  # type: ignore[no-untyped-def]
    assert any(each.startswith("contracts") for each in offers("rlm ask con"))


@pytest.mark.parametrize("offers", ["bash"], indirect=True)
def test_bash_leaves_files_to_itself(offers) -> None:  # type: ignore[no-untyped-def]
    assert offers("rlm ask con") == []
    assert offers("rlm ask --out con") == []
    assert "complete -o bashdefault -o default -F _rlm rlm" in (ROOT / "completions/rlm.bash").read_text()


@pytest.mark.parametrize("shell", SHELLS)
def test_the_shell_itself_accepts_the_script(shell: str) -> None:
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not installed")
    done = subprocess.run(
        [shell, "-n", str(ROOT / "completions" / FILES[shell])], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
