"""`rlm config set` and `unset`: comments stay, wrong values never reach the file."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from rlm_cli.base.errors import SettingsError
from rlm_cli.settings.editing import set_value, unset_value

from .conftest import User

LABEL = "config.toml"


def test_a_setting_is_changed_in_place_and_comments_stay(user: User) -> None:
    user.writes("# my limits\n[limits]\nusd = 1.0  # careful\nturns = 5\n")
    set_value(user.places.config_file, LABEL, "limits.usd", ["$3.50"])

    assert user.places.config_file.read_text() == "# my limits\n[limits]\nusd = 3.5  # careful\nturns = 5\n"
    assert user.settings().limits.usd == 3.5


@pytest.mark.parametrize(
    ("name", "words", "value"),
    [
        ("limits.seconds", ["10m"], 600),
        ("limits.usd", ["none"], None),
        ("corpus.include", ["*.pdf", "*.md"], ("*.pdf", "*.md")),
        ("corpus.include", ["*.pdf,*.md"], ("*.pdf", "*.md")),
        ("corpus.hidden", ["yes"], True),
        ("corpus.max_file_bytes", ["20MB"], 20_000_000),
        ("models.aliases.fast", ["openai/small"], "openai/small"),
        ("models.options.top_p", ["0.5"], 0.5),
        ("models.options.effort", ["low"], "low"),
        ("models.prices.my/model-4.1", ["{ in = 1, out = 2 }"], {"in": 1, "out": 2}),
        ("models.root", ["openai/gpt"], "openai/gpt"),
    ],
)
def test_what_is_set_is_what_is_read(user: User, name: str, words: list[str], value: object) -> None:
    set_value(user.places.config_file, LABEL, name, words)
    assert user.settings().leaves[name].value == value


def test_a_profile_is_made_by_setting_in_it(user: User) -> None:
    set_value(user.places.config_file, LABEL, "limits.usd", ["9"], profile="work")
    assert user.settings().limits.usd == 2.0
    assert user.settings(profile="work").limits.usd == 9


@pytest.mark.parametrize(
    ("name", "words"),
    [("limits.usd", ["-1"]), ("limits.usdd", ["1"]), ("models.aliases", ["x"]), ("models.prices.a/b", ["3"])],
)
def test_a_wrong_setting_leaves_the_file_as_it_was(user: User, name: str, words: list[str]) -> None:
    user.writes("limits.usd = 1\n")
    with pytest.raises(SettingsError):
        set_value(user.places.config_file, LABEL, name, words)
    assert user.places.config_file.read_text() == "limits.usd = 1\n"


def test_a_file_that_is_already_wrong_is_not_written_over(user: User) -> None:
    user.writes("limits.usdd = 1\n")
    with pytest.raises(SettingsError, match=r"limits\.usdd"):
        set_value(user.places.config_file, LABEL, "limits.usd", ["1"])


def test_unset_takes_out_the_setting_and_the_table_that_it_leaves_empty(user: User) -> None:
    user.writes('# top\n[limits]\nusd = 1\n[output]\nformat = "json"\n')
    assert unset_value(user.places.config_file, LABEL, "limits.usd") is True
    assert unset_value(user.places.config_file, LABEL, "limits.usd") is False
    assert "limits" not in user.places.config_file.read_text()
    assert user.settings().output.format == "json"


def test_unset_takes_out_a_setting_that_is_unknown(user: User) -> None:
    user.writes("[limits]\nusdd = 1\n")
    assert unset_value(user.places.config_file, LABEL, "limits.usdd") is True
    assert user.settings().limits.usd == 2.0


def test_a_linked_file_stays_linked_and_private(user: User, tmp_path: Path) -> None:
    real = tmp_path / "dotfiles.toml"
    real.write_text("limits.usd = 1\n")
    user.places.config.mkdir(parents=True)
    user.places.config_file.symlink_to(real)
    set_value(user.places.config_file, LABEL, "limits.usd", ["4"])

    assert user.places.config_file.is_symlink()
    assert "4" in real.read_text()
    assert stat.S_IMODE(real.stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".dotfiles")] == []
