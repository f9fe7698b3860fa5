"""Keys: the environment first, then a private file; never shown, never read when others could read it."""

from __future__ import annotations

import stat

import pytest

from rlm_cli.base.errors import SettingsError
from rlm_cli.settings import keys

from .conftest import User
from .names import NAMES

SECRET = "sk-do-not-show-me"


def test_a_stored_key_stands_in_its_providers_variable(user: User) -> None:
    keys.store_key(user.places, "keys.toml", "openai", f" {SECRET}\n")

    assert keys.credentials(user.environ, user.places, NAMES)["OPENAI_API_KEY"] == SECRET
    assert stat.S_IMODE(user.places.keys_file.stat().st_mode) == 0o600
    assert stat.S_IMODE(user.places.config.stat().st_mode) == 0o700


def test_any_variable_of_the_provider_wins_over_the_file(user: User) -> None:
    keys.store_key(user.places, "keys.toml", "gemini", SECRET)
    environ = {**user.environ, "GOOGLE_API_KEY": "from-environment"}

    full = keys.credentials(environ, user.places, NAMES)
    assert full["GOOGLE_API_KEY"] == "from-environment"
    assert "GEMINI_API_KEY" not in full


def test_what_is_listed_never_holds_a_value(user: User) -> None:
    keys.store_key(user.places, "keys.toml", "openai", SECRET)
    keys.store_key(user.places, "keys.toml", "my_provider", SECRET)
    found = keys.keys_found({**user.environ, "ANTHROPIC_API_KEY": SECRET}, user.places, NAMES)

    assert [(one.provider, one.variable, one.origin) for one in found] == [
        ("anthropic", "ANTHROPIC_API_KEY", "environment"),
        ("my_provider", "MY_PROVIDER_API_KEY", "~/.config/rlm/keys.toml"),
        ("openai", "OPENAI_API_KEY", "~/.config/rlm/keys.toml"),
    ]
    assert SECRET not in repr(found)


def test_a_file_that_others_can_read_is_refused(user: User) -> None:
    keys.store_key(user.places, "keys.toml", "openai", SECRET)
    user.places.keys_file.chmod(0o640)
    with pytest.raises(SettingsError) as caught:
        keys.credentials(user.environ, user.places, NAMES)
    assert "chmod 600" in caught.value.remedy
    assert SECRET not in str(caught.value)


def test_a_wrong_file_is_refused_without_showing_what_stands_in_it(user: User) -> None:
    user.places.config.mkdir(parents=True)
    for text in (f"openai = {SECRET}", f'openai = ["{SECRET}"]', f'openai = "{SECRET}'):
        user.places.keys_file.write_text(text)
        user.places.keys_file.chmod(0o600)
        with pytest.raises(SettingsError) as caught:
            keys.credentials(user.environ, user.places, NAMES)
        assert SECRET not in str(caught.value)


def test_forgetting_a_key_leaves_the_others(user: User) -> None:
    keys.store_key(user.places, "keys.toml", "openai", SECRET)
    keys.store_key(user.places, "keys.toml", "groq", SECRET)
    assert keys.forget_key(user.places, "keys.toml", "openai") is True
    assert keys.forget_key(user.places, "keys.toml", "openai") is False
    assert list(keys.stored_keys(user.places.keys_file, "keys.toml")) == ["groq"]


@pytest.mark.parametrize("provider", ["vertex_ai", "bedrock", "offline", "no provider", "a=b", ""])
def test_a_provider_that_takes_no_key_gets_none(user: User, provider: str) -> None:
    with pytest.raises(SettingsError):
        keys.store_key(user.places, "keys.toml", provider, SECRET)
    assert not user.places.keys_file.exists()


@pytest.mark.parametrize("key", ["", "  \n", "two\nlines", "esc\x1b[31m"])
def test_a_key_that_is_no_line_of_text_is_not_kept(user: User, key: str) -> None:
    with pytest.raises(SettingsError):
        keys.store_key(user.places, "keys.toml", "openai", key)
