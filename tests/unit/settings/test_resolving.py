"""Which source wins, where each value came from, and what a project that is not trusted may say."""

from __future__ import annotations

from pathlib import Path

import pytest

from rlm_cli.base.errors import SettingsError, UsageError
from rlm_cli.settings.checking import from_text
from rlm_cli.settings.table import BY_NAME, SETTINGS
from rlm_cli.settings.tree import Setting

from .conftest import User


def test_without_any_source_every_value_is_the_default(user: User) -> None:
    settings = user.settings()

    assert settings.limits.usd == 2.0
    assert settings.limits.concurrency == 64
    assert settings.models.root is None
    assert settings.notices == ()
    assert {leaf.origin for leaf in settings.leaves.values()} == {"default"}


def test_each_source_wins_over_those_below_it(user: User) -> None:
    user.writes("limits.turns = 10\n[profiles.quick.limits]\nturns = 8\n")
    assert (user.settings().limits.turns, user.settings().origin("limits.turns")) == (
        10,
        "~/.config/rlm/config.toml:1",
    )

    user.finds_in_project("[limits]\nturns = 9\n")
    assert user.settings().limits.turns == 9
    assert user.settings().origin("limits.turns") == "~/work/project/rlm.toml:2"

    assert user.settings(profile="quick").limits.turns == 8
    assert (
        user.settings(profile="quick").origin("limits.turns")
        == "~/.config/rlm/config.toml:3 [profiles.quick]"
    )

    with_variable = user.settings(profile="quick", RLM_LIMITS_TURNS="7")
    assert (with_variable.limits.turns, with_variable.origin("limits.turns")) == (7, "RLM_LIMITS_TURNS")

    flags = {"limits.turns": Setting(6, "--max-turns")}
    with_flag = user.settings(flags=flags, profile="quick", RLM_LIMITS_TURNS="7")
    assert (with_flag.limits.turns, with_flag.origin("limits.turns")) == (6, "--max-turns")


def test_files_merge_entry_by_entry(user: User) -> None:
    user.writes(
        '[models.aliases]\nfast = "openai/small"\nbig = "openai/large"\n'
        '[profiles.p.models.aliases]\nbig = "anthropic/large"\n'
    )
    settings = user.settings(profile="p")

    assert settings.models.aliases == {"fast": "openai/small", "big": "anthropic/large"}
    assert settings.models.full_name("big") == "anthropic/large"
    assert settings.models.full_name("other/one") == "other/one"


def test_every_setting_with_a_variable_is_read_from_it(user: User) -> None:
    samples = {
        "text": "x/y",
        "whole number": "3",
        "number": "1",
        "dollars": "1",
        "duration": "90s",
        "size": "1GB",
    }
    for spec in SETTINGS:
        if not spec.variable:
            continue
        text = spec.choices[-1] if spec.choices else samples.get(spec.kind.value, "true")
        leaf = user.settings(**{spec.variable: text}).leaves[spec.name]
        assert leaf == Setting(from_text(spec, text, spec.variable), spec.variable)


def test_the_short_variables_of_the_models_are_documented_names(user: User) -> None:
    settings = user.settings(RLM_MODEL="openai/a", RLM_SUB_MODEL="openai/b")
    assert (settings.models.root, settings.models.sub) == ("openai/a", "openai/b")


def test_an_empty_variable_says_nothing(user: User) -> None:
    assert user.settings(RLM_LIMITS_USD="").limits.usd == 2.0


def test_none_takes_a_limit_away(user: User) -> None:
    user.writes('limits.usd = "none"\nlimits.seconds = "10m"\n')
    settings = user.settings(RLM_LIMITS_SECONDS="unlimited")
    assert settings.limits.usd is None
    assert settings.limits.seconds is None


def test_an_unknown_variable_of_ours_is_named_with_what_it_may_mean(user: User) -> None:
    (notice,) = user.settings(RLM_LIMIT_USD="1").notices
    assert "RLM_LIMIT_USD is set" in notice
    assert "RLM_LIMITS_USD" in notice


@pytest.mark.parametrize(
    ("text", "place", "remedy"),
    [
        ("[limits]\nusdd = 2\n", "limits.usdd, from ~/.config/rlm/config.toml:2", "limits.usd"),
        ("[limit]\nusd = 2\n", "limit, from ~/.config/rlm/config.toml:1", "limits"),
        ("usd = 2\n", "usd, from ~/.config/rlm/config.toml:1", "limits.usd"),
        ("[profiles.p.limits]\nturn = 2\n", "limits.turn, from ~/.config/rlm/config.toml:2", "limits.turns"),
        ("[keys]\nopenai = 'x'\n", "keys, from ~/.config/rlm/config.toml:1", "rlm config keys set"),
    ],
)
def test_an_unknown_setting_is_an_error_with_place_and_suggestion(
    user: User, text: str, place: str, remedy: str
) -> None:
    user.writes(text)
    with pytest.raises(SettingsError) as caught:
        user.settings()
    assert place in caught.value.what
    assert remedy in caught.value.remedy


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("limits.usd = -1", "0 or more"),
        ('limits.usd = "lots"', "dollars"),
        ("limits.turns = 1.5", "whole number"),
        ("limits.turns = true", "whole number"),
        ('limits.turns = "7"', "whole number"),
        ("limits.usd = nan", "0 or more"),
        ("limits.usd = inf", "dollars"),
        ('output.format = "jsn"', "did you mean json"),
        ("corpus.hidden = 1", "true or false"),
        ('corpus.include = "*.pdf"', "list of texts"),
        ('limits.seconds = "10 parsecs"', "duration"),
        ("limits.depth = 9", "8 or less"),
        ("models.aliases = 3", "table"),
        ("models.aliases.fast = 3", "text"),
        ('models.prices."a/b" = { in = 1 }', "in and out"),
        ('models.prices."a/b" = { in = 1, out = -2 }', "out must be"),
        ("profiles = 3", "table of profiles"),
    ],
)
def test_a_wrong_value_is_an_error_that_names_value_and_origin(user: User, line: str, why: str) -> None:
    user.writes(f"# comment\n{line}\n")
    with pytest.raises(SettingsError) as caught:
        user.settings()
    assert "from ~/.config/rlm/config.toml:2" in caught.value.what
    assert why in caught.value.why


def test_a_wrong_variable_names_itself(user: User) -> None:
    with pytest.raises(SettingsError, match=r"limits\.usd = lots, from RLM_LIMITS_USD") as caught:
        user.settings(RLM_LIMITS_USD="lots")
    assert caught.value.exit_code == 5
    assert "unset RLM_LIMITS_USD" in caught.value.remedy


def test_a_wrong_flag_is_a_usage_error() -> None:
    with pytest.raises(UsageError, match="--max-cost lots cannot be used"):
        from_text(BY_NAME["limits.usd"], "lots", "--max-cost")


def test_a_file_that_is_no_toml_is_an_error_with_its_line(user: User) -> None:
    user.writes("limits.usd = 1\nlimits.turns == 3\n")
    with pytest.raises(SettingsError, match="line 2"):
        user.settings()


def test_an_unknown_profile_is_an_error_that_knows_the_others(user: User) -> None:
    user.writes("[profiles.careful]\n")
    with pytest.raises(SettingsError, match="unknown profile carefull, from --profile") as caught:
        user.settings(profile="carefull")
    assert "careful" in caught.value.remedy
    with pytest.raises(SettingsError, match="from RLM_PROFILE"):
        user.settings(RLM_PROFILE="nope")


def test_the_project_file_is_searched_up_to_the_root_of_the_repository_only(user: User) -> None:
    (user.project.parent / "rlm.toml").write_text("limits.turns = 3\n")
    below = user.project / "a" / "b"
    below.mkdir(parents=True)
    assert user.settings(cwd=below).limits.turns == 20

    user.finds_in_project("limits.turns = 4\n")
    assert user.settings(cwd=below).limits.turns == 4


def test_outside_of_a_repository_only_the_folder_itself_counts(user: User, tmp_path: Path) -> None:
    shared = tmp_path / "shared"
    (shared / "mine").mkdir(parents=True)
    (shared / "rlm.toml").write_text("limits.turns = 3\n")
    assert user.settings(cwd=shared / "mine").limits.turns == 20
    assert user.settings(cwd=shared).limits.turns == 3


@pytest.mark.parametrize(
    "line",
    [
        'models.root = "evil/model"',
        'models.sub = "evil/model"',
        'models.transport = "litellm"',
        'models.options.api_base = "http://evil"',
        'models.aliases.fast = "evil/model"',
        'models.prices."openai/x" = { in = 0, out = 0 }',
        'sandbox.mode = "off"',
        "limits.usd = 50",
        'limits.usd = "none"',
        "limits.turns = 100",
        "limits.concurrency = 1000",
        "limits.depth = 3",
        "corpus.hidden = true",
        "corpus.ignore_files = false",
        "corpus.follow_symlinks = true",
        'trust.projects = ["/"]',
    ],
)
def test_an_untrusted_project_cannot_loosen_anything_and_is_named(user: User, line: str) -> None:
    before = user.settings()
    user.finds_in_project(line + "\n")
    after = user.settings()

    assert {name: leaf.value for name, leaf in after.leaves.items()} == {
        name: leaf.value for name, leaf in before.leaves.items()
    }
    (notice,) = after.notices
    assert "~/work/project/rlm.toml:1 may not" in notice
    assert line.split(" ")[0].replace('"', "") in notice


def test_the_profile_of_an_untrusted_project_is_held_to_the_same_rule(user: User) -> None:
    user.finds_in_project('[profiles.p]\nsandbox.mode = "off"\nlimits.usd = 1\n')
    settings = user.settings(profile="p")
    assert settings.sandbox.mode == "auto"
    assert settings.limits.usd == 1
    assert len(settings.notices) == 1


def test_an_untrusted_project_may_tighten_and_choose_what_harms_nobody(user: User) -> None:
    user.finds_in_project(
        'limits.usd = 0.5\nlimits.seconds = "5m"\ncorpus.hidden = false\ncorpus.exclude = ["*.log"]\n'
        'output.format = "json"\n'
    )
    settings = user.settings()
    assert settings.limits.usd == 0.5
    assert settings.limits.seconds == 300
    assert settings.corpus.exclude == ("*.log",)
    assert settings.output.format == "json"
    assert settings.notices == ()


def test_a_trusted_project_may_set_what_its_user_could(user: User) -> None:
    user.writes('trust.projects = ["~/work"]\n')
    user.finds_in_project('models.root = "openai/large"\nlimits.usd = 50\n')
    settings = user.settings()
    assert settings.models.root == "openai/large"
    assert settings.limits.usd == 50
    assert settings.notices == ()


def test_a_project_file_that_is_no_file_cannot_hang_the_program(user: User) -> None:
    import os

    os.mkfifo(user.project / "rlm.toml")
    assert user.settings().limits.turns == 20


def test_the_typed_tree_has_a_field_for_every_setting_and_no_other(user: User) -> None:
    import dataclasses

    import msgspec

    settings = user.settings()
    fields: set[str] = set()
    for section in ("models", "limits", "corpus", "output", "sandbox", "answer", "trust"):
        value = getattr(settings, section)
        names = (
            value.__struct_fields__
            if isinstance(value, msgspec.Struct)
            else [field.name for field in dataclasses.fields(value)]
        )
        fields |= {f"{section}.{name}" for name in names}
    assert fields == set(BY_NAME)


def test_every_default_passes_the_check_of_its_own_setting() -> None:
    from rlm_cli.settings.checking import from_toml

    for spec in SETTINGS:
        raw = list(spec.default) if isinstance(spec.default, tuple) else spec.default
        if raw is not None and not isinstance(raw, dict):
            assert from_toml(spec, raw, "default") == spec.default
        assert raw is not None or spec.is_optional


def test_no_two_settings_share_a_flag_or_a_variable() -> None:
    variables = [spec.variable for spec in SETTINGS if spec.variable]
    flags = [flag for spec in SETTINGS for flag in spec.flag.replace("/", " ").split()]
    assert len(set(variables)) == len(variables)
    assert len(set(flags)) == len(flags)
