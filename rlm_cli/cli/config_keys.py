"""`rlm config keys`: which keys there are, never what they are."""

from __future__ import annotations

import os
import sys
from typing import Annotated

import typer

from rlm_cli.base.errors import SettingsError, UsageError
from rlm_cli.cli.commands import new_app
from rlm_cli.cli.options import AsJson
from rlm_cli.cli.screen import note, rows, say, say_json
from rlm_cli.runs.from_settings import key_names
from rlm_cli.settings import keys
from rlm_cli.settings.key_commands import KeyCommand, how_to_store
from rlm_cli.settings.locations import Directories, directories, shown

app = new_app("List, keep and forget keys of providers.", is_group=True)

_LONGEST_KEY = 100_000
Provider = Annotated[
    str, typer.Argument(metavar="PROVIDER", help="As in provider/model: openai, anthropic …")
]


@app.command("list")
def list_(as_json: AsJson = False) -> int:
    """List the keys that would be used, and where they are; never their values."""
    found = keys.keys_found(os.environ, directories(os.environ), key_names())
    if as_json:
        say_json(
            [{"provider": one.provider, "variable": one.variable, "origin": one.origin} for one in found]
        )
        return 0
    for line in rows([(one.provider, one.variable, one.origin) for one in found]):
        say(line)
    if not found:
        note("no key was found. Run: rlm config keys set PROVIDER")
    return 0


@app.command("set", context_settings={"allow_extra_args": True})
def set_(
    context: typer.Context,
    provider: Provider,
    command: Annotated[
        str,
        typer.Option("--command", metavar="COMMAND", help="Keep a command that prints the key, not the key."),
    ] = "",
    keyring: Annotated[bool, typer.Option("--keyring", help="Ask the system's keyring for the key.")] = False,
) -> int:
    """Keep a key: it is asked for without echo, or read from stdin; never from the command line."""
    if context.args:
        raise UsageError(
            "a key never stands on the command line",
            "others on this machine can read it there, and your shell keeps it",
            f"rlm config keys set {provider}, and type it when you are asked",
        )
    places = directories(os.environ)
    label = shown(places.keys_file, os.environ)
    keys.require_provider(provider)
    if command or keyring:
        return _keep_command(places, label, provider, KeyCommand("" if keyring else command))
    keys.store_key(places, label, provider, _key_of(provider))
    note(f"the key of {provider} is kept in {label}, for your user alone")
    present = next((name for name in keys.variables_of(provider, key_names()) if os.environ.get(name)), "")
    if present:
        note(f"{present} is set in the environment, and wins over it")
    return 0


@app.command("rm")
def rm(provider: Provider) -> int:
    """Forget a key that is kept in the file."""
    places = directories(os.environ)
    label = shown(places.keys_file, os.environ)
    if not keys.forget_key(places, label, provider):
        raise SettingsError(f"no key of {provider} is kept in {label}", "", "Run: rlm config keys list")
    note(f"the key of {provider} was taken out of {label}")
    return 0


def _keep_command(places: Directories, label: str, provider: str, command: KeyCommand) -> int:
    keys.store_command(places, label, provider, command)
    note(f"the {command.origin} of {provider} is kept in {label}; it is asked when a model needs the key")
    if not command.command:
        note(f"to put the key there: {how_to_store(provider)}")
    return 0


def _key_of(provider: str) -> str:
    if not sys.stdin.isatty():
        return sys.stdin.read(_LONGEST_KEY)
    import getpass

    return getpass.getpass(f"Key of {provider} (not shown): ", stream=sys.stderr)
