"""Keys: the environment first, then a private file; never shown, never read when others could read it."""

from __future__ import annotations

import stat
import sys

import pytest

from rlm_cli.base.errors import SettingsError
from rlm_cli.settings import keys
from rlm_cli.settings.key_commands import KeyCommand

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


def script(user: User, text: str) -> str:
    path = user.home / "key command"
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return f"'{path}' --flag"


def test_a_key_command_gives_the_key_of_a_provider_that_may_be_called(user: User) -> None:
    command = script(user, f"echo x >> {user.home}/asked; echo {SECRET}; echo more")
    keys.store_command(user.places, "keys.toml", "openai", KeyCommand(command))
    environ = {**user.environ, "PATH": "/usr/bin:/bin"}

    assert keys.credentials(environ, user.places, NAMES)["OPENAI_API_KEY"] == SECRET
    assert "OPENAI_API_KEY" not in keys.credentials(environ, user.places, NAMES, {"anthropic"})
    set_already = {**environ, "OPENAI_API_KEY": "of the environment"}
    assert keys.credentials(set_already, user.places, NAMES) == set_already
    assert (user.home / "asked").read_text() == "x\n"
    found = keys.keys_found(environ, user.places, NAMES)
    assert [one.origin for one in found] == ["key command, ~/.config/rlm/keys.toml"]
    assert SECRET not in user.places.keys_file.read_text()


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (f"echo {SECRET}; echo {SECRET} >&2; exit 3", "exit code 3"),
        ("true", "no line of text"),
        (f"printf '\\033{SECRET}'", "no line of text"),
    ],
)
def test_a_key_command_that_fails_says_so_and_shows_nothing_of_what_it_printed(
    user: User, text: str, why: str
) -> None:
    keys.store_command(user.places, "keys.toml", "openai", KeyCommand(script(user, text)))
    with pytest.raises(SettingsError) as caught:
        keys.credentials({**user.environ, "PATH": "/usr/bin:/bin"}, user.places, NAMES)
    assert why in caught.value.why
    assert "key command" in caught.value.remedy
    assert SECRET not in f"{caught.value!r} {caught.value}"


def test_a_key_command_that_is_not_there_or_cannot_be_read_is_refused(user: User) -> None:
    keys.store_command(user.places, "keys.toml", "openai", KeyCommand("/nowhere/pass show x"))
    with pytest.raises(SettingsError, match="/nowhere/pass"):
        keys.credentials(user.environ, user.places, NAMES)
    for wrong in ("'open", "   "):
        with pytest.raises(SettingsError):
            keys.store_command(user.places, "keys.toml", "openai", KeyCommand(wrong))


def test_the_keyring_is_asked_by_the_systems_own_program(user: User) -> None:
    keys.store_command(user.places, "keys.toml", "openai", KeyCommand())
    kept = keys.stored_keys(user.places.keys_file, "keys.toml")["openai"]
    assert kept == KeyCommand()
    assert KeyCommand().argv("openai", "linux")[0] == "secret-tool"
    assert KeyCommand().argv("openai", "darwin")[0] == "security"
    bin_folder = user.home / "bin"
    bin_folder.mkdir()
    (bin_folder / "secret-tool").write_text(
        '#!/bin/sh\n[ "$*" = "lookup service rlm provider openai" ] && echo the-key\n'
    )
    (bin_folder / "secret-tool").chmod(0o755)
    environ = {**user.environ, "PATH": f"{bin_folder}:/usr/bin:/bin"}
    if sys.platform == "linux":
        assert keys.credentials(environ, user.places, NAMES)["OPENAI_API_KEY"] == "the-key"


def test_a_project_that_comes_with_a_corpus_cannot_name_a_key_command(user: User) -> None:
    for text in ('[keys]\nopenai = { command = "sh evil" }', 'key_command = "sh evil"'):
        user.finds_in_project(text)
        with pytest.raises(SettingsError, match="unknown setting"):
            user.settings()
    (user.project / "keys.toml").write_text('openai = { command = "sh evil" }')
    assert keys.credentials(user.environ, user.places, NAMES) == user.environ
