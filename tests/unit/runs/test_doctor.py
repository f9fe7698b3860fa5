"""What the doctor finds where something is wrong, and what that makes of its exit code."""

from __future__ import annotations

from pathlib import Path

import pytest

from rlm_cli.base.errors import ExitCode
from rlm_cli.runs.checks import installation, places
from rlm_cli.runs.checks.finding import Finding, Status, fail, ok, warn
from rlm_cli.runs.checks.kernel import kernel
from rlm_cli.runs.doctor import configured, exit_code_of
from rlm_cli.settings.locations import directories
from rlm_cli.settings.resolving import Sources


def sources(home: Path, text: str = "", **variables: str) -> Sources:
    environ = {"HOME": str(home), **variables}
    found = directories(environ, "linux")
    found.config.mkdir(parents=True, exist_ok=True)
    found.config_file.write_text(text)
    return Sources(environ=environ, cwd=home, directories=found)


def named(findings: list[Finding], name: str) -> Finding:
    return next(each for each in findings if each.name == name)


def test_only_what_is_required_decides_and_the_first_failure_names_the_code() -> None:
    good = [ok("a", "", is_required=True), warn("b", "")]
    assert exit_code_of(good) == 0
    bad = [*good, fail("c", "", ExitCode.KERNEL), fail("d", "", ExitCode.SETTINGS)]
    assert exit_code_of(bad) == 8


async def test_a_kernel_is_started_interrupted_and_still_knows_its_variables() -> None:
    found = await kernel()
    assert [(each.name, each.status) for each in found[:2]] == [
        ("kernel", Status.OK),
        ("interrupt", Status.OK),
    ]
    assert found[2].name == "sandbox"


def test_a_place_that_does_not_exist_is_not_made(tmp_path: Path) -> None:
    found = places.directory("sessions", tmp_path / "a" / "b", "XDG_DATA_HOME", ExitCode.CORPUS)
    assert found.status is Status.OK
    assert "made when it is needed" in found.text
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("path", ["/proc/nowhere/rlm", "/dev/null/rlm"])
def test_a_place_that_cannot_be_written_to_fails_with_the_variable_to_set(path: str) -> None:
    found = places.directory("sessions", Path(path), "XDG_DATA_HOME", ExitCode.CORPUS)
    assert (found.status, found.exit_code) == (Status.FAIL, ExitCode.CORPUS)
    assert "XDG_DATA_HOME" in found.remedy


def test_a_configuration_that_is_kept_read_only_is_no_failure(tmp_path: Path) -> None:
    environ = {"HOME": str(tmp_path), "XDG_CONFIG_HOME": "/proc/nowhere"}
    found = places.directories(directories(environ, "linux"))
    assert named(found, "configuration").status is Status.WARN


def test_wrong_settings_fail_and_nothing_is_said_of_models(tmp_path: Path) -> None:
    found = configured(sources(tmp_path, "limits.usd = -1\n"))
    assert [each.name for each in found] == ["settings"]
    assert exit_code_of(found) == ExitCode.SETTINGS
    assert "config.toml:1" in found[0].text


def test_a_named_model_without_its_key_fails_with_the_variable(tmp_path: Path) -> None:
    found = configured(sources(tmp_path, 'models.root = "anthropic/claude-sonnet-4-5"\n'))
    model = named(found, "models")
    assert (model.status, model.exit_code) == (Status.FAIL, ExitCode.SETTINGS)
    assert "ANTHROPIC_API_KEY" in model.text + model.remedy


def test_a_key_is_said_to_be_there_and_never_shown(tmp_path: Path) -> None:
    key = "sk-this-is-a-secret"
    found = configured(sources(tmp_path, RLM_MODEL="openai/gpt-4.1", OPENAI_API_KEY=key))
    assert named(found, "key of openai/gpt-4.1").text == "is there"
    assert key not in repr(found)


def test_an_alias_whose_key_is_missing_is_a_warning(tmp_path: Path) -> None:
    text = 'models.root = "offline"\nmodels.aliases.big = "anthropic/claude-sonnet-4-5"\n'
    found = configured(sources(tmp_path, text))
    assert named(found, "alias big").status is Status.WARN
    assert exit_code_of(found) == 0


def test_keys_that_others_can_read_fail(tmp_path: Path) -> None:
    given = sources(tmp_path)
    given.directories.keys_file.write_text('openai = "x"\n')
    given.directories.keys_file.chmod(0o644)
    found = configured(given)
    assert "chmod 600" in named(found, "keys").remedy
    assert exit_code_of(found) == ExitCode.SETTINGS


def test_another_rlm_that_comes_first_on_path_is_named(tmp_path: Path) -> None:
    mine, other = tmp_path / "mine" / "rlm", tmp_path / "other" / "rlm"
    for program in (mine, other):
        program.parent.mkdir()
        program.write_text("#!/bin/sh\n")
        program.chmod(0o755)
    path = f"{other.parent}:{mine.parent}"
    found = installation.other_programs({"PATH": path}, mine)
    assert found.status is Status.WARN
    assert str(other) in found.text
    assert installation.other_programs({"PATH": str(mine.parent)}, mine).status is Status.OK


def test_python_and_packages_are_as_they_are_here() -> None:
    assert installation.python().status is Status.OK
    assert installation.packages().status is Status.OK
