"""Flags of settings: declared by the table alone, read into values with the flag as origin."""

from __future__ import annotations

import inspect

import pytest

from rlm_cli.base.errors import UsageError
from rlm_cli.cli.app import take_debug
from rlm_cli.cli.command_tree import command_tree
from rlm_cli.cli.options import given_by, takes_settings, verbosity
from rlm_cli.settings.table import BY_NAME, SETTINGS
from rlm_cli.settings.tree import Setting


def test_what_is_given_has_its_flag_as_origin() -> None:
    raw = {
        BY_NAME["limits.usd"]: "0.5",
        BY_NAME["corpus.hidden"]: True,
        BY_NAME["corpus.ignore_files"]: False,
        BY_NAME["corpus.include"]: ["*.pdf", "*.md"],
        BY_NAME["models.options"]: ["top_p=0.5", "effort=low", "stop=[1]"],
        BY_NAME["limits.turns"]: None,
        BY_NAME["corpus.exclude"]: [],
    }
    assert given_by(raw) == {
        "limits.usd": Setting(0.5, "--max-cost"),
        "corpus.hidden": Setting(True, "--hidden"),
        "corpus.ignore_files": Setting(False, "--no-ignore"),
        "corpus.include": Setting(("*.pdf", "*.md"), "--include"),
        "models.options.top_p": Setting(0.5, "--option"),
        "models.options.effort": Setting("low", "--option"),
        "models.options.stop": Setting([1], "--option"),
    }


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("limits.usd", "lots"),
        ("answer.mode", "quick"),
        ("limits.turns", "none"),
        ("models.options", ["top_p"]),
    ],
)
def test_a_wrong_flag_names_itself_and_the_value(name: str, value: object) -> None:
    with pytest.raises(UsageError) as caught:
        given_by({BY_NAME[name]: value})
    assert BY_NAME[name].long_flag in caught.value.what
    assert str(value).strip("[]'") in caught.value.what


def test_a_command_gets_the_flags_it_names_and_one_value() -> None:
    seen = []

    @takes_settings("limits.usd", "corpus.hidden")
    def command(given: dict[str, Setting], other: str = "") -> int:
        seen.append((given, other))
        return 3

    assert list(inspect.signature(command).parameters) == ["other", "limits_usd", "corpus_hidden"]
    assert command(other="x", limits_usd="1", corpus_hidden=None) == 3
    assert seen == [({"limits.usd": Setting(1.0, "--max-cost")}, "x")]


def test_every_flag_of_the_table_is_an_option_of_ask() -> None:
    ask = next(node for node in command_tree().walk() if node.path == ("rlm", "ask"))
    names = {name for option in ask.options for name in option.names}
    assert {flag for spec in SETTINGS for flag in spec.flag.replace("/", " ").split()} <= names


def test_every_option_has_a_long_form_and_a_help_text() -> None:
    for node in command_tree().walk():
        assert node.help, node.path
        for option in node.options:
            assert any(name.startswith("--") for name in option.names), (node.path, option)
            assert option.help, (node.path, option)


def test_no_command_offers_what_is_not_built() -> None:
    later = {"--approve", "--confirm-over"}
    for node in command_tree().walk():
        assert not later & {name for option in node.options for name in option.names}


def test_quiet_and_verbose_exclude_each_other() -> None:
    assert verbosity(True, False) == {"output.verbosity": Setting("quiet", "--quiet")}
    assert verbosity(False, False) == {}
    with pytest.raises(UsageError):
        verbosity(True, True)


def test_debug_may_stand_anywhere_before_the_end_of_options(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RLM_DEBUG", raising=False)
    assert take_debug(["ask", "x", "--debug", "why"]) == (True, ["ask", "x", "why"])
    assert take_debug(["ask", "x", "--", "--debug"]) == (False, ["ask", "x", "--", "--debug"])
    monkeypatch.setenv("RLM_DEBUG", "1")
    assert take_debug(["ask"]) == (True, ["ask"])
