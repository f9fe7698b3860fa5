"""What the Tab key asks of the program: sessions with their questions, models by provider, quickly."""

from __future__ import annotations

from pathlib import Path

import pytest

from rlm_cli.cli.completing import main, models, sessions
from rlm_cli.events.bodies import RunStarted
from rlm_cli.events.values import Limits
from rlm_cli.stream.bus import Bus
from rlm_cli.stream.header import Header
from rlm_cli.stream.keeping import rename
from rlm_cli.stream.sessions import Sessions
from tests.architecture.test_lazy_imports import imported_by
from tests.fakes.clock import QuickClock


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    """A user with three sessions and a name of his own for a model."""
    kept = Sessions(tmp_path / "data" / "rlm" / "sessions")
    for run, question in (
        ("20261119-a", "old?"),
        ("20261120-b", "who\x1b[2J\nis it?" * 20),
        ("20261121-c", "new?"),
    ):
        bus = Bus(QuickClock(), kept.create(Header(run=run)))
        started = RunStarted(
            question=question, root_model="m", sub_model="m", mode="rlm", limits=Limits(), prompt_hash=""
        )
        bus.emit("root", started)
        bus.close()
    rename(kept.root / "20261119-a" / "session.jsonl", "the lease")
    (kept.root / "20261122-d").mkdir()
    config = tmp_path / "config" / "rlm"
    config.mkdir(parents=True)
    (config / "config.toml").write_text('[models.aliases]\ncheap = "openai/gpt-5-nano"\n')
    return {
        "HOME": str(tmp_path),
        "XDG_DATA_HOME": str(tmp_path / "data"),
        "XDG_CONFIG_HOME": str(tmp_path / "config"),
    }


def test_sessions_come_newest_first_with_title_or_question(environ: dict[str, str]) -> None:
    found = list(sessions(environ))
    assert found[0].startswith("last\t")
    assert [line.partition("\t")[0] for line in found[1:]] == [
        "20261122-d",
        "20261121-c",
        "20261120-b",
        "20261119-a",
    ]
    assert found[2].endswith("\tnew?") and found[4].endswith("\tthe lease")
    assert "\x1b" not in found[3] and len(found[3]) < 80 and found[3].endswith("…")


def test_no_session_folder_is_no_error() -> None:
    assert list(sessions({"HOME": "/nowhere"})) == ["last\tthe newest session"]


def test_providers_and_own_names_come_first_then_models_of_a_provider(environ: dict[str, str]) -> None:
    first = list(models("", environ))
    assert {"offline", "cheap", "openai/", "anthropic/"} <= set(first)
    assert "openai/gpt-5" in set(models("openai/", environ))
    assert all(name.startswith("anthropic/") for name in models("anthropic/cl", environ))
    assert list(models("nobody/", environ)) == []


def test_only_what_begins_so_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["__complete", "models", "openai/gpt-5-m"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines and all(line.startswith("openai/gpt-5-m") for line in lines)


@pytest.mark.parametrize("words", [("models", "openai/"), ("models",), ("sessions",), ()])
def test_the_answer_comes_without_the_command_tree(tmp_path: Path, words: tuple[str, ...]) -> None:
    found = imported_by(tmp_path, "__complete", *words)
    assert not found & {"typer", "msgspec", "litellm", "rich", "asyncio", "dataclasses_json"}
