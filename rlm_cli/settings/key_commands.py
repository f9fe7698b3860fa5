"""Keys that a command of the user's gives: a password manager, or the system's own keyring.

Owns the running of such a command and the reading of its first line. It comes from the user's own file of
keys alone. What it prints is a secret: it stands in no message, also when the command fails.
"""

from __future__ import annotations

import shlex
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rlm_cli.base.errors import SettingsError

_SECONDS = 60.0
_LONGEST_BYTES = 100_000
_SERVICE = "rlm"


@dataclass(frozen=True)
class KeyCommand:
    """Where a key is to be asked for.

    Shape:   command is split as a shell would, and run without one; empty for the system's keyring.
    """

    command: str = ""

    @property
    def origin(self) -> str:
        """Where the key comes from, for people."""
        return "key command" if self.command else "keyring"

    def argv(self, provider: str, platform: str = sys.platform) -> list[str]:
        """The words of the command.

        Errors:  SettingsError when there are none, or when the system has no keyring that can be asked.
        """
        if self.command:
            try:
                words = shlex.split(self.command)
            except ValueError as error:
                raise SettingsError(f"the key command of {provider} cannot be read", str(error)) from error
            if words:
                return words
            raise SettingsError(f"the key command of {provider} is empty")
        if platform == "darwin":
            return ["security", "find-generic-password", "-s", _SERVICE, "-a", provider, "-w"]
        return ["secret-tool", "lookup", "service", _SERVICE, "provider", provider]

    def key(self, provider: str, environ: Mapping[str, str]) -> str:
        """The key: the first line that the command prints. It may ask the user for a password meanwhile.

        Units:   at most 60 s of wall-clock.
        Errors:  SettingsError when it fails, takes too long, or prints no line of text.
        """
        argv = self.argv(provider)
        what = f"the {self.origin} of {provider} gave no key"
        remedy = f"Try it yourself: {shlex.join(argv)}"
        try:
            done = subprocess.run(
                argv,
                env=dict(environ),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                timeout=_SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise SettingsError(what, f"it took more than {_SECONDS:g} s", remedy) from None
        except OSError as error:
            raise SettingsError(what, f"{argv[0]}: {error.strerror or error}", remedy) from error
        if done.returncode:
            raise SettingsError(what, f"it ended with exit code {done.returncode}", remedy)
        line = done.stdout[:_LONGEST_BYTES].decode("utf-8", "replace").partition("\n")[0].strip()
        if not line or not line.isprintable():
            raise SettingsError(what, "it printed no line of text", remedy)
        return line


def key_command_of(value: Any) -> KeyCommand | None:
    """The command that an entry of the file of keys stands for; None when it is none."""
    match value:
        case {"command": str(command), **rest} if command.strip() and not rest:
            return KeyCommand(command)
        case {"keyring": True, **rest} if not rest:
            return KeyCommand()
    return None


def as_entry(command: KeyCommand) -> str:
    """The entry of the file of keys, as TOML."""
    import json

    return f"{{ command = {json.dumps(command.command)} }}" if command.command else "{ keyring = true }"


def how_to_store(provider: str, platform: str = sys.platform) -> str:
    """The command with which a user puts a key into the system's keyring; it asks for the key."""
    if platform == "darwin":
        return f"security add-generic-password -s {_SERVICE} -a {provider} -w"
    return f"secret-tool store --label='rlm: {provider}' service {_SERVICE} provider {provider}"
